import { expect, test } from "vitest";

import { anywhere, isNetwork, OutOfReach, publicAnd, send } from "../src/outbound/index.ts";
import { listener } from "./support.ts";

const PRIVATE = [
  "127.0.0.1",
  "127.255.255.254",
  "10.1.2.3",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "0.0.0.0",
  "224.0.0.1",
  "255.255.255.255",
  "::1",
  "::7f00:1",
  "::ffff:0:7f00:1",
  "::",
  "::ffff:127.0.0.1",
  "::ffff:a9fe:a9fe",
  "fe80::1",
  "fd00::1",
  "64:ff9b::7f00:1",
  "2002:7f00:1::",
  "ff02::1",
  "localhost",
];

test("no private, shared, mapped or translated address is public", () => {
  const reach = publicAnd();
  expect(PRIVATE.filter(reach)).toEqual([]);
});

test("public addresses are", () => {
  const addresses = ["1.1.1.1", "172.32.0.1", "11.0.0.1", "2606:4700::1111", "::ffff:1.1.1.1"];
  expect(addresses.filter(publicAnd())).toEqual(addresses);
});

test("a network that is allowed is reached, and no other", () => {
  const reach = publicAnd(["10.1.0.0/16", "fd00::/8"]);
  expect(["10.1.9.9", "fd00::5", "10.2.0.1", "fe80::1"].filter(reach)).toEqual([
    "10.1.9.9",
    "fd00::5",
  ]);
});

test("what is no network is said to be none", () => {
  for (const wrong of ["10.0.0.0", "10.0.0.0/33", "::/129", "ten/8", "10.0.0.0/x"]) {
    expect(isNetwork(wrong)).toBe(false);
    expect(() => publicAnd([wrong])).toThrow(RangeError);
  }
});

test("nothing is sent to an address that is out of reach, in figures, by a name, or by a redirect", async () => {
  const other = await listener((_heard, _nth, response) => response.end("ok"));
  const { port } = new URL(other.url);
  const first = await listener((_heard, _nth, response) =>
    response.writeHead(302, { location: `http://[::ffff:7f00:1]:${port}/` }).end(),
  );
  try {
    const options = { method: "GET", reach: publicAnd(), most: 100 } as const;
    for (const host of ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"])
      await expect(send(`http://${host}:${port}/`, options)).rejects.toThrow(OutOfReach);
    // Only the first host is within reach.
    const reach = (address: string) => address === "127.0.0.1";
    await expect(send(first.url, { ...options, reach, redirects: 3 })).rejects.toThrow(
      /no public address/,
    );
    expect(other.heard).toEqual([]);
  } finally {
    await first.stop();
    await other.stop();
  }
});

test("the address that is connected to is the one that was looked at", async () => {
  const heard = await listener((_one, _nth, response) => response.end("ok"));
  const { port } = new URL(heard.url);
  const looked: string[] = [];
  const reach = (address: string) => {
    looked.push(address);
    return address === "127.0.0.1";
  };
  try {
    const { status, body } = await send(`http://localhost:${port}/`, {
      method: "GET",
      reach,
      most: 100,
    });
    expect([status, body.toString()]).toEqual([200, "ok"]);
    expect(looked).toContain("127.0.0.1");
  } finally {
    await heard.stop();
  }
});

test("no more of an answer is read than is asked for", async () => {
  const endless = await listener((_one, _nth, response) => response.end("x".repeat(1000)));
  try {
    const answer = await send(endless.url, { method: "GET", reach: anywhere, most: 10 });
    expect(answer.body.toString()).toBe("x".repeat(10));
    expect(answer.cut).toBe(true);
  } finally {
    await endless.stop();
  }
});
