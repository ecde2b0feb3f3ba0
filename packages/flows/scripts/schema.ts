import { zodToJsonSchema } from "zod-to-json-schema";

import { Definition } from "../src/index.ts";

/** The definition as JSON Schema, for editors: completion, and the first mistakes while typing. */
export function flowSchema(): string {
  const schema = zodToJsonSchema(Definition, { $refStrategy: "root", target: "jsonSchema7" });
  return `${JSON.stringify({ ...schema, title: "A flow of modly-runs" }, null, 2)}\n`;
}
