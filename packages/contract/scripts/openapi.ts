import { type AppRoute, isAppRouteNoBody } from "@ts-rest/core";
import { z, type ZodTypeAny } from "zod";

import { companionContract, EXPORT_FORMATS, jobsContract } from "../src/companion/index.ts";
import { Problem, PROBLEMS } from "../src/problems.ts";
import { workflowRunsContract } from "../src/routes.ts";
import { buildJsonSchemas, inlineJsonSchema } from "./json-schemas.ts";
import { REFUSALS } from "./refusals.ts";

type Json = Record<string, unknown>;

const MEANING: Record<number, string> = {
  200: "Done",
  202: "Accepted: what another compatible server may answer in place of 200. This one does not.",
  204: "The stream had already told the end",
  304: "Not changed",
};

/** A file has no zod type: its part of the create is written down here. */
const IMAGE_PART = {
  type: "string",
  // `format` is what viewers make a button for choosing a file from.
  format: "binary",
  contentMediaType: "application/octet-stream",
  description: "PNG, JPEG or WebP",
};

/** Values that a server with the built-in models takes as they are, so that a first try succeeds. */
const EXAMPLES: Partial<Record<string, string>> = {
  model_id: "builtin/auto",
  params: "{}",
  collection: "Default",
};

/** A schema with the example for its name, if there is one. */
function withExample(name: string, schema: Json): Json {
  const example = EXAMPLES[name];
  return example === undefined ? schema : { ...schema, examples: [example], example };
}

const REF_OF = new Map<string, string>();

/** What an operation refuses: by status, each code with its title. */
function refusalsOf(name: string): Json {
  const titles = new Map<number, string[]>();
  for (const code of REFUSALS[name] ?? []) {
    const { status, title } = PROBLEMS[code];
    titles.set(status, [...(titles.get(status) ?? []), `${title} (\`${code}\`)`]);
  }
  const content = { "application/json": { schema: schemaOf(Problem) } };
  return Object.fromEntries(
    Array.from(titles, ([status, all]) => [status, { description: all.join("; "), content }]),
  );
}

function isSchema(value: unknown): value is ZodTypeAny {
  return value instanceof z.ZodType;
}

function schemaOf(schema: ZodTypeAny): Json {
  const inline = inlineJsonSchema(schema) as Json;
  const name = REF_OF.get(JSON.stringify(inline));
  return name ? { $ref: `#/components/schemas/${name}` } : inline;
}

function parametersIn(where: "path" | "query" | "header", schema: unknown): Json[] {
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape as Record<string, ZodTypeAny>).map(([name, type]) => ({
    name,
    in: where,
    required: !type.isOptional(),
    schema: withExample(name, inlineJsonSchema(type) as Json),
  }));
}

function bodyOf(route: AppRoute): Json {
  if (!("body" in route) || !(route.body instanceof z.ZodObject)) return {};
  const { properties, required } = inlineJsonSchema(route.body) as {
    properties: Json;
    required?: string[];
  };
  const type = "contentType" in route && route.contentType ? route.contentType : "application/json";
  const schema = {
    type: "object",
    properties: {
      ...Object.fromEntries(
        Object.entries(properties).map(([part, each]) => [part, withExample(part, each as Json)]),
      ),
      image: IMAGE_PART,
    },
    required: ["image", ...(required ?? []).filter((name) => name !== "image")],
  };
  return { requestBody: { required: true, content: { [type]: { schema } } } };
}

/** The other form of a read: the run now, and each change of it, until it has ended. */
const EVENTS = {
  "text/event-stream": {
    schema: {
      type: "string",
      description:
        "Events whose `data` is the run in JSON on one line, and whose `id` is its revision",
    },
  },
};

function operation(name: string, route: AppRoute, tag: string) {
  const answers = Object.entries(route.responses).filter(([status]) => Number(status) < 400);
  const responses: Json = {
    ...Object.fromEntries(
      answers.map(([status, body]) => [
        status,
        {
          description: MEANING[Number(status)] ?? "Done",
          ...(isSchema(body) && !isAppRouteNoBody(body as never)
            ? {
                content: {
                  "application/json": { schema: schemaOf(body) },
                  ...(name === "get" && status === "200" ? EVENTS : {}),
                },
              }
            : {}),
        },
      ]),
    ),
    ...refusalsOf(name),
  };
  return {
    operationId: name,
    tags: [tag],
    summary: route.summary,
    parameters: [
      ...parametersIn("path", route.pathParams),
      ...parametersIn("query", route.query),
      ...parametersIn("header", route.headers),
    ],
    ...bodyOf(route),
    responses,
  };
}

