export {
  type CallOptions,
  type Client,
  type ClientOptions,
  createClient,
  type Created,
  type CreateOptions,
  type ExportOptions,
} from "./client.ts";
export type { Image } from "./image.ts";
export type { ListedModel, ModelParam } from "./models.ts";
export {
  fail,
  type Failure,
  type FailureCode,
  FAILURES,
  isPassing,
  type Outcome,
  succeed,
} from "./outcome.ts";
export type { WatchOptions } from "./watch.ts";
export type { Finished, RunOptions } from "./whole-run.ts";
