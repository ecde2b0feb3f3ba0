// Writes a comparison as a comment of the pull request NUMBER; the one of an earlier run is replaced.
import { readFile } from "node:fs/promises";

const MARK = "<!-- modly-runs-conformance -->";
const { GITHUB_API_URL, GITHUB_REPOSITORY, NUMBER, TOKEN } = process.env;
const issues = `${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}/issues`;

async function ask(method, url, content) {
  const answer = await fetch(url, {
    method,
    headers: {
      Accept: "application/vnd.github+json",
      Authorization: `Bearer ${TOKEN}`,
      "Content-Type": "application/json",
    },
    ...(content ? { body: JSON.stringify(content) } : {}),
  });
  if (!answer.ok) throw new Error(`${method} ${url} was answered ${answer.status}`);
  return answer.json();
}

async function earlier(page = 1) {
  const comments = await ask("GET", `${issues}/${NUMBER}/comments?per_page=100&page=${page}`);
  const own = comments.find(({ body }) => body?.startsWith(MARK));
  return own ?? (comments.length === 100 ? earlier(page + 1) : undefined);
}

try {
  const body = `${MARK}\n${await readFile(process.argv[2], "utf8")}`;
  const before = await earlier();
  if (before) await ask("PATCH", `${issues}/comments/${before.id}`, { body });
  else await ask("POST", `${issues}/${NUMBER}/comments`, { body });
} catch (error) {
  // The summary of the job has it all the same; a fork's token may not write.
  process.stdout.write(
    `::warning::The comparison could not be written as a comment: ${String(error)}\n`,
  );
}
