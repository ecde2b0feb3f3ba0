import { may, must, should } from "./row.ts";

/** OUT: GET output_url. */
export const OUTPUT = {
  "OUT-01": must("The mesh downloads", "GET output_url: 200.", "It is the result."),
  "OUT-02": must(
    "GLB by type",
    "A .glb is served as model/gltf-binary.",
    "Viewers choose by type.",
  ),
  "OUT-03": must(
    "GLB header",
    "Magic glTF, version 2, and the length field equals the bytes received.",
    "A cut file loads in no viewer.",
  ),
  "OUT-04": must(
    "GLB chunks",
    "The first chunk is JSON, lengths are multiples of 4 and add up to the file.",
    "A file written half looks whole from outside.",
  ),
  "OUT-05": must(
    "glTF 2",
    "The JSON chunk parses and asset.version begins with 2.",
    "Loaders check it.",
  ),
  "OUT-06": should(
    "Valid glTF",
    "Khronos' validator (if gltf-validator is installed) finds no error.",
    "Each viewer forgives something else.",
  ),
  "OUT-07": should(
    "A mesh with triangles",
    "At least one primitive; POSITION has finite min <= max; index count is a multiple of 3.",
    "An empty mesh is not what was asked for.",
  ),
  "OUT-08": must(
    "Two downloads are equal",
    "The same bytes twice.",
    "It may be overwritten while served.",
  ),
  "OUT-09": must(
    "One file a run",
    "Every done run has an output_url of its own.",
    "Names made of the time collide.",
  ),
  "OUT-10": must(
    "Each run gets its own mesh",
    "Four different pictures at once: each output belongs to its picture.",
    "Two runs in one process swap their results.",
  ),
  "OUT-11": must(
    "The place is inside the workspace",
    "output_url is relative to the host, with no .., no backslash, no scheme, also once decoded.",
    "Clients join it to a base URL.",
  ),
  "OUT-12": must(
    "Nothing else is served",
    "A missing file and a directory: 404 (or another 4xx), never a listing.",
    "A listing gives away every run.",
  ),
  "OUT-13": should(
    "Range",
    "bytes=0-11: 206 with these bytes, or 200 with all.",
    "Viewers read the head first.",
  ),
  "OUT-14": should(
    "HEAD",
    "HEAD of the file: 200 and the Content-Length of GET.",
    "Clients ask for the size first.",
  ),
  "OUT-15": should(
    "The mesh stays",
    "After the stable time it still downloads.",
    "People look later.",
  ),
  "OUT-16": may("Validators", "ETag or Last-Modified.", "Nobody needs to fetch it twice."),
} as const;
