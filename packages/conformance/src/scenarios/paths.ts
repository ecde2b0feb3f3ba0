/** Why an output_url leads out of the workspace, or is no path at all; undefined if it is fine. */
export function strayPath(url: string): boolean {
  let decoded: string;
  try {
    decoded = decodeURIComponent(url);
  } catch {
    return true;
  }
  return (
    // Only what a path may hold as it goes over the wire: RFC 3986, section 3.3.
    !/^\/workspace\/(?:[\w\-.~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})+$/.test(url) ||
    !/^\/workspace\/[^/]/.test(url) ||
    [url, decoded].some((one) => /\\|^[a-z][\w+.-]*:|^\/\/|(?:^|\/)\.\.(?:\/|$)/i.test(one))
  );
}
