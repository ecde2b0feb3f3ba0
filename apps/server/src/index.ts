export { type Config, readConfig } from "./config.ts";
export { CannotStart, type RunningServer, startServer } from "./server.ts";
