import type { FlowStore, Memory } from "@modly-runs/flows/ports";

import { type Connection, connect, type Place } from "./postgres/connection.ts";
import { createPostgresFlows } from "./postgres/flows.ts";
import { migrate } from "./postgres/layout.ts";
import { createPostgresWorkflows } from "./postgres/workflows.ts";
import type { WorkflowStore } from "./workflow-store.ts";

/** Connections of a node, and of each of its processes of steps. */
const MOST = 8;
const MOST_OF_HAND = 4;

/** A database that several services share. */
export interface SharedStore {
  readonly flows: FlowStore & Memory;
  readonly store: WorkflowStore;
  readonly place: Place;
  /** Tells this database from others, so that its files are not taken for another's. */
  readonly id: string;
}

/**
 * Opens the stores that many services share, in a schema of their own (`?schema=` in the address, `modly_workflows`
 * otherwise), and makes it where it is not there.
 *
 * @param onNew is called with the id by the one that makes it, before any other sees it
 * @throws Error when the database can't be reached, or holds a layout this version can't work with
 */
export async function openPostgres(
  address: string,
  onNew: (id: string) => void = () => {},
): Promise<SharedStore> {
  const connection = connect(address, MOST);
  try {
    const id = await migrate(connection, onNew);
    return {
      flows: createPostgresFlows(connection),
      store: createPostgresWorkflows(connection),
      place: connection,
      id,
    };
  } catch (cause) {
    await connection.close();
    throw cause;
  }
}

/** The flow runs alone, for a process that does steps. */
export function openPostgresFlows(address: string): FlowStore & Memory & Pick<Connection, "close"> {
  const connection = connect(address, MOST_OF_HAND);
  return { ...createPostgresFlows(connection), close: connection.close };
}
