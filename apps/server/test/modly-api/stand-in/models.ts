/** What a model of the stand-in does with a picture. Nothing here looks at pixels. */
interface StandInModel {
  readonly name: string;
  readonly steps: number;
  readonly stepMs: number;
  readonly end: "mesh" | "error" | "no-file";
  /** Whether the file's name tells the picture's SHA-256. */
  readonly fingerprint?: true;
}

export const MODELS = {
  "stand-in/fast": { name: "Fast", steps: 3, stepMs: 30, end: "mesh" },
  "stand-in/long": { name: "Long", steps: 100, stepMs: 60, end: "mesh" },
  "stand-in/fail": { name: "Fail", steps: 2, stepMs: 30, end: "error" },
  "stand-in/fingerprint": {
    name: "Fingerprint",
    steps: 3,
    stepMs: 40,
    end: "mesh",
    fingerprint: true,
  },
  "stand-in/no-file": { name: "Says done, has no file", steps: 1, stepMs: 20, end: "no-file" },
} as const satisfies Record<string, StandInModel>;

export type ModelId = keyof typeof MODELS;

export function modelOf(id: ModelId): StandInModel {
  return MODELS[id];
}

export function isModelId(id: string): id is ModelId {
  return Object.hasOwn(MODELS, id);
}

/** Every model can be told how long to take and how to end; as in real extensions, one number is text. */
export const PARAMS = [
  { id: "steps", label: "Steps", type: "int", default: null, min: 1, max: 10_000 },
  { id: "step_ms", label: "Step", type: "int", default: null, min: 1, max: 10_000 },
  {
    id: "end",
    label: "End",
    type: "select",
    default: "",
    options: ["", "mesh", "error"].map((value) => ({ value, label: value || "as the model does" })),
  },
  { id: "strength", label: "Strength", type: "float", default: "5.0", min: "0", max: "10" },
] as const;
