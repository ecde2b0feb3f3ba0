// Puts the built page into the server's build, which serves it at `/`.
import { cpSync, rmSync } from "node:fs";

const to = new URL("../dist/http/page/", import.meta.url);
rmSync(to, { recursive: true, force: true });
cpSync(new URL("../../web/dist/", import.meta.url), to, { recursive: true });