/**
 * What clients have to take from any compatible server beside what this one sends: 202 to a create and
 * a cancel, and the wider shapes.
 */
const ANY_SERVER: Record<
  string,
  { status: 200 | 202; schema: keyof ReturnType<typeof buildJsonSchemas> }
> = {
  create: { status: 202, schema: "CreateAnswer" },
  get: { status: 200, schema: "Run" },
  cancel: { status: 202, schema: "CancelAnswer" },
};

/** The operation with the answers of any server told apart from this server's own. */
function told(name: string, { responses, ...rest }: ReturnType<typeof operation>): Json {
  const any = ANY_SERVER[name];
  if (any === undefined) return { ...rest, responses };
  const schema = { $ref: `#/components/schemas/${any.schema}` };
  const described = responses as Record<string, Json>;
  if (any.status === 202) {
    const accepted = { description: MEANING[202], content: { "application/json": { schema } } };
    return { ...rest, responses: { ...described, 202: accepted } };
  }
  const ok = {
    ...described["200"],
    description: "The run. This server sends StrictRun; a client of any server has to take Run.",
  };
  return { ...rest, responses: { ...described, 200: ok }, "x-any-server": { 200: schema } };
}

function pathsOf(routes: Record<string, AppRoute>, tag: string): Json {
  const paths: Record<string, Json> = {};
  for (const [name, route] of Object.entries(routes)) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = {
      ...paths[path],
      [route.method.toLowerCase()]: told(name, operation(name, route, tag)),
    };
  }
  return paths;
}

/** Files are bytes, not JSON: their routes are outside ts-rest and described here. */
function filePaths(): Json {
  const text = { type: "string" };
  const file = (type: string) => ({
    description: "The file",
    content: { [type]: { schema: { type: "string", format: "binary" } } },
  });
  const path = { in: "path", required: true, schema: text };
  return {
    "/workspace/{path}": {
      get: {
        operationId: "download",
        tags: ["companion"],
        summary: "A finished mesh; `path` is a run's `scene_candidate.workspace_path`",
        parameters: [{ name: "path", ...path }],
        responses: {
          200: file("model/gltf-binary"),
          206: file("model/gltf-binary"),
          304: { description: MEANING[304] },
          ...refusalsOf("download"),
        },
      },
    },
    "/export/{format}": {
      get: {
        operationId: "exportMesh",
        tags: ["companion"],
        summary: "A finished mesh in another format",
        parameters: [
          {
            name: "format",
            ...path,
            schema: { type: "string", enum: Object.keys(EXPORT_FORMATS) },
          },
          { name: "path", in: "query", required: true, schema: text },
          {
            name: "size_mm",
            in: "query",
            description: "Millimetres of the longest side of an STL or a 3MF",
            schema: { type: "number", exclusiveMinimum: 0, maximum: 100_000, default: 100 },
          },
        ],
        responses: {
          200: {
            description: "The file",
            content: Object.fromEntries(
              Object.values(EXPORT_FORMATS).map((type) => [
                type,
                { schema: { type: "string", format: "binary" } },
              ]),
            ),
          },
          ...refusalsOf("exportMesh"),
        },
      },
    },
  };
}

/** The contract and its companion as an OpenAPI 3.1 document. */
export function buildOpenApi(): Json {
  const schemas = buildJsonSchemas();
  REF_OF.clear();
  for (const [name, { title: _, ...schema }] of Object.entries(schemas) as [string, Json][])
    REF_OF.set(JSON.stringify(schema), name);
  return {
    openapi: "3.1.0",
    info: {
      title: "Workflow runs",
      version: "1.0.0",
      description:
        "A picture becomes a mesh. Three endpoints are the contract; the rest is beside it.",
      license: { name: "MIT", identifier: "MIT" },
    },
    // The server that the document came from.
    servers: [{ url: "/" }],
    tags: [
      { name: "contract", description: "The three endpoints: every conforming server has them" },
      { name: "companion", description: "Beside the contract: what Modly has and clients expect" },
    ],
    paths: {
      ...pathsOf(workflowRunsContract, "contract"),
      ...pathsOf(companionContract, "companion"),
      ...pathsOf(jobsContract, "companion"),
      ...filePaths(),
    },
    components: {
      schemas,
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        token: { type: "apiKey", in: "header", name: "X-Modly-Token" },
      },
    },
    security: [{}, { bearer: [] }, { token: [] }],
  };
}
