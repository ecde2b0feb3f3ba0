import request from "supertest";
import { describe, expect, test } from "vitest";

import { expectProblem } from "../support/raw.ts";

/** A finished mesh that a server serves, and what is in it. */
export interface ServedMesh {
  /** Address of the server. */
  readonly base: string;
  /** The run's `output_url`. */
  readonly target: string;
  readonly bytes: Buffer;
}

/** How a finished mesh is served, whatever place it is in. */
export function describeStoredMesh(place: string, mesh: () => ServedMesh): void {
  const fetchMesh = (headers: Record<string, string> = {}) =>
    request(mesh().base)
      .get(mesh().target)
      .set(headers)
      .buffer()
      .parse((res, done) => {
        const chunks: Buffer[] = [];
        res.on("data", (chunk: Buffer) => chunks.push(chunk));
        res.on("end", () => done(null, Buffer.concat(chunks)));
      });

  describe(`a finished mesh in ${place}`, () => {
    test("comes whole, as what it is", async () => {
      const answer = await fetchMesh();
      expect(answer).toMatchObject({ status: 200, type: "model/gltf-binary" });
      expect(answer.body).toEqual(mesh().bytes);
      expect(answer.headers).toMatchObject({
        "accept-ranges": "bytes",
        "content-length": String(mesh().bytes.length),
        "x-content-type-options": "nosniff",
      });
      expect(answer.headers["etag"]).toMatch(/^"[^"]+"$/);
    });

    test("comes with HEAD as with GET, without its bytes", async () => {
      const got = await fetchMesh();
      const head = await request(mesh().base).head(mesh().target).expect(200);
      for (const name of [
        "etag",
        "content-type",
        "content-length",
        "accept-ranges",
        "last-modified",
      ])
        expect(head.headers[name], name).toBe(got.headers[name]);
    });

    test.each<[range: string, from: number, to: number]>([
      ["bytes=0-3", 0, 4],
      ["bytes=4-", 4, Infinity],
      ["bytes=-5", -5, Infinity],
      ["bytes=0-999999", 0, Infinity],
    ])("comes in part: %s", async (range, from, to) => {
      const answer = await fetchMesh({ Range: range });
      expect(answer.status).toBe(206);
      expect(answer.body).toEqual(mesh().bytes.subarray(from, Math.min(to, mesh().bytes.length)));
      expect(answer.headers["content-range"]).toMatch(
        new RegExp(`^bytes \\d+-\\d+/${mesh().bytes.length}$`),
      );
    });

    test("has no part beyond its end", async () => {
      const answer = await request(mesh().base).get(mesh().target).set("Range", "bytes=999999-");
      expect(expectProblem(answer)).toMatchObject({ status: 416, code: "range_not_satisfiable" });
      expect(answer.headers["content-range"]).toBe(`bytes */${mesh().bytes.length}`);
    });

    test("is not sent twice to who has it", async () => {
      const { headers } = await fetchMesh();
      const etag = headers["etag"]!;
      expect((await fetchMesh({ "If-None-Match": etag })).status).toBe(304);
      expect((await fetchMesh({ "If-None-Match": '"other"' })).status).toBe(200);
      const same = await fetchMesh({ Range: "bytes=0-3", "If-Range": etag });
      const other = await fetchMesh({ Range: "bytes=0-3", "If-Range": '"other"' });
      expect([same.status, other.status]).toEqual([206, 200]);
    });

    test("is sent to whoever wants this one, and to nobody who wants another", async () => {
      const { headers } = await fetchMesh();
      const etag = headers["etag"]!;
      const modified = headers["last-modified"]!;
      const earlier = new Date(Date.parse(modified) - 60_000).toUTCString();
      const statusOf = async (wants: Record<string, string>) => (await fetchMesh(wants)).status;
      expect(await statusOf({ "If-Match": etag })).toBe(200);
      expect(await statusOf({ "If-Match": `"a", ${etag}` })).toBe(200);
      expect(await statusOf({ "If-Match": "*" })).toBe(200);
      expect(await statusOf({ "If-Unmodified-Since": modified })).toBe(200);
      expect(await statusOf({ "If-Modified-Since": modified })).toBe(304);
      expect(await statusOf({ "If-Modified-Since": earlier })).toBe(200);
      expect(await statusOf({ Range: "bytes=0-3", "If-Match": etag })).toBe(206);
      expect(await statusOf({ Range: "bytes=0-3", "If-Range": modified })).toBe(206);
      expect(await statusOf({ Range: "bytes=0-3", "If-Range": earlier })).toBe(200);
      for (const wants of [{ "If-Match": '"other"' }, { "If-Unmodified-Since": earlier }]) {
        const answer = await request(mesh().base).get(mesh().target).set(wants);
        expect(expectProblem(answer)).toMatchObject({ status: 412, code: "precondition_failed" });
        expect(answer.headers["etag"]).toBeUndefined();
      }
    });

    test("comes whole where parts are asked for in a way that nobody has to know", async () => {
      for (const range of ["bytes=0-1,4-5", "lines=1-2"])
        expect((await fetchMesh({ Range: range })).body, range).toEqual(mesh().bytes);
    });
  });
}
