/** Read by anybody, token or not: whether the server is there, and pages, which hold no data. */
const OPEN = /^\/(?:health|icon\.svg|assets\/[^/]+|docs|docs\/[^/]+|openapi\.json)?$/;

/** True for what a browser has to load before it can ask its user for the token. */
export function isOpenPath(method: string, path: string): boolean {
  return method === "OPTIONS" || ((method === "GET" || method === "HEAD") && OPEN.test(path));
}
