import { expect, test } from "vitest";

import { refusalOf } from "./support.ts";

const WRONG: readonly (readonly [args: string[], sentence: RegExp])[] = [
  [["--prot", "1"], /Unknown option '--prot'.*--help/],
  [["--port", "ten"], /--port must be a number from 0 to 65535/],
  [["--server", "http://127.0.0.1:1"], /--server must be a name and an address/],
  [["--server", "a=ftp://x"], /--server must be a name and an address/],
  [["--server", "a=http://x", "--server", "a=http://y"], /two servers alike/],
  [["--server", "a=http://x", "--server-token", "b=t"], /--server-token is for b/],
  [["--host", "0.0.0.0"], /needs a token/],
  [["--jwt-secret", "short"], /--jwt-secret must have at least 32 bytes/],
  [["--jwt-secret", "x".repeat(32), "--jwks-url", "https://x.example/"], /set one/],
  [["--jwks-url", "x"], /--jwks-url must be an address/],
  [["--allow-network", "10.0.0.1"], /--allow-network must be a network/],
  [["--allow-origin", "https://a.example/page"], /--allow-origin must be an origin/],
  [["--webhook-secret", "whsec_c2hvcnQ="], /--webhook-secret must be whsec_/],
  [["--log-level", "loud"], /--log-level must be one of/],
];

test.for(WRONG)("%s is refused before anything starts", async ([args, sentence]) => {
  const [code, said] = await refusalOf(args);
  expect(said).toMatch(sentence);
  expect(code).toBe(2);
});
