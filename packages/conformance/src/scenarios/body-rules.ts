import {
  isAddressOf,
  isRunStatus,
  RUN_STATUSES,
  type RunStatus,
  WORKSPACE_PREFIX,
} from "@modly-runs/contract";
import { jsonSchemas } from "@modly-runs/contract/json-schema";
import { Ajv2020 } from "ajv/dist/2020.js";

import type { CheckId } from "../requirements/index.ts";

const validRun = new Ajv2020({ strict: false, allErrors: true }).compile(jsonSchemas.Run);

type Body = Readonly<Record<string, unknown>>;

/** A rule about one body of a read; `when` says of which status, or of all. */
export type BodyRule = {
  readonly id: CheckId;
  readonly when?: RunStatus;
  readonly expected: string;
  readonly keeps: (body: Body, pathId: string) => boolean;
  /** The keys that the rule looks at: a report shows what they were. */
  readonly keys?: readonly string[];
};

/** What the schema says of a body, key by key. */
function schemaFaults(body: Body): string {
  const missing = SEVEN.filter((key) => !Object.hasOwn(body, key)).map(
    (key) => `${key} is missing`,
  );
  if (missing.length > 0) return missing.join(", ");
  if (validRun(body)) return "";
  // The schema is a union over status: only the branch of this body's own status says anything of it.
  const errors = (validRun.errors ?? []).map(({ instancePath, schemaPath, message, params }) => ({
    key: instancePath.slice(1).replaceAll("/", "."),
    branch: /^#\/anyOf\/(\d+)\//.exec(schemaPath)?.[1],
    message:
      "allowedValue" in params ? `must be ${JSON.stringify(params["allowedValue"])}` : message,
  }));
  const others = new Set(errors.flatMap(({ key, branch }) => (key === "status" ? [branch] : [])));
  const own = errors.filter(({ branch }) => branch !== undefined && !others.has(branch));
  const sentences = own.map(({ key, message = "" }) => `${key || "the body"} ${message}`);
  return sentences.length > 0
    ? [...new Set(sentences)].join(", ")
    : `status must be one of ${RUN_STATUSES.join(", ")}`;
}

/** What a body has at the places that a rule looks at. */
export function placeOf({ id, keys = SEVEN }: BodyRule, body: Body, pathId: string): string {
  const further = Object.keys(body).filter((key) => !SEVEN.includes(key));
  const shown = (id === "GET-28" ? further : keys).map((key) => {
    const value = Object.hasOwn(body, key) ? JSON.stringify(body[key]) : "missing";
    return `${key}: ${value.length > 160 ? `${value.slice(0, 160)}...` : value}`;
  });
  const faults = id === "GET-01" ? schemaFaults(body) : "";
  const path = id === "GET-02" ? `, read at /workflow-runs/${pathId}` : "";
  return `${faults === "" ? "" : `${faults}; `}${shown.join(", ")}${path}`;
}

const nothing = (body: Body, ...keys: string[]) => keys.every((key) => body[key] === null);
const SEVEN = ["run_id", "status", "progress", "step", "output_url", "error", "scene_candidate"];

/** The rules, in the order of the reports. */
export const BODY_RULES: readonly BodyRule[] = [
  {
    id: "GET-01",
    expected: "a body valid against the schema Run",
    keeps: (body) => validRun(body),
  },
  {
    id: "GET-02",
    keys: ["run_id"],
    expected: "run_id is the id in the path",
    keeps: (body, id) => body["run_id"] === id,
  },
  {
    id: "GET-03",
    keys: ["status"],
    expected: "one of the five status words",
    keeps: (body) => isRunStatus(body["status"]),
  },
  {
    id: "GET-04",
    keys: ["status", "progress"],
    expected: "progress is an integer 0..100",
    keeps: ({ progress }) =>
      typeof progress === "number" &&
      Number.isInteger(progress) &&
      progress >= 0 &&
      progress <= 100,
  },
  {
    id: "GET-05",
    keys: ["status", "output_url", "error", "scene_candidate"],
    when: "pending",
    expected: "null output_url, error, scene_candidate",
    keeps: (body) => nothing(body, "output_url", "error", "scene_candidate"),
  },
  {
    id: "GET-06",
    keys: ["status", "progress"],
    when: "pending",
    expected: "progress 0",
    keeps: (body) => body["progress"] === 0,
  },
  {
    id: "GET-07",
    keys: ["status", "output_url", "error", "scene_candidate"],
    when: "running",
    expected: "null output_url, error, scene_candidate",
    keeps: (body) => nothing(body, "output_url", "error", "scene_candidate"),
  },
  {
    id: "GET-08",
    keys: ["status", "output_url", "error"],
    when: "done",
    expected: `output_url begins with ${WORKSPACE_PREFIX}, error null`,
    keeps: (body) =>
      String(body["output_url"]).startsWith(WORKSPACE_PREFIX) && body["error"] === null,
  },
  {
    id: "GET-09",
    keys: ["status", "progress"],
    when: "done",
    expected: "progress 100",
    keeps: (body) => body["progress"] === 100,
  },
  {
    id: "GET-10",
    keys: ["status", "progress"],
    expected: "status done when progress is 100",
    keeps: (body) => body["progress"] !== 100 || body["status"] === "done",
  },
  {
    id: "GET-11",
    keys: ["status", "scene_candidate"],
    expected: "scene_candidate non-null exactly when done",
    keeps: (body) =>
      (body["scene_candidate"] !== null && body["scene_candidate"] !== undefined) ===
      (body["status"] === "done"),
  },
  {
    id: "GET-12",
    keys: ["output_url", "scene_candidate"],
    when: "done",
    expected: "output_url is /workspace/ and workspace_path, percent-encoded",
    keeps: ({ output_url, scene_candidate }) => {
      const path = (scene_candidate as { workspace_path?: string } | null | undefined)
        ?.workspace_path;
      // Where one of the two is missing, GET-08 and GET-11 say so.
      return (
        path === undefined ||
        typeof output_url !== "string" ||
        isAddressOf(output_url, `${WORKSPACE_PREFIX}${path}`) ||
        // An absolute address is OUT-11's and GET-08's.
        output_url.endsWith(`${WORKSPACE_PREFIX}${path}`)
      );
    },
  },
  {
    id: "GET-13",
    keys: ["status", "error", "output_url", "scene_candidate"],
    when: "error",
    expected: "a non-empty error, null output_url and scene_candidate",
    keeps: (body) =>
      typeof body["error"] === "string" &&
      body["error"] !== "" &&
      nothing(body, "output_url", "scene_candidate"),
  },
  {
    id: "GET-14",
    keys: ["status", "output_url", "scene_candidate"],
    when: "cancelled",
    expected: "null output_url and scene_candidate",
    keeps: (body) => nothing(body, "output_url", "scene_candidate"),
  },
  {
    id: "GET-15",
    keys: ["status", "error"],
    when: "cancelled",
    expected: "error null",
    keeps: (body) => body["error"] === null,
  },
  {
    id: "GET-16",
    keys: ["step"],
    expected: "step null or 1..500 characters",
    keeps: ({ step }) =>
      step === null ||
      step === undefined ||
      (typeof step === "string" && step.length > 0 && step.length <= 500),
  },
  {
    id: "GET-28",
    expected: "only the seven keys",
    keeps: (body) => Object.keys(body).every((key) => SEVEN.includes(key)),
  },
];
