import { type Figures, figuresOf, PRINT_SIZE_MM, READ_FORMATS, readMesh } from "@modly-runs/mesh";
import { type Format, FORMATS } from "@modly-runs/mesh/formats";

/** What can be told of a mesh that was written. */
export interface WrittenFigures extends Figures {
  /** Width, height and depth in millimetres, of what is printed. */
  printedMm?: [number, number, number];
}

/** Measures a mesh as it came, and the size that it has in the format it was written in; undefined if it can't be read. */
export async function measure(
  bytes: Uint8Array,
  has: string,
  { format, sizeMm }: { format: Format; sizeMm: number | undefined },
): Promise<WrittenFigures | undefined> {
  const from = READ_FORMATS.find((name) => name === has);
  const read = from && (await readMesh(bytes, from));
  if (!read?.ok) return undefined;
  const figures = figuresOf(read.value);
  if (!FORMATS[format].printed) return figures;
  const scale =
    (sizeMm ?? read.value.sizeMm ?? PRINT_SIZE_MM) / Math.max(...figures.size, Number.MIN_VALUE);
  const [x, y, z] = figures.size;
  return { ...figures, printedMm: [x * scale, y * scale, z * scale] };
}

/** The figures in words. */
export function inWords({ triangles, watertight, printedMm }: WrittenFigures): string {
  const size = printedMm?.map((side) => String(Math.round(side * 10) / 10)).join(" x ");
  return [
    size && `${size} mm`,
    `${triangles.toLocaleString("en")} triangles`,
    watertight ? "watertight" : "not watertight",
  ]
    .filter(Boolean)
    .join(", ");
}
