import { buildJsonSchemas } from "./json-schemas.ts";
import { buildOpenApi } from "./openapi.ts";

const pretty = (value: unknown) => JSON.stringify(value, null, 2);

/** Each generated file and what belongs in it. */
export const GENERATED: readonly (readonly [URL, () => string])[] = [
  [
    new URL("../src/json-schema/generated.ts", import.meta.url),
    () =>
      `// Generated from the zod schemas by \`pnpm generate\`. Do not edit.\n` +
      `export const jsonSchemas = ${pretty(buildJsonSchemas())} as const;\n`,
  ],
  [new URL("../openapi.json", import.meta.url), () => pretty(buildOpenApi()) + "\n"],
];
