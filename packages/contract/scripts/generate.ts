// Writes what is generated from the contract. `generated.test.ts` fails when it was not run.
import { writeFileSync } from "node:fs";

import { GENERATED } from "./generated-files.ts";

for (const [url, render] of GENERATED) writeFileSync(url, render());
