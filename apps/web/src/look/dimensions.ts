import { type Box3, Box3Helper, Color, type PerspectiveCamera, Vector3 } from "three";

type Axis = "x" | "y" | "z";
const AXES = ["x", "y", "z"] as const;
/** Pixels between an edge and its label. */
const GAP = 18;

/** The four edges of a box along an axis, by their middles. */
function middlesOf({ min, max }: Box3, axis: Axis): Vector3[] {
  const [a, b] = AXES.filter((each) => each !== axis) as [Axis, Axis];
  return [min, max].flatMap((first) =>
    [min, max].map((second) => {
      const middle = new Vector3().addVectors(min, max).multiplyScalar(0.5);
      middle[a] = first[a];
      middle[b] = second[b];
      return middle;
    }),
  );
}

/** A box around a mesh, with the length of each side written at an edge that can be seen. */
export class Dimensions {
  readonly frame: Box3Helper;
  readonly #box: Box3;
  readonly #labels: readonly HTMLElement[];

  /** `over` lies over the canvas, and is as large. */
  constructor(box: Box3, over: HTMLElement) {
    this.#box = box;
    this.frame = new Box3Helper(box, new Color(0x6366f1));
    this.#labels = AXES.map(() => {
      const label = document.createElement("span");
      label.className = "dimension";
      // The lengths stand in the figures, which are read aloud.
      label.ariaHidden = "true";
      return over.appendChild(label);
    });
    this.say(null);
  }

  /** What stands at the sides along x, y and z; null shows neither them nor the box. */
  say(lengths: readonly string[] | null): void {
    this.frame.visible = lengths !== null;
    for (const [at, label] of this.#labels.entries()) {
      label.hidden = lengths === null;
      label.textContent = lengths?.[at] ?? "";
    }
  }

  /** Puts each label beside the edge that lies outermost: what is in front of it hides nothing. */
  place(camera: PerspectiveCamera, width: number, height: number): void {
    if (!this.frame.visible) return;
    const onScreen = (point: Vector3) => {
      const { x, y } = point.clone().project(camera);
      return { x: (x * width) / 2, y: (-y * height) / 2 };
    };
    for (const [at, axis] of AXES.entries()) {
      const edges = middlesOf(this.#box, axis).map(onScreen);
      // Upright edges outwards to the side, lying ones downwards: two labels never meet there.
      const far = ({ x, y }: { x: number; y: number }) => (axis === "y" ? -x : y);
      const { x, y } = edges.reduce((best, each) => (far(each) > far(best) ? each : best));
      const away = Math.hypot(x, y) || 1;
      const left = width / 2 + x + (x / away) * GAP * (axis === "y" ? 1.6 : 1);
      const top = height / 2 + y + (y / away) * GAP;
      this.#labels[at]!.style.translate =
        `calc(${left.toFixed(1)}px - 50%) calc(${top.toFixed(1)}px - 50%)`;
    }
  }

  dispose(): void {
    this.frame.dispose();
    for (const label of this.#labels) label.remove();
  }
}
