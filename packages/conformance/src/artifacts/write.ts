import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { evidenceText } from "../reports/evidence-text.ts";
import { checksOf, type Result } from "../reports/index.ts";
import type { Outcome } from "../run.ts";
import type { TargetConfig } from "../target/config.ts";
import { scriptOf } from "./script.ts";
import { storyOf } from "./story.ts";

/**
 * Writes a folder for each finding: `again.sh`, which does it again, what it sends (bodies, pictures),
 * and `what-was-seen.txt`. Returns how many.
 */
export async function writeArtifacts(
  folder: string,
  { outcome, result, target }: { outcome: Outcome; result: Result; target: TargetConfig },
): Promise<number> {
  const findings = [...checksOf(result, "fail"), ...checksOf(result, "warn")];
  for (const check of findings) {
    const here = join(folder, check.id);
    await mkdir(here, { recursive: true });
    const numbers = outcome.verdicts.find(({ id }) => id === check.id)?.exchanges ?? [];
    await writeFile(join(here, "what-was-seen.txt"), evidenceText(check));
    if (numbers.length === 0) continue;
    const script = scriptOf(check, storyOf(numbers, outcome.exchanges), {
      baseUrl: target.base_url,
      headers: Object.keys(target.headers ?? {}),
    });
    for (const { name, bytes } of script.files) await writeFile(join(here, name), bytes);
    await writeFile(join(here, "again.sh"), script.text);
    await chmod(join(here, "again.sh"), 0o755);
  }
  return findings.length;
}
