import { collect, PRESETS, type RunOptions, type Verdict } from "@modly-runs/conformance";

import type { ServiceUrls } from "../support/services/index.ts";
import { type ClusterOptions, makeCluster } from "./cluster.ts";
import { openRoundRobin } from "./round-robin.ts";

const ROLES = ["api", "api", "worker", "worker", "worker"] as const;

/** Holds API nodes that take requests in turn against the contract. */
export async function checkInTurn(
  nodes: readonly { readonly url: string }[],
  options: RunOptions,
): Promise<readonly Verdict[]> {
  const door = await openRoundRobin(() => nodes.map(({ url }) => url));
  try {
    const target = { ...PRESETS["modly-runs"], base_url: door.url };
    return (await collect(target, options)).verdicts;
  } finally {
    await door.close();
  }
}

/** The same for a whole cluster of two API nodes and three workers, which is there for nothing else. */
export async function checkCluster(
  services: Pick<ServiceUrls, "database" | "queue">,
  cluster: ClusterOptions,
): Promise<readonly Verdict[]> {
  const { start, remove } = await makeCluster(services, cluster);
  try {
    const nodes = await Promise.all(ROLES.map((role) => start(role)));
    return await checkInTurn(nodes.slice(0, 2), {});
  } finally {
    await remove();
  }
}

/** Those that keep it from being clean. */
export function unmet(verdicts: readonly Verdict[]): readonly Verdict[] {
  return verdicts.filter(({ status }) => !["pass", "note", "n/a"].includes(status));
}
