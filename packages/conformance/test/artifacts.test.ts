import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

import { writeArtifacts } from "../src/artifacts/write.ts";
import { collect, resultOf } from "../src/index.ts";
import type { TargetConfig } from "../src/target/config.ts";
import { execute } from "./command.ts";
import { MUTANTS, REFERENCE_TARGET, startReference } from "./reference/index.ts";

/** What a script shows of a fault, and what it never shows of a server that is right. */
const FAULTS: { mutant: string; id: string; fault: RegExp; time_scale?: number }[] = [
  { mutant: "second-cancel-409", id: "CAN-08", fault: /HTTP\/1.1 409/ },
  { mutant: "404-as-html", id: "GET-17", fault: /content-type: text\/html/i },
  { mutant: "done-at-99", id: "GET-09", fault: /"status":"done","progress":99/ },
  { mutant: "params-array-500", id: "CRE-23", fault: /HTTP\/1.1 500/ },
  { mutant: "etag-constant", id: "GET-20", fault: /HTTP\/1.1 304/ },
  { mutant: "no-boundary-hangs", id: "CRE-28", fault: /no answer within 5 s/, time_scale: 0.2 },
  { mutant: "cancel-done-flips", id: "CAN-06", fault: /"status":"cancelled"/ },
];

test.each(FAULTS)(
  "the script of $id shows $mutant again",
  async ({ mutant, id, fault, time_scale }) => {
    const folder = await mkdtemp(join(tmpdir(), "conformance-artifacts-"));
    const overrides = MUTANTS.find(({ name }) => name === mutant)?.overrides;
    if (!overrides) throw new Error(`there is no mutant ${mutant}`);
    const [wrong, right] = [await startReference(overrides), await startReference()];
    try {
      const target = {
        ...REFERENCE_TARGET,
        ...(time_scale === undefined ? {} : { time_scale }),
        base_url: wrong.url,
      } as TargetConfig;
      const outcome = await collect(target, { only: [id], seed: 1 });
      const result = resultOf(outcome, { target, set: "core" });
      expect(await writeArtifacts(folder, { outcome, result, target })).toBeGreaterThan(0);
      expect(await readFile(join(folder, id, "what-was-seen.txt"), "utf8")).toContain("expected");
      const script = join(folder, id, "again.sh");
      // A run may end before the shell has sent its cancel: a race takes a few tries.
      let bad = await execute("bash", [script]);
      for (let tries = 1; tries < 6 && !fault.test(bad.out); tries += 1)
        bad = await execute("bash", [script]);
      expect(bad.out).toMatch(fault);
      const good = await execute("bash", [script, right.url]);
      expect(good.out.replaceAll(/^(?:Expected|In the report):.*$/gm, "")).not.toMatch(fault);
    } finally {
      await Promise.all([wrong.close(), right.close()]);
      await rm(folder, { recursive: true, force: true });
    }
  },
);
