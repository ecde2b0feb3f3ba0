import type { Part } from "../wire/multipart.ts";
import type { WireRequest } from "../wire/exchange.ts";

const quote = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
const short = (text: string) =>
  text.length <= 160 ? text : `${text.slice(0, 120)}... (${text.length} characters)`;

/** How curl is told to send a part; the picture is one of your own. */
function formOf(part: Part): string {
  if (part.filename === undefined && part.disposition === undefined) {
    return `-F ${quote(short(`${part.name}=${part.content.toString()}`))}`;
  }
  const type = part.type === undefined ? "" : `;type=${part.type}`;
  return `-F ${quote(`${part.name}=@${short(part.filename ?? "picture.png")}${type}`)}`;
}

/**
 * A curl command that sends a request again, as nearly as curl can. Secrets of the target are left out.
 * `spelled`: the form is spelled as curl would not, so its body has to come from a file.
 */
export function curlOf(
  baseUrl: string,
  request: WireRequest,
  parts?: readonly Part[],
  spelled = false,
): string {
  const url = quote(short(baseUrl.replace(/\/+$/, "") + request.path));
  const method = request.method === "HEAD" ? "--head" : `-X ${request.method}`;
  const headers = Object.entries(request.headers ?? {})
    .filter(([name]) => parts === undefined || spelled || name !== "Content-Type")
    .map(([name, value]) => `-H ${quote(short(`${name}: ${value}`))}`);
  const body = spelled
    ? ["--data-binary @form.body"]
    : parts
      ? parts.map(formOf)
      : request.body !== undefined && request.body.length > 0
        ? [`--data-binary ${quote(short(request.body.toString("latin1")))}`]
        : [];
  const where = spelled ? ["# --artifacts FOLDER writes the body and a script that sends it"] : [];
  return ["curl -i --path-as-is", method, ...headers, ...body, url, ...where].join(" ");
}
