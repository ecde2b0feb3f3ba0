import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const PROGRAM = process.env["PRUSA_SLICER"] ?? "prusa-slicer";

/** The height of a layer, mm. */
export const LAYER = 0.3;

/** What a slicer makes of a file that is printed. */
export interface Sliced {
  /** What it found wrong, in its words; empty for a part that it prints as it is. */
  readonly complaints: readonly string[];
  /** Of the highest layer's upper side, mm. */
  readonly high: number;
  /** What the part encloses, mm³. */
  readonly volume: number;
  /** What is printed where it is filled, mm³. */
  readonly plastic: number;
}

/** Whether PrusaSlicer is installed here. */
export function hasSlicer(): boolean {
  try {
    return /PrusaSlicer/.test(run("--help"));
  } catch {
    return false;
  }
}

/** What a slicer says of a mesh in an STL or a 3MF before it slices it. */
export function inspected(file: string): Pick<Sliced, "complaints" | "volume"> {
  const said = run("--info", file);
  const numbers = (name: string): number[] =>
    [...said.matchAll(new RegExp(`^${name} *= *(\\S+)`, "gm"))].map(([, value]) => Number(value));
  const bad = [...said.matchAll(/^(?:manifold = no|open_edges = .*|degenerate_facets = .*)/gm)];
  return {
    complaints: bad.map(([line]) => line),
    volume: numbers("volume").reduce((sum, one) => sum + one, 0),
  };
}

/** Slices a part that is filled and has no supports. */
export function sliced(file: string): Sliced {
  const code = `${file}.gcode`;
  const { complaints, volume } = inspected(file);
  const said = run(
    ...["--export-gcode", "--output", code, "--skirts", "0", "--layer-height", `${LAYER}`],
    ...[
      "--first-layer-height",
      `${LAYER}`,
      "--fill-density",
      "100%",
      "--fill-pattern",
      "rectilinear",
    ],
    file,
  );
  const layers = readFileSync(code, "utf8");
  const heights = [...layers.matchAll(/^;Z:(\S+)/gm)].map(([, z]) => Number(z));
  const used = /^; filament used \[cm3\] = (\S+)/m.exec(layers)?.[1];
  return {
    complaints: [...complaints, ...said.split("\n").filter((line) => /warning|error/i.test(line))],
    high: heights.reduce((a, b) => Math.max(a, b), 0),
    volume,
    plastic: Number(used) * 1000,
  };
}

function run(...args: string[]): string {
  // It says what is wrong on either stream, and ends with 1 where nothing can be printed.
  return execFileSync(
    "sh",
    ["-c", `"$0" "$@" 2>&1 || echo "error: it ended with $?"`, PROGRAM, ...args],
    {
      encoding: "utf8",
      timeout: 120_000,
    },
  );
}
