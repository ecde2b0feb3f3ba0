/** A body that is wrong, the place that is named, and a part of the sentence. */
export interface Bad {
  readonly name: string;
  readonly body: unknown;
  readonly refusals: readonly (readonly [field: string, sentence: RegExp])[];
}

/** A PNG of one pixel. */
const PIXEL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const mesh = {
  id: "mesh",
  task_type: "GENERATION",
  config: { model: "builtin/auto", image: PIXEL },
};
const map = (from_step: string, from_field: string, to_field: string, more: object = {}) => ({
  from_step,
  from_field,
  to_field,
  ...more,
});
const ofMesh = [map("mesh", "mesh", "mesh")];
const good = { name: "Test", origin_instance: "tests", steps: [mesh] };

type Refusal = readonly [field: string, sentence: RegExp];
const bad = (name: string, body: unknown, ...refusals: Refusal[]): Bad => ({
  name,
  body,
  refusals,
});
/** Something else in the place of a field of the body. */
const field = (name: string, key: string, value: unknown, sentence: RegExp): Bad =>
  bad(name, { ...good, [key]: value }, [key, sentence]);
/** A step behind the good one. */
const step = (name: string, second: object, ...refusals: Refusal[]): Bad =>
  bad(name, { ...good, steps: [mesh, second] }, ...refusals);
/** The good step with something else in it. */
const changed = (name: string, more: object, ...refusals: Refusal[]): Bad =>
  bad(name, { ...good, steps: [{ ...mesh, ...more }] }, ...refusals);
/** A step EACH with something else in it. */
const each = (name: string, more: object, ...refusals: Refusal[]): Bad =>
  step(
    name,
    {
      id: "all",
      task_type: "EACH",
      config: { over: [PIXEL] },
      steps: [
        { id: "small", task_type: "RESIZE", input_mappings: [map("item", "image", "image")] },
      ],
      ...more,
    },
    ...refusals,
  );

