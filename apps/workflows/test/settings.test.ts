import { expect, test } from "vitest";

import { readConfig } from "../src/config.ts";
import { helpText, SETTINGS } from "../src/settings.ts";
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
  [["--database-url", "mysql://x"], /--database-url must be the address of a PostgreSQL/],
  [["--queue-url", "http://x"], /--queue-url must be the address of a Redis/],
  [["--queue-url", "redis://x"], /set --database-url too/],
  [["--log-level", "loud"], /--log-level must be one of/],
];

test.for(WRONG)("%s is refused", ([args, sentence]) => {
  expect(readConfig(args, {})).toMatchObject({
    kind: "refused",
    why: expect.stringMatching(sentence) as string,
  });
});

test("what is refused is said, and nothing starts", async () => {
  const [code, said] = await refusalOf(["--port", "ten"]);
  expect([code, said]).toEqual([
    2,
    "modly-runs-workflows: --port must be a number from 0 to 65535.\n",
  ]);
});

test("a variable counts, and a flag wins", () => {
  const env = {
    MODLY_WORKFLOWS_MAX_WORKFLOWS: "7",
    MODLY_WORKFLOWS_SERVER: "a=http://a.example, b=http://b.example",
    MODLY_WORKFLOWS_SERVER_TOKEN: "b=s3cret",
  };
  expect(readConfig(["--max-workflows", "8"], env)).toMatchObject({
    config: {
      maxWorkflows: 8,
      providers: [
        { name: "a", url: "http://a.example", token: null },
        { name: "b", url: "http://b.example", token: "s3cret" },
      ],
    },
  });
});

test("every setting is in --help, with its default", () => {
  const help = helpText({});
  for (const name of Object.keys(SETTINGS)) expect(help).toContain(`  --${name} `);
  expect(help).toContain("(default: main=http://127.0.0.1:8765)");
});
