/** The shapes of the contract as JSON Schema, for whoever judges raw JSON. */
export { jsonSchemas } from "./generated.ts";
