export { type Reference, startReference } from "./server.ts";
