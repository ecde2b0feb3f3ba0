/**
 * Puts the conformance suite into a folder, ready to run, with all it needs and without a registry.
 *
 *     npm run pack:conformance -- ../my-server
 *
 * Writes one tarball there, which carries its dependencies, and installs it.
 */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [given] = process.argv.slice(2);
if (given === undefined) {
  console.error("Say where to: npm run pack:conformance -- ../my-server");
  process.exit(2);
}
const folder = resolve(process.env["INIT_CWD"] ?? process.cwd(), given);
const run = (program: string, args: readonly string[], cwd = root) =>
  execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

type Manifest = Record<string, unknown> & {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
};
const manifestOf = async (at: string) =>
  JSON.parse(await readFile(join(at, "package.json"), "utf8")) as Manifest;

run(process.execPath, [
  join(root, "node_modules/typescript/bin/tsc"),
  "-b",
  "packages/conformance",
]);

// `pnpm deploy` makes the same path, counted from the root, below other packages too (pnpm issue 10981):
// here that is inside what git ignores, and goes with the rest.
const cache = join("node_modules", ".cache");
await mkdir(join(root, cache), { recursive: true });
const stage = await mkdtemp(join(root, cache, "pack-conformance-"));
try {
  // A flat folder of real files, as npm would lay it out: npm drops what a tarball holds as a link.
  const deploy = ["--filter", "@modly-runs/conformance", "deploy", "--prod", "--legacy"];
  run("npx", [
    ...[
      "--yes",
      "pnpm@10.34.9",
      "--config.node-linker=hoisted",
      "--config.package-import-method=copy",
      "--prefer-offline",
    ],
    ...deploy,
    join(stage, "package"),
  ]);
  const suite = join(stage, "package");
  const versionOf = async (name: string) =>
    (await manifestOf(join(suite, "node_modules", name))).version;
  // Neither workspace:* nor catalog: means anything to npm: name what lies there.
  const settle = async (at: string, more: (names: readonly string[]) => object) => {
    const { devDependencies: _none, ...kept } = await manifestOf(at);
    const names = Object.keys(kept.dependencies);
    const versions = await Promise.all(
      names.map(async (name) => [name, await versionOf(name)] as const),
    );
    const text = JSON.stringify({
      ...kept,
      dependencies: Object.fromEntries(versions),
      ...more(names),
    });
    // A new file: the old one may be a link to the one of the checkout.
    await rm(join(at, "package.json"));
    await writeFile(join(at, "package.json"), text);
  };
  await settle(join(suite, "node_modules/@modly-runs/contract"), () => ({}));
  await settle(suite, (bundleDependencies) => ({ bundleDependencies }));
  const { version } = await manifestOf(suite);
  await mkdir(folder, { recursive: true });
  const tarball = `modly-runs-conformance-${version}.tgz`;
  run("tar", ["-czf", join(folder, tarball), "-C", stage, "package"]);
  // Without a package.json npm would install into a folder above.
  if (!(await readdir(folder)).includes("package.json"))
    await writeFile(join(folder, "package.json"), '{ "private": true }\n');
  run("npm", ["install", "--offline", "--no-audit", "--no-fund", `./${tarball}`], folder);
  console.log(`${folder} has the suite. In it:

    npx modly-runs-conformance run --url http://127.0.0.1:8765`);
} finally {
  const below = async (room: string) =>
    (await readdir(join(root, room))).map((name) => join(root, room, name));
  for (const at of [root, ...(await below("apps")), ...(await below("packages"))])
    await rm(join(at, relative(root, stage)), { recursive: true, force: true });
}
