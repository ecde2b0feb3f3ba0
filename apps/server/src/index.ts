export { CannotStart } from "./cannot-start.ts";
export { type Config, readConfig } from "./config.ts";
export { type RunningServer, startServer } from "./server.ts";
