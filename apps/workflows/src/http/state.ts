import { createHash } from "node:crypto";

import type { Workflow } from "../contract/workflow.ts";

/** A workflow as it goes over the wire, and what tells this state from another. */
export interface State {
  readonly text: string;
  readonly mark: string;
}

/** The same for the same state, in an `ETag` and as the id of an event. */
export function stateOf(workflow: Workflow): State {
  const text = JSON.stringify(workflow);
  return { text, mark: createHash("sha256").update(text).digest("base64url").slice(0, 22) };
}
