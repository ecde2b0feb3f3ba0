import { isFile } from "../../plan/value.ts";
import { type DoStep, failed, made, number, text } from "../step.ts";

/** Bytes of an answer that are kept. */
const MOST_ANSWER = 64 * 1024;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  webp: "image/webp",
  glb: "model/gltf-binary",
  stl: "model/stl",
  obj: "model/obj",
  "3mf": "model/3mf",
};

/** Sends a file. A try that may have been begun before has the same Idempotency-Key, so that the other can tell. */
export const http: DoStep = async ({ params, inputs, read, idempotencyKey, signal, world }) => {
  const {
    url,
    method,
    token_env: variable,
  } = params as { url: string; method: string; token_env?: string };
  const token = variable === undefined ? undefined : world.env(variable);
  if (variable !== undefined && !token)
    return failed(`The variable ${variable}, which holds the token, is not set.`, true);
  const [file] = inputs["file"]!;
  const format = file && isFile(file) ? file.format : "";
  const name = file && isFile(file) ? `${file.name ?? "file"}.${format}` : "file";
  try {
    const response = await fetch(url, {
      method,
      headers: {
        "content-type": MEDIA_TYPES[format] ?? "application/octet-stream",
        "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
        "idempotency-key": idempotencyKey,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: new Uint8Array(await read(file)),
      signal,
    });
    const body = await beginningOf(response);
    if (response.ok) return made({ status: number(response.status), body: text(body) });
    const passing = response.status === 408 || response.status === 429 || response.status >= 500;
    return failed(`${url} answered ${response.status}.`, !passing);
  } catch (cause) {
    const { message } = ((cause as Error).cause ?? cause) as Error;
    return failed(`${url} can't be reached: ${message}.`, false);
  }
};

async function beginningOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk as Uint8Array);
    size += (chunk as Uint8Array).length;
    if (size >= MOST_ANSWER) break;
  }
  return Buffer.concat(chunks).subarray(0, MOST_ANSWER).toString("utf8");
}
