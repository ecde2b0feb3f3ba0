import { parseArgs } from "node:util";

import { ALL_BUGS, USUAL_BUGS } from "./bugs.ts";
import { createStandIn } from "./server.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    workspace: { type: "string" },
    ledger: { type: "string" },
    token: { type: "string" },
    /** `all`, or names with commas between them, or nothing. */
    bugs: { type: "string", default: "all" },
  },
});
const { workspace, ledger, token } = values;
if (!workspace || !ledger) throw new Error("--workspace and --ledger are needed");

const bugs =
  values.bugs === "all"
    ? USUAL_BUGS
    : ALL_BUGS.filter((bug) => values.bugs.split(",").includes(bug));
const server = createStandIn({ bugs: new Set(bugs), workspace, ledger, token });
server.listen(Number(values.port), "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.send?.({ port: address.port });
});

// Started by a test: it must not outlive it.
process.on("disconnect", () => process.exit());
