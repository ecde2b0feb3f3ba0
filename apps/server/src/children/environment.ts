/** What a child may know of its surroundings: where programs and temporary files are, and the language. */
const PASSED = [
  "PATH",
  "HOME",
  "USER",
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "TZ",
  "TMPDIR",
  "TEMP",
  "TMP",
  "SYSTEMROOT",
  "WINDIR",
  "LD_LIBRARY_PATH",
];

/**
 * The environment for a child process: what it needs to run and nothing more, so that a decoder that
 * is taken over finds no token of the server, nor any secret of the shell that started it.
 */
export function childEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(
    PASSED.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
  );
}
