// Writes the JSON Schema of definitions. `schema.test.ts` fails when it was not run.
import { writeFileSync } from "node:fs";

import { flowSchema } from "./schema.ts";

writeFileSync(new URL("../flow.schema.json", import.meta.url), flowSchema());