export const BAD: readonly Bad[] = [
  bad("a text", "hello", ["body", /must be a map, not a text/]),
  bad("a list", [], ["body", /must be a map, not a list/]),
  bad("null", null, ["body", /missing/]),
  bad(
    "nothing in it",
    {},
    ["name", /name is missing/],
    ["steps", /steps is missing/],
    ["origin_instance", /origin_instance is missing/],
  ),
  field("an empty name", "name", "", /must not be empty/),
  field("a number for a name", "name", 5, /must be a text, not a number/),
  field("a name of 256 characters", "name", "x".repeat(256), /at most 255 characters/),
  field("a long description", "description", "x".repeat(1001), /at most 1000 characters/),
  field("no instance", "origin_instance", "", /must not be empty/),
  field("a long instance", "origin_instance", "x".repeat(101), /at most 100 characters/),
  field("a long zone", "origin_zone", "x".repeat(51), /at most 50 characters/),
  field("a long tenant", "origin_tenant_id", "x".repeat(101), /at most 100 characters/),
  field("a long reference", "origin_reference", "x".repeat(513), /at most 512 characters/),
  field("a webhook that is no address", "webhook_url", "here", /http or https address/),
  field("a webhook of another kind", "webhook_url", "ftp://a.example/", /http or https address/),
  field("a switch that is a text", "suppress_subtask_events", "yes", /must be true or false/),
  field("a config that is a list", "config", [], /must be a map, not a list/),
  bad("a word too much", { ...good, step: [] }, ["step", /not known here. Did you mean steps/]),
  bad("too many at once", { ...good, config: { parallel: 257 } }, [
    "config.parallel",
    /at most 256/,
  ]),
  bad("half a step at once", { ...good, config: { parallel: 0.5 } }, [
    "config.parallel",
    /whole number/,
  ]),
  field("no steps", "steps", [], /must not be empty/),
  field("steps that are a map", "steps", {}, /must be a list, not a map/),
  bad("a step that is a text", { ...good, steps: ["mesh"] }, ["steps[0]", /must be a map/]),
  changed("no id", { id: undefined }, ["steps[0].id", /id is missing/]),
  changed("an id with a space", { id: "a mesh" }, ["steps[0].id", /begin with a letter/]),
  changed("an id that means something else", { id: "item" }, [
    "steps[0].id",
    /No step can be called item/,
  ]),
  step("the same id twice", { ...mesh }, ["steps[1].id", /two steps mesh/]),
  changed("no task", { task_type: undefined }, ["steps[0].task_type", /GENERATION/]),
  changed("an unknown task", { task_type: "GENERATIONS" }, [
    "steps[0].task_type",
    /Did you mean GENERATION/,
  ]),
  changed("a task in small letters", { task_type: "refine" }, [
    "steps[0].task_type",
    /There is no task "refine"/,
  ]),
  changed("a config that is a text", { config: "builtin/auto" }, [
    "steps[0].config",
    /must be a map, not a text/,
  ]),
  changed("no model", { config: { image: PIXEL } }, [
    "steps[0].config",
    /The step mesh needs config.model/,
  ]),
  changed("an empty model", { config: { ...mesh.config, model: "" } }, [
    "steps[0].config.model",
    /must not be empty/,
  ]),
  changed("no picture", { config: { model: "builtin/auto" } }, [
    "steps[0].task_type",
    /The step mesh needs image, in config or by input_mappings/,
  ]),
  changed("a picture that is a number", { config: { ...mesh.config, image: 5 } }, [
    "steps[0].config.image",
    /must be an address/,
  ]),
  changed("two pictures", { config: { ...mesh.config, image: [PIXEL, PIXEL] } }, [
    "steps[0].config.image",
    /must be an address/,
  ]),
  changed("a path for a picture", { config: { ...mesh.config, image: "/etc/passwd" } }, [
    "steps[0].config.image",
    /must be an address/,
  ]),
  changed("a file: address", { config: { ...mesh.config, image: "file:///etc/passwd" } }, [
    "steps[0].config.image",
    /must be an address/,
  ]),
  changed(
    "an address of this machine",
    { config: { ...mesh.config, image: "http://127.0.0.1:1/a.png" } },
    ["steps[0].config.image", /may not be reached: 127.0.0.1 is no public address/],
  ),
  changed(
    "an address of the cloud's own",
    { config: { ...mesh.config, image: "http://169.254.169.254/latest/meta-data" } },
    ["steps[0].config.image", /may not be reached/],
  ),
  changed("a data: address without base64", { config: { ...mesh.config, image: "data:,a" } }, [
    "steps[0].config.image",
    /must be base64/,
  ]),
  changed(
    "a data: address that is broken",
    { config: { ...mesh.config, image: "data:image/png;base64,$$" } },
    ["steps[0].config.image", /no base64/],
  ),
  changed(
    "a text for a picture",
    { config: { ...mesh.config, image: "data:image/png;base64,aGVsbG8=" } },
    ["steps[0].config.image", /no picture/],
  ),
  changed("an empty picture", { config: { ...mesh.config, image: "data:image/png;base64," } }, [
    "steps[0].config.image",
    /empty/,
  ]),
  changed("a param of the config that is unknown", { config: { ...mesh.config, models: "a" } }, [
    "steps[0].config.models",
    /Did you mean model/,
  ]),
  changed("a server in the config", { config: { ...mesh.config, server: "main" } }, [
    "steps[0].config.server",
    /provider_config.provider_type/,
  ]),
  changed("an unknown provider", { provider_config: { provider_type: "big" } }, [
    "steps[0].provider_config.provider_type",
    /There is no provider big. This service knows main, other/,
  ]),
  changed("a provider that is an address", { provider_config: { provider_type: 5 } }, [
    "steps[0].provider_config.provider_type",
    /must be the name of a provider/,
  ]),
  changed("a model said twice", { provider_config: { model: "a" } }, [
    "steps[0].provider_config.model",
    /said twice/,
  ]),
  changed("a param of the provider that is unknown", { provider_config: { modle: "a" } }, [
    "steps[0].provider_config.modle",
    /not known here/,
  ]),
  changed("params of the provider that are a list", { provider_config: { params: [] } }, [
    "steps[0].provider_config.params",
    /must be a map, not a list/,
  ]),
  changed("an unknown fallback", { fallback_provider_type: "big" }, [
    "steps[0].fallback_provider_type",
    /There is no provider big/,
  ]),
  changed(
    "a param of the fallback that is unknown",
    { fallback_provider_type: "other", fallback_provider_config: { models: "a" } },
    ["steps[0].fallback_provider_config.models", /Did you mean model/],
  ),
  changed("a server in the fallback", { fallback_provider_config: { server: "main" } }, [
    "steps[0].fallback_provider_config.server",
    /fallback_provider_type/,
  ]),
  changed("fewer tries than none", { max_retries: -1 }, ["steps[0].max_retries", /at least 0/]),
  changed("too many tries", { max_retries: 21 }, ["steps[0].max_retries", /at most 20/]),
  changed("no time at all", { timeout: 0 }, ["steps[0].timeout", /more than 0/]),
  changed("a lock that is a text", { locked: "yes" }, ["steps[0].locked", /must be true or false/]),
  changed("a word too much in a step", { depend_on: [] }, [
    "steps[0].depend_on",
    /Did you mean depends_on/,
  ]),
  step(
    "a provider for what the service does",
    {
      id: "small",
      task_type: "REFINE",
      config: { triangles: 4 },
      input_mappings: ofMesh,
      provider_config: { provider_type: "main" },
    },
    ["steps[1].provider_config", /Only GENERATION has a provider/],
  ),
  step(
    "a secret of the service",
    {
      id: "hand",
      task_type: "SEND",
      config: { url: "https://a.example/", token_env: "HOME" },
      input_mappings: [map("mesh", "mesh", "file")],
    },
    ["steps[1].config.token_env", /can't name variables/],
  ),
  step(
    "an address to send to that is none",
    {
      id: "hand",
      task_type: "SEND",
      config: { url: "a.example" },
      input_mappings: [map("mesh", "mesh", "file")],
    },
    ["steps[1].config.url", /http or https address/],
  ),
  step("a step that is not there to wait for", { ...mesh, id: "two", depends_on: ["mush"] }, [
    "steps[1].depends_on[0]",
    /There is no step mush. Did you mean mesh/,
  ]),
  step(
    "a step that is not there to take of",
    { id: "how", task_type: "MEASURE", input_mappings: [map("mush", "mesh", "mesh")] },
    ["steps[1].input_mappings[0]", /There is no step mush/],
  ),
  step(
    "an output that is not there",
    { id: "how", task_type: "MEASURE", input_mappings: [map("mesh", "mush", "mesh")] },
    ["steps[1].input_mappings[0]", /GENERATION gives no mush. Did you mean mesh/],
  ),
  step(
    "an input that is not there",
    { id: "how", task_type: "MEASURE", input_mappings: [...ofMesh, map("mesh", "mesh", "mush")] },
    ["steps[1].input_mappings[1]", /MEASURE takes no mush/],
  ),
  step(
    "a type that does not fit",
    { id: "how", task_type: "MEASURE", input_mappings: [map("mesh", "seconds", "mesh")] },
    ["steps[1].input_mappings[0]", /MEASURE.mesh takes a mesh, and mesh.seconds is a number/],
  ),
  step(
    "an input that is mapped twice",
    { id: "how", task_type: "MEASURE", input_mappings: [...ofMesh, ...ofMesh] },
    ["steps[1].input_mappings[0]", /takes at most 1, and these are 2/],
  ),
  step(
    "an input that is given and mapped",
    {
      id: "small",
      task_type: "RESIZE",
      config: { image: PIXEL },
      input_mappings: [map("view", "image", "image")],
    },
    ["steps[1].input_mappings[0]", /no step view/],
    ["steps[1].config.image", /takes at most 1, and these are 2/],
  ),
  step(
    "one mesh to merge",
    { id: "all", task_type: "MERGE", input_mappings: [map("mesh", "mesh", "meshes")] },
    ["steps[1].input_mappings[0]", /takes at least 2/],
  ),
  step(
    "a mapping without an output",
    { id: "how", task_type: "MEASURE", input_mappings: [{ from_step: "mesh", to_field: "mesh" }] },
    ["steps[1].input_mappings[0].from_field", /from_field is missing/],
  ),
  step(
    "a word too much in a mapping",
    { id: "how", task_type: "MEASURE", input_mappings: [{ ...ofMesh[0], tranform: "round" }] },
    ["steps[1].input_mappings[0].tranform", /Did you mean transform/],
  ),
  step(
    "an unknown transform",
    {
      id: "how",
      task_type: "MEASURE",
      input_mappings: [map("mesh", "mesh", "mesh", { transform: { double: true } })],
    },
    ["steps[1].input_mappings[0].transform", /no transform double/],
  ),
  step(
    "a transform of what has none",
    {
      id: "how",
      task_type: "MEASURE",
      input_mappings: [map("mesh", "mesh", "mesh", { transform: "round" })],
    },
    ["steps[1].input_mappings[0]", /round can't be done to mesh.mesh/],
  ),
  step(
    "the last of one",
    {
      id: "how",
      task_type: "MEASURE",
      input_mappings: [map("mesh", "mesh", "mesh", { transform: "last" })],
    },
    ["steps[1].input_mappings[0]", /is one mesh: there is no last of it/],
  ),
  step(
    "the item of nothing",
    { id: "how", task_type: "MEASURE", input_mappings: [map("item", "image", "mesh")] },
    ["steps[1].input_mappings[0]", /item is known inside EACH only/],
  ),
  step(
    "the inside of a flow",
    { id: "how", task_type: "RESIZE", input_mappings: [map("input", "file1", "image")] },
    ["steps[1].input_mappings[0].from_step", /no step input/],
  ),
  bad(
    "steps in a circle",
    {
      ...good,
      steps: [
        { ...mesh, id: "a", depends_on: ["b"] },
        { ...mesh, id: "b", depends_on: ["a"] },
      ],
    },
    ["steps[1].id", /go in a circle: b -> a -> b/],
  ),
  changed("a step that waits for itself", { depends_on: ["mesh"] }, [
    "steps[0].id",
    /go in a circle: mesh -> mesh/,
  ]),
  step(
    "a number that is too small",
    { id: "small", task_type: "REFINE", config: { triangles: 1 }, input_mappings: ofMesh },
    ["steps[1].config.triangles", /at least 4/],
  ),
  step("no number of triangles", { id: "small", task_type: "REFINE", input_mappings: ofMesh }, [
    "steps[1].config",
    /needs config.triangles/,
  ]),
  step(
    "an unknown format",
    { id: "stl", task_type: "CONVERT", config: { format: "doc" }, input_mappings: ofMesh },
    ["steps[1].config.format", /"doc" is not one of/],
  ),
  step(
    "a size for what has none",
    {
      id: "obj",
      task_type: "CONVERT",
      config: { format: "obj", size_mm: 5 },
      input_mappings: ofMesh,
    },
    ["steps[1].config", /has no size in millimetres/],
  ),
  step("a scale without a word", { id: "big", task_type: "SCALE", input_mappings: ofMesh }, [
    "steps[1].config",
    /factor or size_mm/,
  ]),
  step(
    "a pick by nothing",
    {
      id: "best",
      task_type: "PICK",
      input_mappings: [map("mesh", "mesh", "meshes"), map("mesh", "mesh", "meshes")],
    },
    ["steps[1].config", /needs config.by/],
  ),
  each("EACH over nothing", { config: {} }, ["steps[1].config", /The step all needs over/]),
  each("EACH over an empty list", { config: { over: [] } }, [
    "steps[1].config.over",
    /must not be empty/,
  ]),
  each("EACH over a list twice", { input_mappings: [map("mesh", "mesh", "over")] }, [
    "steps[1].config.over",
    /said twice/,
  ]),
  each(
    "EACH over one",
    {
      config: {},
      input_mappings: [map("mesh", "mesh", "over")],
      steps: [{ id: "how", task_type: "MEASURE", input_mappings: [map("item", "mesh", "mesh")] }],
    },
    ["steps[1].input_mappings[0]", /is one mesh, and EACH goes over a list/],
  ),
  each("an input of EACH", { input_mappings: [map("mesh", "mesh", "mesh")] }, [
    "steps[1].input_mappings[0].to_field",
    /takes nothing but over/,
  ]),
  each("EACH without steps", { steps: [] }, ["steps[1].steps", /must not be empty/]),
  each(
    "EACH inside EACH",
    { steps: [{ id: "a", task_type: "EACH", steps: [] }] },
    ["steps[1].steps[0].task_type", /EACH can't be inside EACH/],
    ["steps[1].steps[0].steps", /not known here/],
  ),
  each(
    "an output of EACH that is not there",
    { outputs: { image: { from_step: "small", from_field: "mush" } } },
    ["steps[1].outputs.image", /RESIZE gives no mush/],
  ),
  each(
    "a picture of EACH that is none",
    { config: { over: [PIXEL, "data:image/png;base64,aGVsbG8="] } },
    ["steps[1].config.over[1]", /no picture/],
  ),
  each(
    "something wrong inside EACH",
    {
      steps: [
        {
          id: "small",
          task_type: "RESIZE",
          config: { longest: 1 },
          input_mappings: [map("item", "image", "image")],
        },
      ],
    },
    ["steps[1].steps[0].config.longest", /at least 16/],
  ),
  bad(
    "several things at once",
    {
      ...good,
      steps: [
        { ...mesh, provider_config: { provider_type: "big" }, max_retries: 1 },
        { id: "how", task_type: "MEASURE", input_mappings: [map("mush", "mesh", "mesh")] },
      ],
    },
    ["steps[0].provider_config.provider_type", /no provider big/],
    ["steps[1].input_mappings[0]", /no step mush/],
  ),
];
