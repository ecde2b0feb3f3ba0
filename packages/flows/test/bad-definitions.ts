/** A definition, what is wrong with it, and where: the line and a word that stands there. */
export interface Bad {
  readonly name: string;
  readonly text: string;
  /** The line of each refusal, in their order, and a part of its sentence. */
  readonly refusals: readonly (readonly [line: number, column: number, sentence: RegExp])[];
}

const head = `version: 1
name: Test
inputs:
  picture: { type: image }
  pictures: { type: image, many: true }
  count: { type: number, default: 100 }
servers:
  big: { url: "http://127.0.0.1:8765" }
steps:
  - id: mesh
    uses: generate
    with: { model: builtin/auto }
    inputs: { image: input.picture }
`;
const bad = (name: string, text: string, ...refusals: Bad["refusals"]): Bad => ({
  name,
  text,
  refusals,
});
/** Steps behind a good one, which ends in line 13. */
const more = (name: string, text: string, ...refusals: Bad["refusals"]): Bad =>
  bad(name, head + text, ...refusals);
/** One step in the place of the good one; its id is in line 4. */
const one = (name: string, text: string, ...refusals: Bad["refusals"]): Bad =>
  bad(name, `version: 1\nname: Test\nsteps:\n${text}`, ...refusals);

export const BAD: readonly Bad[] = [
  bad("nothing", "", [1, 1, /is empty/]),
  bad("no YAML", "version: 1\nname: [a\nsteps: []\n", [3, 1, /no YAML/]),
  bad("a text", "hello\n", [1, 1, /must be a map, not a text/]),
  bad("a list", "- a\n- b\n", [1, 1, /must be a map, not a list/]),
  bad("a key twice", "version: 1\nname: A\nname: B\nsteps: []\n", [
    3,
    1,
    /no YAML: Map keys must be unique/,
  ]),
  bad("tabs", "version: 1\nname: A\nsteps:\n\t- id: a\n", [4, 1, /no YAML: Tabs/]),
  bad("an alias", "version: 1\nname: &n A\nsteps:\n  - id: *n\n", [1, 1, /Aliases/]),
  bad("broken JSON", '{"version": 1, "name": "A", "steps": [}', [1, 39, /no YAML/]),
  bad("no version", "name: A\nsteps: [{ id: a, uses: measure }]\n", [
    1,
    1,
    /version is missing|must be 1/,
  ]),
  bad("another version", "version: 2\nname: A\nsteps: [{ id: a, uses: http }]\n", [
    1,
    10,
    /must be 1/,
  ]),
  bad("the version as a text", 'version: "1"\nname: A\nsteps: [{ id: a, uses: http }]\n', [
    1,
    10,
    /must be 1/,
  ]),
  bad("no name", "version: 1\nsteps: [{ id: a, uses: http }]\n", [1, 1, /name is missing/]),
  bad("an empty name", 'version: 1\nname: ""\nsteps: [{ id: a, uses: http }]\n', [
    2,
    7,
    /must not be empty/,
  ]),
  bad("a number for a name", "version: 1\nname: 5\nsteps: [{ id: a, uses: http }]\n", [
    2,
    7,
    /must be a text, not a number/,
  ]),
  bad("no steps", "version: 1\nname: A\n", [1, 1, /steps is missing/]),
  bad("an empty list of steps", "version: 1\nname: A\nsteps: []\n", [3, 8, /must not be empty/]),
  bad("steps as a map", "version: 1\nname: A\nsteps: { a: 1 }\n", [
    3,
    8,
    /must be a list, not a map/,
  ]),
  bad("an unknown key", "version: 1\nname: A\nstepz: 1\nsteps: [{ id: a, uses: http }]\n", [
    3,
    1,
    /stepz is not known here. Did you mean steps\?/,
  ]),
  bad(
    "too many at once",
    "version: 1\nname: A\nparallel: 1000\nsteps: [{ id: a, uses: http }]\n",
    [3, 11, /at most 256/],
    [4, 9, /needs with.url/],
    [4, 24, /needs inputs.file/],
  ),
  bad(
    "half a step at once",
    "version: 1\nname: A\nparallel: 1.5\nsteps: [{ id: a, uses: http }]\n",
    [3, 11, /whole number/],
    [4, 9, /needs with.url/],
    [4, 24, /needs inputs.file/],
  ),
  bad(
    "a server without an address",
    "version: 1\nname: A\nservers:\n  big: {}\nsteps: [{ id: a, uses: http }]\n",
    [4, 8, /url is missing/],
  ),
  bad(
    "a server that is a file",
    "version: 1\nname: A\nservers:\n  big: { url: file:///x }\nsteps: [{ id: a, uses: http }]\n",
    [4, 15, /http or https/],
  ),
  bad(
    "an input of no type",
    "version: 1\nname: A\ninputs:\n  p: { type: picture }\nsteps: [{ id: a, uses: http }]\n",
    [4, 14, /"picture" is not one of image, mesh/],
  ),

  one("a step without an id", "  - uses: measure\n", [4, 5, /id is missing/]),
  one("an id with a blank", "  - id: my step\n    uses: measure\n", [4, 9, /begin with a letter/]),
  one("a step that uses nothing", "  - id: a\n", [4, 5, /say what the step uses: each, generate/]),
  one("an unknown kind", "  - id: a\n    uses: simplfy\n", [
    5,
    11,
    /no kind of step "simplfy". Did you mean simplify\?/,
  ]),
  one("a kind that is a number", "  - id: a\n    uses: 5\n", [5, 11, /say what the step uses/]),
  one("a step that is a text", "  - measure\n", [4, 5, /must be a map, not a text/]),
  one(
    "retries below none",
    "  - id: a\n    uses: measure\n    retries: -1\n",
    [5, 11, /needs inputs.mesh/],
    [6, 14, /at least 0/],
  ),
  one(
    "too many retries",
    "  - id: a\n    uses: measure\n    retries: 99\n",
    [5, 11, /needs inputs.mesh/],
    [6, 14, /at most 20/],
  ),
  one(
    "no time at all",
    "  - id: a\n    uses: measure\n    timeout: 0\n",
    [5, 11, /needs inputs.mesh/],
    [6, 14, /more than 0/],
  ),
  one(
    "a timeout in words",
    "  - id: a\n    uses: measure\n    timeout: 5 minutes\n",
    [5, 11, /needs inputs.mesh/],
    [6, 14, /must be a number, not a text/],
  ),
  one(
    "locked as a word",
    "  - id: a\n    uses: measure\n    locked: please\n",
    [5, 11, /needs inputs.mesh/],
    [6, 13, /true or false, not a text/],
  ),
  one("an unknown key of a step", "  - id: a\n    uses: measure\n    retrys: 2\n", [
    6,
    5,
    /retrys is not known here. Did you mean retries\?/,
  ]),
  one("a reserved id", "  - id: input\n    uses: measure\n    inputs: { mesh: input.mesh }\n", [
    4,
    9,
    /No step can be called input/,
  ]),

  more(
    "two steps of one name",
    "  - id: mesh\n    uses: measure\n    inputs: { mesh: mesh.mesh }\n",
    [14, 9, /two steps mesh/],
  ),
  more(
    "two steps of one name, apart",
    "  - id: mesh\n    uses: cutout\n    inputs: { image: input.picture }\n",
    [14, 9, /two steps mesh/],
  ),
  more("an unknown step", "  - id: a\n    uses: measure\n    inputs: { mesh: mush.mesh }\n", [
    16,
    21,
    /no step mush. Did you mean mesh\?/,
  ]),
  more("an unknown output", "  - id: a\n    uses: measure\n    inputs: { mesh: mesh.file }\n", [
    16,
    21,
    /generate gives no file/,
  ]),
  more(
    "an unknown input of the flow",
    "  - id: a\n    uses: cutout\n    inputs: { image: input.pictur }\n",
    [16, 22, /no input pictur. Did you mean picture/],
  ),
  more(
    "an address without an output",
    "  - id: a\n    uses: measure\n    inputs: { mesh: mesh }\n",
    [16, 21, /STEP\.OUTPUT/],
  ),
  more(
    "a file's name for an address",
    "  - id: a\n    uses: measure\n    inputs: { mesh: ./duck.glb }\n",
    [16, 21, /STEP\.OUTPUT/],
  ),
  more(
    "a picture for a mesh",
    "  - id: a\n    uses: measure\n    inputs: { mesh: input.picture }\n",
    [16, 21, /takes a mesh, and input.picture is an image/],
  ),
  more("a mesh for a picture", "  - id: a\n    uses: resize\n    inputs: { image: mesh.mesh }\n", [
    16,
    22,
    /takes an image, and mesh.mesh is a mesh/,
  ]),
  more(
    "a file for a mesh",
    "  - id: a\n    uses: convert\n    with: { format: stl }\n    inputs: { mesh: mesh.mesh }\n  - id: b\n    uses: measure\n    inputs: { mesh: a.file }\n",
    [20, 21, /takes a mesh, and a.file is a file/],
  ),
  more(
    "a text for a number",
    "  - id: a\n    uses: simplify\n    inputs: { mesh: mesh.mesh, triangles: mesh.run_id }\n",
    [16, 43, /takes a number, and mesh.run_id is a text/],
  ),
  more("a list for one", "  - id: a\n    uses: cutout\n    inputs: { image: input.pictures }\n", [
    16,
    22,
    /takes one image, and input.pictures is a list/,
  ]),
  more(
    "two for one",
    "  - id: a\n    uses: measure\n    inputs: { mesh: [mesh.mesh, mesh.mesh] }\n",
    [16, 21, /takes at most 1, and these are 2/],
  ),
  more("one for two", "  - id: a\n    uses: merge\n    inputs: { meshes: mesh.mesh }\n", [
    16,
    23,
    /at least 2, and this is 1/,
  ]),
  more("a missing input", "  - id: a\n    uses: measure\n", [15, 11, /needs inputs.mesh/]),
  more(
    "an unknown input",
    "  - id: a\n    uses: measure\n    inputs: { mesh: mesh.mesh, model: mesh.run_id }\n",
    [16, 32, /measure takes no model/],
  ),
  more(
    "a circle",
    "  - id: a\n    uses: simplify\n    with: { triangles: 10 }\n    inputs: { mesh: b.mesh }\n  - id: b\n    uses: scale\n    with: { factor: 2 }\n    inputs: { mesh: a.mesh }\n",
    [18, 9, /circle: b -> a -> b/],
  ),
  more(
    "a circle through needs",
    "  - id: a\n    uses: measure\n    needs: [b]\n    inputs: { mesh: mesh.mesh }\n  - id: b\n    uses: measure\n    needs: [a]\n    inputs: { mesh: mesh.mesh }\n",
    [18, 9, /circle: b -> a -> b/],
  ),
  more(
    "a step that needs itself",
    "  - id: a\n    uses: measure\n    needs: [a]\n    inputs: { mesh: mesh.mesh }\n",
    [14, 9, /circle: a -> a/],
  ),
  more(
    "a need that is not there",
    "  - id: a\n    uses: measure\n    needs: [mash]\n    inputs: { mesh: mesh.mesh }\n",
    [16, 13, /no step mash. Did you mean mesh/],
  ),

  more("a missing param", "  - id: a\n    uses: simplify\n    inputs: { mesh: mesh.mesh }\n", [
    14,
    5,
    /needs with.triangles/,
  ]),
  more(
    "an unknown param",
    "  - id: a\n    uses: simplify\n    with: { triangels: 10 }\n    inputs: { mesh: mesh.mesh }\n",
    [16, 13, /triangels is not known here. Did you mean triangles\?/],
  ),
  more(
    "too few triangles",
    "  - id: a\n    uses: simplify\n    with: { triangles: 3 }\n    inputs: { mesh: mesh.mesh }\n",
    [16, 24, /at least 4/],
  ),
  more(
    "half a triangle",
    "  - id: a\n    uses: simplify\n    with: { triangles: 10.5 }\n    inputs: { mesh: mesh.mesh }\n",
    [16, 24, /whole number/],
  ),
  more(
    "triangles as a text",
    '  - id: a\n    uses: simplify\n    with: { triangles: "many" }\n    inputs: { mesh: mesh.mesh }\n',
    [16, 24, /must be a number, not a text/],
  ),
  more(
    "a format that nobody writes",
    "  - id: a\n    uses: convert\n    with: { format: fbx }\n    inputs: { mesh: mesh.mesh }\n",
    [16, 21, /"fbx" is not one of glb, obj, stl, ply and 3mf/],
  ),
  more(
    "a size of what is not printed",
    "  - id: a\n    uses: convert\n    with: { format: glb, size_mm: 80 }\n    inputs: { mesh: mesh.mesh }\n",
    [16, 11, /a glb has no size/],
  ),
  more(
    "two sizes",
    "  - id: a\n    uses: scale\n    with: { factor: 2, size_mm: 80 }\n    inputs: { mesh: mesh.mesh }\n",
    [16, 11, /one of the two/],
  ),
  more("no size", "  - id: a\n    uses: scale\n    inputs: { mesh: mesh.mesh }\n", [
    14,
    5,
    /one of the two/,
  ]),
  more(
    "a param said twice",
    "  - id: a\n    uses: simplify\n    with: { triangles: 10 }\n    inputs: { mesh: mesh.mesh, triangles: input.count }\n",
    [17, 43, /said twice/],
  ),
  more(
    "a server that is not named",
    "  - id: a\n    uses: generate\n    with: { model: a, server: bag }\n    inputs: { image: input.picture }\n",
    [16, 31, /no server bag in servers. Did you mean big\?/],
  ),
  more(
    "a server from another step",
    "  - id: a\n    uses: generate\n    with: { model: a }\n    inputs: { image: input.picture, server: mesh.run_id }\n",
    [17, 37, /takes no server/],
  ),
  more(
    "an address that is none",
    "  - id: a\n    uses: http\n    with: { url: nowhere }\n    inputs: { file: mesh.mesh }\n",
    [16, 18, /http or https/],
  ),

  more(
    "an unknown transform",
    "  - id: a\n    uses: simplify\n    inputs: { mesh: mesh.mesh, triangles: { from: input.count, times: 2 } }\n",
    [16, 64, /times is not known here/],
  ),
  more(
    "a transform of a picture",
    "  - id: a\n    uses: cutout\n    inputs: { image: { from: input.picture, multiply: 2 } }\n",
    [16, 22, /multiply can't be done to input.picture/],
  ),
  more(
    "arithmetic with a text",
    "  - id: a\n    uses: simplify\n    inputs: { mesh: mesh.mesh, triangles: { from: mesh.run_id, multiply: 2 } }\n",
    [16, 43, /multiply can't be done to mesh.run_id/],
  ),
  more(
    "a transform by a text",
    '  - id: a\n    uses: simplify\n    inputs: { mesh: mesh.mesh, triangles: { from: input.count, multiply: "2" } }\n',
    [16, 74, /must be a number, not a text/],
  ),
  more(
    "the first of one",
    "  - id: a\n    uses: cutout\n    inputs: { image: { from: input.picture, only: first } }\n",
    [16, 22, /no first of it/],
  ),

  more(
    "a fallback of no kind",
    "  - id: a\n    uses: simplify\n    with: { triangles: 10 }\n    inputs: { mesh: mesh.mesh }\n    fallback: { uses: nothing }\n",
    [18, 23, /"nothing" is not one of/],
  ),
  more(
    "a fallback that gives something else",
    "  - id: a\n    uses: simplify\n    with: { triangles: 10 }\n    inputs: { mesh: mesh.mesh }\n    fallback: { uses: preview }\n",
    [18, 23, /preview gives no mesh/],
  ),
  more(
    "a fallback that takes something else",
    "  - id: a\n    uses: simplify\n    with: { triangles: 10 }\n    inputs: { mesh: mesh.mesh }\n    fallback: { uses: generate, with: { model: a } }\n",
    [18, 23, /takes no mesh/],
    [18, 23, /needs inputs.image/],
  ),
  more(
    "a fallback with a wrong param",
    "  - id: a\n    uses: simplify\n    with: { triangles: 10 }\n    inputs: { mesh: mesh.mesh }\n    fallback: { with: { triangles: 1 } }\n",
    [18, 36, /at least 4/],
  ),
  more(
    "a fallback that lacks a param",
    "  - id: a\n    uses: simplify\n    with: { triangles: 10 }\n    inputs: { mesh: mesh.mesh }\n    fallback: {}\n",
    [18, 15, /a in its fallback needs with.triangles/],
  ),

  more(
    "each over nothing",
    "  - id: all\n    uses: each\n    steps: [{ id: a, uses: cutout, inputs: { image: item } }]\n",
    [14, 5, /over is missing/],
  ),
  more(
    "each over one",
    "  - id: all\n    uses: each\n    over: input.picture\n    steps: [{ id: a, uses: cutout, inputs: { image: item } }]\n",
    [16, 11, /is one image, and each goes over a list/],
  ),
  more(
    "each without steps",
    "  - id: all\n    uses: each\n    over: input.pictures\n    steps: []\n",
    [17, 12, /must not be empty/],
  ),
  more(
    "each inside each",
    "  - id: all\n    uses: each\n    over: input.pictures\n    steps: [{ id: a, uses: each, over: input.pictures }]\n",
    [17, 28, /each can't be inside each/],
  ),
  more(
    "a wrong item",
    "  - id: all\n    uses: each\n    over: input.pictures\n    steps: [{ id: a, uses: measure, inputs: { mesh: item } }]\n",
    [17, 53, /takes a mesh, and item is an image/],
  ),
  more("item outside each", "  - id: a\n    uses: cutout\n    inputs: { image: item }\n", [
    16,
    22,
    /inside each only/,
  ]),
  more(
    "a step of each from outside",
    "  - id: all\n    uses: each\n    over: input.pictures\n    steps: [{ id: cut, uses: cutout, inputs: { image: item } }]\n  - id: b\n    uses: resize\n    inputs: { image: cut.image }\n",
    [20, 22, /inside all: name what came of each in its outputs/],
  ),
  more(
    "an output that each has not",
    "  - id: all\n    uses: each\n    over: input.pictures\n    steps: [{ id: cut, uses: cutout, inputs: { image: item } }]\n    outputs: { image: cut.picture }\n",
    [18, 23, /cutout gives no picture/],
  ),
  more(
    "each that waits for itself",
    "  - id: all\n    uses: each\n    over: input.pictures\n    steps: [{ id: cut, uses: cutout, needs: [all], inputs: { image: item } }]\n",
    [14, 9, /circle: all -> all/],
  ),
  more(
    "a name of outside inside",
    "  - id: all\n    uses: each\n    over: input.pictures\n    steps: [{ id: mesh, uses: cutout, inputs: { image: item } }]\n",
    [17, 19, /a step mesh outside already/],
  ),

  more("an output of nobody", "outputs: { result: mush.mesh }\n", [14, 20, /no step mush/]),
  bad(
    "a text for a number's default",
    "version: 1\nname: A\ninputs:\n  n: { type: number, default: many }\nsteps: [{ id: a, uses: http, with: { url: http://a.example }, inputs: { file: input.n } }]\n",
    [4, 31, /is a number, and its default is a text/],
    [5, 79, /takes a file/],
  ),
  bad(
    "a default of a list",
    "version: 1\nname: A\ninputs:\n  n: { type: image, many: true, default: a.png }\nsteps: [{ id: a, uses: cutout, inputs: { image: { from: input.n, only: first } } }]\n",
    [4, 42, /a list has no default/],
  ),
];
