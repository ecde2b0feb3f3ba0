import path from "node:path";

/** Where a data directory has what. */
export const placesIn = (dataDir: string) => ({
  lock: path.join(dataDir, "lock.db"),
  workflows: path.join(dataDir, "workflows.db"),
  flows: path.join(dataDir, "flows.db"),
  objects: path.join(dataDir, "objects"),
});
