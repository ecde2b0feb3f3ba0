import { isFile } from "../../plan/value.ts";
import { OutOfReach, send } from "../../outbound/send.ts";
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
  } = params as { url: string; method: "POST" | "PUT"; token_env?: string };
  const token = variable === undefined ? undefined : world.env(variable);
  if (variable !== undefined && !token)
    return failed(`The variable ${variable}, which holds the token, is not set.`, true);
  const [file] = inputs["file"]!;
  const format = file && isFile(file) ? file.format : "";
  const name = file && isFile(file) ? `${file.name ?? "file"}.${format}` : "file";
  const bytes = await read(file);
  try {
    const { status, body } = await send(url, {
      method,
      headers: {
        "content-type": MEDIA_TYPES[format] ?? "application/octet-stream",
        "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
        "idempotency-key": idempotencyKey,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: bytes,
      reach: world.reach,
      most: MOST_ANSWER,
      signal,
    });
    if (status >= 200 && status < 300)
      return made({ status: number(status), body: text(body.toString("utf8")) });
    const passing = status === 408 || status === 429 || status >= 500;
    return failed(`${url} answered ${status}.`, !passing);
  } catch (cause) {
    const { message } = cause as Error;
    return failed(`${url} can't be reached: ${message}.`, cause instanceof OutOfReach);
  }
};
