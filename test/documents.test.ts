// Where the documents lead, and what they say to type, is there.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { expect, test } from "vitest";

const root = path.dirname(import.meta.dirname);
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const inFolder = (folder: string) =>
  readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => path.join(folder, name));
const readmesBelow = (folder: string) =>
  readdirSync(path.join(root, folder)).map((name) => path.join(folder, name, "README.md"));
const DOCUMENTS = [
  "llms.txt",
  ...[".", "docs", "docs/decisions"].flatMap(inFolder),
  ...["apps", "packages"].flatMap(readmesBelow),
].filter((file) => existsSync(path.join(root, file)));

const FENCED = /^```.*?^```/gms;

/** What a reader of a document types, a line each. */
const typedIn = (text: string) =>
  [...text.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block]) =>
    block!.replaceAll("\\\n", " ").split("\n"),
  );

/** The word that a heading is reached by, as the hosts of repositories make it. */
const anchorOf = (heading: string) =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");
const anchorsOf = (file: string) =>
  new Set(
    [
      ...read(file)
        .replaceAll(FENCED, "")
        .matchAll(/^#+ (.*)$/gm),
    ].map(([, heading]) => anchorOf(heading!)),
  );

test.for(DOCUMENTS)("every link of %s leads somewhere", (document) => {
  const dead: string[] = [];
  for (const [, link] of read(document)
    .replaceAll(FENCED, "")
    .matchAll(/\]\(([^)\s]+)\)/g)) {
    if (link!.startsWith("http")) continue;
    const [to, anchor] = link!.split("#");
    const file = to ? path.join(path.dirname(document), to) : document;
    if (!existsSync(path.join(root, file))) dead.push(link!);
    else if (anchor && file.endsWith(".md") && !anchorsOf(file).has(anchor)) dead.push(link!);
  }
  expect(dead).toEqual([]);
});

test.for(DOCUMENTS)("every script that %s names is there", (document) => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const named = [
    ...read(document).matchAll(/\b(?:pnpm(?:@[\d.]+)?|npm run) (?:--silent )?([a-z][\w:-]*)/g),
  ].map(([, name]) => name!);
  const pnpmsOwn = ["install", "run"];
  expect(named.filter((name) => !(name in scripts) && !pnpmsOwn.includes(name))).toEqual([]);
});

test.for(DOCUMENTS)("what %s says to type needs no pnpm of one's own", (document) => {
  expect(typedIn(read(document)).filter((line) => /(^|&&\s*)pnpm /.test(line))).toEqual([]);
});

test.for(DOCUMENTS)("every flag of the command line that %s says to type is one", (document) => {
  const sections = new Map(
    read("docs/cli-reference.md")
      .split(/^## /m)
      .map((section) => [section.slice(0, section.indexOf("\n")), section]),
  );
  const everywhere = sections.get("With every command")!;
  for (const line of typedIn(read(document))) {
    const [, command, rest] = /(?:^|\| )modly-runs ([a-z]+)([^|#]*)/.exec(line) ?? [];
    if (command === undefined || command === "serve") continue;
    expect(sections.has(command), line).toBe(true);
    for (const [flag] of rest!.matchAll(/(?<=\s)--[a-z-]+/g))
      expect(sections.get(command)! + everywhere, line).toContain(flag);
  }
});

test("the documents agree on how many servers are wrong only sometimes", () => {
  const [, all] = /Found with `--thorough`: \d+ of (\d+)/.exec(read("docs/conformance-wide.md"))!;
  expect(read("CONTRIBUTING.md")).toContain(`| ${all} servers that are wrong only sometimes`);
});
