import type { WorkflowStatus } from "../contract/lifecycle.ts";
import type { CreateWorkflow, Delivery } from "../contract/workflow.ts";

/** A workflow as it is stored; its steps are those of the flow run of the same id. Times are milliseconds since 1970. */
export interface WorkflowRow {
  readonly id: string;
  /** Whose it is. Empty where nobody asks. */
  readonly tenant: string;
  readonly name: string;
  readonly description: string | null;
  readonly webhookUrl: string | null;
  readonly status: WorkflowStatus;
  /** True when the flow run is where the status says, and nobody has to do anything. */
  readonly settled: boolean;
  /** Rises with each change. */
  readonly revision: number;
  /** The end of the flow run that was resumed: seen again, it is no new end. */
  readonly resumedFrom: number | null;
  readonly errors: readonly string[];
  /** The body of the create, files as addresses of this service. */
  readonly body: CreateWorkflow;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly startedAt: number | null;
  readonly completedAt: number | null;
  readonly deletedAt: number | null;
}

export type WorkflowChange = Partial<
  Pick<
    WorkflowRow,
    | "name"
    | "description"
    | "webhookUrl"
    | "status"
    | "settled"
    | "resumedFrom"
    | "errors"
    | "startedAt"
    | "completedAt"
    | "deletedAt"
  >
>;

/** What a list is narrowed by. */
export interface Filter {
  readonly tenant?: string | undefined;
  readonly status?: WorkflowStatus | undefined;
  readonly originInstance?: string | undefined;
  readonly originTenantId?: string | undefined;
  readonly includeDeleted: boolean;
  readonly skip: number;
  readonly limit: number;
}

/** A webhook to be sent. `id` is what its receiver tells a repetition by. */
export interface Webhook {
  readonly id: string;
  readonly workflowId: string;
  readonly type: string;
  readonly url: string;
  readonly payload: string;
  readonly createdAt: number;
}

/** One that is due, and how often it was tried. */
export interface DueWebhook extends Webhook {
  readonly attempts: number;
}

/** What came of a try: delivered, another time, or never. */
export type Sent =
  | { readonly status: "delivered"; readonly answered: number }
  | {
      readonly status: "pending" | "failed";
      readonly answered: number | null;
      readonly error: string;
      readonly nextAt: number | null;
    };

/** What a create is known by when it is sent again. */
export interface Idempotency {
  readonly key: string;
  /** The same for the same create. */
  readonly digest: string;
}

/** The workflow that a tenant's create made before under the same key. */
export interface Earlier {
  readonly id: string;
  readonly digest: string;
}

/**
 * Workflows, and the webhooks that tell of them. The rows are the only truth. Any adapter must pass
 * `workflow-store.contract.ts`.
 */
export interface WorkflowStore {
  /** Gives the one that has the tenant's key already, if there is one; then nothing is stored. */
  create(
    row: WorkflowRow,
    webhooks?: readonly Webhook[],
    idempotency?: Idempotency,
  ): Promise<Earlier | undefined>;
  earlier(tenant: string, key: string): Promise<Earlier | undefined>;
  get(id: string): Promise<WorkflowRow | undefined>;
  list(filter: Filter): Promise<{ rows: WorkflowRow[]; total: number }>;
  /** Changes a row that nobody has changed since; undefined if somebody has. The webhooks are stored with it. */
  change(
    was: Pick<WorkflowRow, "id" | "revision">,
    change: WorkflowChange,
    webhooks?: readonly Webhook[],
  ): Promise<WorkflowRow | undefined>;
  /** Those that somebody has to do something for, the oldest first. */
  unsettled(): Promise<Pick<WorkflowRow, "id" | "status">[]>;
  /** Workflows that are running or wait for their turn. */
  running(): Promise<number>;
  /** Stores webhooks that are not known yet. */
  add(webhooks: readonly Webhook[]): Promise<void>;
  /**
   * Those to be sent now, and the time when the next one will be. Where several processes send, each is given to one of
   * them, and to another one when nothing was heard of it for half a minute.
   *
   * @param besides what this process is at
   */
  due(
    now: number,
    most: number,
    besides: readonly string[],
  ): Promise<{ due: DueWebhook[]; nextAt: number | null }>;
  /** What came of a try. One that is over already is left as it is. */
  sent(id: string, sent: Sent): Promise<void>;
  /** What came of a workflow's webhooks, the first first. */
  deliveries(workflowId: string): Promise<Delivery[]>;
  close(): Promise<void>;
}
