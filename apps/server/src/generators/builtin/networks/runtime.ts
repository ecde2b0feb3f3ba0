import { createRequire } from "node:module";
import { join } from "node:path";

/** What installs the runtime for ONNX files; nothing of it comes with this package. */
export const INSTALL = "npm install onnxruntime-node@1.30.0";

/** The part of onnxruntime-node that is used here. */
export interface Runtime {
  readonly InferenceSession: {
    create(file: string, options: Readonly<Record<string, unknown>>): Promise<Session>;
  };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => Tensor;
}

export interface Tensor {
  readonly type: string;
  readonly data: ArrayLike<number>;
  readonly dims: readonly number[];
}

export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Dimensions that a file leaves open are names. */
  readonly inputMetadata?: readonly { readonly shape?: readonly (number | string)[] }[];
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
}

/** Where the runtime is installed: beside this package, where the server was started, or where NODE_PATH says. */
export function findRuntime(): string | undefined {
  for (const from of [import.meta.url, join(process.cwd(), "from.js")]) {
    try {
      return createRequire(from).resolve("onnxruntime-node");
    } catch {
      // Not here.
    }
  }
  return undefined;
}

/** Loads what {@link findRuntime} found: native code, so only a child does that. Throws what its loader throws. */
export function loadRuntime(path: string): Runtime {
  return createRequire(import.meta.url)(path) as Runtime;
}
