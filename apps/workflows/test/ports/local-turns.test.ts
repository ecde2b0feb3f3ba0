import { createLocalTurns } from "../../src/turns/local.ts";
import { describeTurnQueue } from "./turn-queue.contract.ts";

describeTurnQueue("a process", async () => ({
  node: async () => createLocalTurns(2),
  remove: async () => {},
}));
