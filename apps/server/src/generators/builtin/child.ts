/** The process that does the work: one job at a time. */
import sharp from "sharp";

import { serveOrders } from "../../children/serve.ts";
import { blockOtherDecoders } from "../../pictures/decoders.ts";
import { make, type Making } from "./make.ts";
import { simplifierReady } from "@modly-runs/mesh/simplify";

blockOtherDecoders();
// Nothing is decoded twice here, so a cache would only hold memory.
sharp.cache(false);

await simplifierReady;
serveOrders<Making>((job, tell) => make(job, (percent, step) => tell({ percent, step })));
