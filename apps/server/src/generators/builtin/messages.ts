import type { Job, Made } from "./make.ts";

/** From the server to a child: one job at a time. */
export type ToChild = { readonly type: "job"; readonly job: Job };

/** From a child to the server. */
export type FromChild =
  | { readonly type: "ready" }
  | { readonly type: "progress"; readonly percent: number; readonly step: string }
  | { readonly type: "made"; readonly made: Made }
  /** A bug: what was thrown, with its stack, for the log alone. */
  | { readonly type: "fault"; readonly message: string };
