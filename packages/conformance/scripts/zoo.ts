import { argv } from "node:process";

/** `pnpm zoo`: what proves the suite. A flag says which proof. */
const named = (name: string) => argv.some((flag) => flag === name || flag.startsWith(`${name}=`));

if (named("--wide")) await import("./wide.ts");
else if (named("--places")) await import("./places.ts");
else if (named("--repeat")) await import("./repeat.ts");
else await import("./exact.ts");
