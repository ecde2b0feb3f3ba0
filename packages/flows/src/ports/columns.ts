// What any adapter that speaks SQL writes into its columns, and reads from them.
import type { FlowStatus, StepState } from "../engine/engine.ts";
import type { Plan } from "../plan/plan.ts";
import { isFile } from "../plan/value.ts";
import type { Outputs, StepRow } from "./flow-store.ts";

/** A flow run as a table has it. */
export interface StoredRun {
  id: string;
  name: string;
  definition: string;
  plan: string;
  status: FlowStatus;
  created_at: number;
  ended_at: number | null;
}

export const summaryOf = ({ id, name, status, created_at, ended_at }: StoredRun) => ({
  id,
  name,
  status,
  createdAt: created_at,
  endedAt: ended_at,
});

/** A step as a table has it. */
export interface StoredStep {
  step: string;
  state: string;
  mark: string;
  outputs: string | null;
  error: string | null;
  run_id: string | null;
  reused: StepRow["reused"];
  seconds: number | null;
  started_at: number | null;
  ended_at: number | null;
}

export const stepRowOf = (row: StoredStep): StepRow => ({
  step: row.step,
  state: JSON.parse(row.state) as StepState,
  mark: row.mark,
  outputs: row.outputs === null ? null : (JSON.parse(row.outputs) as Outputs),
  error: row.error,
  runId: row.run_id,
  reused: row.reused,
  seconds: row.seconds,
  startedAt: row.started_at,
  endedAt: row.ended_at,
});

/** In the order flow_run, step, status, state, mark, outputs, error, run_id, reused, seconds, started_at, ended_at. */
export const stepValues = (flowRun: string, row: StepRow) => [
  flowRun,
  row.step,
  row.state.status,
  JSON.stringify(row.state),
  row.mark,
  row.outputs && JSON.stringify(row.outputs),
  row.error,
  row.runId,
  row.reused,
  row.seconds,
  row.startedAt,
  row.endedAt,
];

/** The contents that a plan was given, by their SHA-256. */
export function contentsOf({ steps, outputs }: Plan): string[] {
  const sources = [
    ...steps.flatMap(({ inputs }) => Object.values(inputs).flat()),
    ...outputs.map(({ source }) => source),
  ];
  const contents = sources.flatMap((source) =>
    "value" in source && isFile(source.value) ? [source.value.sha256] : [],
  );
  return [...new Set(contents)];
}
