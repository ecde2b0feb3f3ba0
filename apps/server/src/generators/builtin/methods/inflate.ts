import { frame, insideOf, MARGIN, outlineDiagonal } from "../picture/outline.ts";
import { solvePoisson } from "../surface/poisson.ts";
import { blur, type Field } from "../picture/raster.ts";
import { evenNormals, smoothNormals, type Mesh } from "../surface/mesh.ts";
import { closeShell } from "../surface/shell.ts";

/** The back is flatter than the front, as things that lie are; both together make a disc nearly a ball. */
const BACK = 0.7;
/** Least height in cells: keeps front and back apart. */
const THINNEST = 0.05;
/** Holds wide parts down: a disc as wide as the grid loses a sixth of its depth, a thin part nothing. */
const DAMPING = 3;

/**
 * Puffs up an outline: its height is √u with ∇²u = -4 inside and u = 0 on it, which makes half a ball of a disc.
 *
 * @param coverage the foreground, 0..1, on a grid of square cells; somewhere over one half
 * @param lightness 0..1 on the same grid
 * @returns a closed mesh, in cells
 */
export function inflate(
  coverage: Field,
  lightness: Field,
  { depth, detail }: { readonly depth: number; readonly detail: number },
): Mesh {
  const outline = frame(coverage);
  const { width, height } = outline;
  const inside = insideOf(outline);
  const { value } = solvePoisson({
    width,
    height,
    inside,
    diagonal: outlineDiagonal(outline, inside),
    damping: (DAMPING / Math.max(width, height)) ** 2,
    source: 4,
  });
  const relief = ripples(lightness);
  const front = new Float32Array(value.length);
  const back = new Float32Array(value.length);
  for (let cell = 0; cell < value.length; cell++) {
    if (inside[cell] === 0) continue;
    const x = (cell % width) - MARGIN;
    const y = Math.floor(cell / width) - MARGIN;
    const round = depth * Math.sqrt(value[cell]!);
    front[cell] = Math.max(THINNEST, round * (1 + detail * relief.data[y * relief.width + x]!));
    back[cell] = Math.max(THINNEST, round * BACK);
  }
  const { positions, indices } = closeShell(outline, front, back);
  const uvs = new Float32Array((positions.length / 3) * 2);
  for (let p = 0, o = 0; p < positions.length; p += 3, o += 2) {
    uvs[o] = clamp((positions[p]! - MARGIN + 0.5) / coverage.width);
    uvs[o + 1] = clamp((positions[p + 1]! - MARGIN + 0.5) / coverage.height);
    positions[p + 1] = -positions[p + 1]!;
  }
  const normals = evenNormals(smoothNormals(positions, indices), indices);
  return { positions, normals, uvs, indices };
}

/** What is lighter or darker than its surroundings, -1..1: the picture's detail without its shading. */
function ripples(lightness: Field): Field {
  const near = blur(lightness, 1, 1);
  const far = blur(
    lightness,
    Math.max(2, Math.round(Math.max(lightness.width, lightness.height) / 64)),
    2,
  );
  return {
    width: lightness.width,
    height: lightness.height,
    data: near.data.map((value, i) => Math.max(-1, Math.min(1, (value - far.data[i]!) * 3))),
  };
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
