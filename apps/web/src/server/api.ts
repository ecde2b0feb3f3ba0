import { AnyProblem } from "@modly-runs/contract";
import {
  type Client,
  createClient,
  fail,
  type Outcome,
  succeed,
} from "@modly-runs/contract/client";
import { Health, Model, ParamSpec } from "@modly-runs/contract/companion";
import { z } from "zod";

/** What the server offers beside meshes as they are. Read from its own description of itself. */
export interface Offers {
  /** Formats of `/export/{format}`; none when the server has no such route. */
  readonly formats: readonly string[];
  /** True when an export takes `size_mm`, the length of the longest side. */
  readonly sizes: boolean;
  /** True when the server describes itself, and so has a page for programmers. */
  readonly described: boolean;
}

export const NO_OFFERS: Offers = { formats: [], sizes: false, described: false };

/** The three endpoints, and what may stand beside them. Each of the latter may be missing: `not_found`. */
export interface Api extends Client {
  health(): Promise<Outcome<Health>>;
  models(): Promise<Outcome<Model[]>>;
  params(modelId: string): Promise<Outcome<ParamSpec[]>>;
  offers(): Promise<Offers>;
  /** A finished mesh in another format, as bytes to keep. */
  exportMesh(workspacePath: string, format: string, sizeMm?: number): Promise<Outcome<Blob>>;
}

const Parameter = z.object({
  name: z.string(),
  in: z.string(),
  schema: z
    .object({ enum: z.array(z.string()).optional() })
    .passthrough()
    .optional(),
});
const Description = z.object({
  paths: z.record(
    z.object({ get: z.object({ parameters: z.array(Parameter).default([]) }).optional() }),
  ),
});

/** The address of an export; also what the copied commands name. */
export function exportPath(workspacePath: string, format: string, sizeMm?: number): string {
  const query = new URLSearchParams({ path: workspacePath });
  if (sizeMm !== undefined) query.set("size_mm", String(sizeMm));
  return `/export/${encodeURIComponent(format)}?${query.toString()}`;
}

/** The server that sent this page, or another that lets pages of this origin call. */
export function createApi(baseUrl: string, token: string | undefined): Api {
  const headers: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` };

  async function ask(path: string): Promise<Outcome<Response>> {
    try {
      const response = await fetch(baseUrl + path, { headers });
      if (response.ok) return succeed(response);
      const problem = AnyProblem.safeParse(await response.json().catch(() => undefined));
      const detail = problem.success ? problem.data.detail : undefined;
      const message =
        typeof detail === "string" ? detail : `The server answered ${response.status}.`;
      const { status } = response;
      return fail(status === 404 ? "not_found" : "refused", message, { status });
    } catch (cause) {
      return fail("unreachable", "The server does not answer.", { cause });
    }
  }

  async function read<T>(path: string, shape: z.ZodType<T, z.ZodTypeDef, unknown>) {
    const asked = await ask(path);
    if (!asked.ok) return asked;
    const body: unknown = await asked.value.json().catch(() => undefined);
    const parsed = shape.safeParse(body);
    return parsed.success
      ? succeed(parsed.data)
      : fail("unexpected", `What the server sent for ${path} can't be read.`);
  }

  return {
    ...createClient({ baseUrl, token }),
    health: () => read("/health", Health),
    models: () => read("/model/all", z.array(Model)),
    params: (modelId) =>
      read(`/model/params?model_id=${encodeURIComponent(modelId)}`, z.array(ParamSpec)),
    async offers() {
      const described = await read("/openapi.json", Description);
      if (!described.ok) return NO_OFFERS;
      const route = Object.entries(described.value.paths).find(([path]) =>
        path.startsWith("/export/{"),
      )?.[1].get;
      return {
        formats: route?.parameters.find((each) => each.in === "path")?.schema?.enum ?? [],
        sizes: route?.parameters.some(({ name }) => name === "size_mm") ?? false,
        described: true,
      };
    },
    async exportMesh(workspacePath, format, sizeMm) {
      const asked = await ask(exportPath(workspacePath, format, sizeMm));
      return asked.ok ? succeed(await asked.value.blob()) : asked;
    },
  };
}
