import { may, must, should } from "./row.ts";

/** OUT: GET output_url. */
export const OUTPUT = {
  "OUT-01": must("The mesh downloads", "GET output_url: 200.", "It is the result.", "R-O1"),
  "OUT-02": must(
    "GLB by type",
    "A .glb is served as model/gltf-binary.",
    "Viewers choose by type.",
    "R-O2",
  ),
  "OUT-03": must(
    "GLB header",
    "Magic glTF, version 2, and the length field equals the bytes received.",
    "A cut file loads in no viewer.",
    "R-O2",
  ),
  "OUT-04": must(
    "GLB chunks",
    "The first chunk is JSON, lengths are multiples of 4 and add up to the file.",
    "A file written half looks whole from outside.",
    "R-O2",
  ),
  "OUT-05": must(
    "glTF 2",
    "The JSON chunk parses and asset.version begins with 2.",
    "Loaders check it.",
    "R-O2",
  ),
  "OUT-06": should(
    "Valid glTF",
    "Khronos' validator (if gltf-validator is installed) finds no error.",
    "Each viewer forgives something else.",
    "R-O3",
  ),
  "OUT-07": should(
    "A mesh with triangles",
    "At least one primitive; POSITION has finite min <= max; index count is a multiple of 3.",
    "An empty mesh is not what was asked for.",
    "R-O3",
  ),
  "OUT-08": must(
    "Two downloads are equal",
    "The same bytes twice.",
    "It may be overwritten while served.",
    "R-O4",
  ),
  "OUT-09": must(
    "One file a run",
    "Every done run has an output_url of its own.",
    "Names made of the time collide.",
    "R-O4",
  ),
  "OUT-10": must(
    "Each run gets its own mesh",
    "Four different pictures at once: each output belongs to its picture.",
    "Two runs in one process swap their results.",
    "R-P5",
  ),
  "OUT-11": must(
    "The place is inside the workspace",
    "output_url is relative to the host, with no .., no backslash, no scheme, also once decoded.",
    "Clients join it to a base URL.",
    "R-G11",
  ),
  "OUT-12": must(
    "Nothing else is served",
    "A missing file and a directory: 404 (or another 4xx), never a listing.",
    "A listing gives away every run.",
    "R-O5",
  ),
  "OUT-13": should(
    "Range",
    "bytes=0-11: 206 with these bytes, or 200 with all.",
    "Viewers read the head first.",
    "R-O6",
  ),
  "OUT-14": should(
    "HEAD",
    "HEAD of the file: 200 and the Content-Length of GET.",
    "Clients ask for the size first.",
    "R-O6",
  ),
  "OUT-15": should(
    "The mesh stays",
    "After the stable time it still downloads.",
    "People look later.",
    "R-O4",
  ),
  "OUT-17": must(
    "The mesh lives as long as its run",
    "As long as a read shows done, output_url downloads; 5 s after the end too.",
    "A clean-up that does not ask the run leaves addresses that lead nowhere.",
    "R-O4",
  ),
  "OUT-16": may(
    "ETag or Last-Modified",
    "The mesh comes with ETag or Last-Modified.",
    "Nobody needs to fetch it twice.",
    "R-O7",
  ),
  "OUT-18": must(
    "The mesh is of its picture, in every format",
    "Two different pictures of one format give two meshes: grey and palette PNG, JPEG, WebP.",
    "A decoder that gives up hands every picture the same mesh.",
    "R-P5",
  ),
  "OUT-19": must(
    "Nothing outside the workspace",
    "/workspace/ with .., encoded once and twice, doubled slashes, absolute paths and backslashes never gives a file of the system.",
    "Whoever can reach the server could read its disk.",
    "R-O5",
  ),
} as const;
