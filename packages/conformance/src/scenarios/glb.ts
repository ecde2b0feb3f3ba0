/** What is wrong with a GLB by check; `unseen` where the file could not be read so far. */
export type GlbFaults = Readonly<
  Partial<Record<"OUT-03" | "OUT-04" | "OUT-05" | "OUT-07", string>>
>;

const MAGIC = 0x46546c67;
const JSON_CHUNK = 0x4e4f534a;

type Accessor = { count?: number; min?: number[]; max?: number[] };
type Gltf = {
  asset?: { version?: string };
  accessors?: Accessor[];
  meshes?: { primitives?: { attributes?: Record<string, number>; indices?: number }[] }[];
};

function meshFault({ meshes = [], accessors = [] }: Gltf): string | undefined {
  const primitives = meshes.flatMap((mesh) => mesh.primitives ?? []);
  if (primitives.length === 0) return "there is no mesh primitive";
  for (const { attributes, indices } of primitives) {
    const position = accessors[attributes?.["POSITION"] ?? -1];
    const { min = [], max = [] } = position ?? {};
    const sound =
      min.length === 3 &&
      max.length === 3 &&
      min.every((low, axis) => Number.isFinite(low) && low <= (max[axis] ?? Number.NaN));
    if (!sound) return `POSITION has min ${JSON.stringify(min)}, max ${JSON.stringify(max)}`;
    const count = indices === undefined ? position?.count : accessors[indices]?.count;
    if (count === undefined || count === 0 || count % 3 !== 0)
      return `${count} indices are no triangles`;
  }
  return undefined;
}

function chunksFault(file: Buffer): string | undefined {
  let at = 12;
  for (let index = 0; at < file.length; index += 1) {
    if (at + 8 > file.length) return `a chunk header is cut off at byte ${at}`;
    const length = file.readUInt32LE(at);
    if (index === 0 && file.readUInt32LE(at + 4) !== JSON_CHUNK)
      return "the first chunk is not JSON";
    if (length % 4 !== 0) return `chunk ${index} has ${length} bytes, no multiple of 4`;
    at += 8 + length;
  }
  return at === file.length && at > 12
    ? undefined
    : `the chunks end at byte ${at}, the file at ${file.length}`;
}

/** Reads a GLB as the format is defined (glTF 2.0, section 4) and says what does not fit. */
export function glbFaults(file: Buffer): GlbFaults {
  if (file.length < 12 || file.readUInt32LE(0) !== MAGIC) {
    return {
      "OUT-03": "it does not begin with glTF",
      "OUT-04": "unseen",
      "OUT-05": "unseen",
      "OUT-07": "unseen",
    };
  }
  const [version, length] = [file.readUInt32LE(4), file.readUInt32LE(8)];
  const header =
    version !== 2
      ? `version ${version}`
      : length === file.length
        ? undefined
        : `length says ${length}, ${file.length} bytes came`;
  const chunks = chunksFault(file);
  const found = {
    ...(header ? { "OUT-03": header } : {}),
    ...(chunks ? { "OUT-04": chunks } : {}),
  };
  if (file.length < 20) return { ...found, "OUT-05": "unseen", "OUT-07": "unseen" };
  let gltf: Gltf;
  try {
    gltf = JSON.parse(file.toString("utf8", 20, 20 + file.readUInt32LE(12))) as Gltf;
  } catch {
    return {
      ...found,
      ...(chunks ? { "OUT-05": "unseen" } : { "OUT-05": "the JSON chunk does not parse" }),
      "OUT-07": "unseen",
    };
  }
  const two = gltf.asset?.version?.startsWith("2.") ?? false;
  const mesh = meshFault(gltf);
  return {
    ...found,
    ...(two ? {} : { "OUT-05": `asset.version is ${gltf.asset?.version}` }),
    ...(mesh ? { "OUT-07": mesh } : {}),
  };
}

type Validator = {
  validateBytes(
    bytes: Uint8Array,
  ): Promise<{ issues: { messages: { severity: number; message: string }[] } }>;
};

/** Errors that Khronos' validator finds; undefined where it is not installed. */
export async function validatorFaults(file: Buffer): Promise<readonly string[] | undefined> {
  let validator: Validator;
  try {
    // @ts-expect-error The package has no types of its own.
    const loaded = (await import("gltf-validator")) as Validator & { default?: Validator };
    validator = loaded.default ?? loaded;
  } catch {
    return undefined;
  }
  try {
    const { issues } = await validator.validateBytes(new Uint8Array(file));
    return issues.messages.filter(({ severity }) => severity === 0).map(({ message }) => message);
  } catch (error) {
    return [String(error)];
  }
}
