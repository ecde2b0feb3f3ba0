import { createLocalQueue } from "../../src/queues/local.ts";
import { describeRunQueue } from "./run-queue.contract.ts";

describeRunQueue("one process", async () => createLocalQueue());
