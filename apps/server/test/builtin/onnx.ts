/** A tiny ONNX file: out = sigmoid or not of (weights · (red, green, blue) + bias), pixel by pixel. */
export function tinyModel(options: {
  readonly side: number;
  readonly weights: readonly [number, number, number];
  readonly bias: number;
  readonly sigmoid: boolean;
}): Uint8Array {
  const { side, weights, bias, sigmoid } = options;
  const attribute = (name: string, values: readonly number[]): number[] => [
    ...text(1, name),
    ...values.flatMap((value) => number(8, value)),
    ...number(20, INTS),
  ];
  const graph = [
    ...within(
      1,
      node("Conv", ["picture", "weights", "bias"], sigmoid ? "sum" : "seen", [
        attribute("kernel_shape", [1, 1]),
      ]),
    ),
    ...(sigmoid ? within(1, node("Sigmoid", ["sum"], "seen")) : []),
    ...text(2, "tiny"),
    ...within(5, tensor("weights", [1, 3, 1, 1], weights)),
    ...within(5, tensor("bias", [1], [bias])),
    ...within(11, value("picture", [1, 3, side, side])),
    ...within(12, value("seen", [1, 1, side, side])),
  ];
  return fileOf(graph);
}

/** A small ONNX file that computes long: a square of the picture's mean, multiplied by itself `times` times. */
export function slowModel({ side, times }: { side: number; times: number }): Uint8Array {
  const graph = [
    ...within(1, node("ReduceMean", ["picture"], "mean")),
    ...within(1, node("Expand", ["mean", "shape"], "product0")),
    ...Array.from({ length: times }, (_, k) =>
      within(1, node("MatMul", [`product${k}`, "product0"], `product${k + 1}`)),
    ).flat(),
    ...text(2, "slow"),
    ...within(5, integers("shape", [1, 1, side, side])),
    ...within(11, value("picture", [1, 3, 32, 32])),
    ...within(12, value(`product${times}`, [1, 1, side, side])),
  ];
  return fileOf(graph);
}

/** Of version 8, with the operators of version 13. */
function fileOf(graph: readonly number[]): Uint8Array {
  return Uint8Array.from([...number(1, 8), ...within(8, number(2, 13)), ...within(7, graph)]);
}

function node(
  operation: string,
  inputs: readonly string[],
  output: string,
  attributes: number[][] = [],
): number[] {
  return [
    ...inputs.flatMap((name) => text(1, name)),
    ...text(2, output),
    ...text(4, operation),
    ...attributes.flatMap((one) => within(5, one)),
  ];
}

// The wire format of Protocol Buffers, and the numbers of onnx.proto3.
const [FLOAT, INT64, INTS] = [1, 7, 7];

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))];
}
function number(field: number, value: number): number[] {
  return [...varint(field << 3), ...varint(value)];
}
function within(field: number, bytes: readonly number[]): number[] {
  return [...varint((field << 3) | 2), ...varint(bytes.length), ...bytes];
}
function text(field: number, value: string): number[] {
  return within(field, [...Buffer.from(value)]);
}
function tensor(name: string, dims: readonly number[], values: readonly number[]): number[] {
  return array(name, dims, FLOAT, Float32Array.from(values));
}
function integers(name: string, values: readonly number[]): number[] {
  return array(name, [values.length], INT64, BigInt64Array.from(values, BigInt));
}
function array(
  name: string,
  dims: readonly number[],
  type: number,
  values: Float32Array | BigInt64Array,
): number[] {
  return [
    ...dims.flatMap((dim) => number(1, dim)),
    ...number(2, type),
    ...text(8, name),
    ...within(9, [...Buffer.from(values.buffer)]),
  ];
}
function value(name: string, dims: readonly number[]): number[] {
  const shape = dims.flatMap((dim) => within(1, number(1, dim)));
  return [...text(1, name), ...within(2, within(1, [...number(1, FLOAT), ...within(2, shape)]))];
}
