#!/usr/bin/env bash
# check.sh SIDE FOLDER: starts the server of one side, checks it, and ends it. SIDE is base or head.
# Reads START, URL, PREPARE, ARGUMENTS and PATIENCE. Both sides are judged with the configuration of the
# change, so the suite runs in the folder where this is called.
set -euo pipefail
side=$1 folder=$2
reports="$RUNNER_TEMP/reports"
log="$reports/$side.log"
mkdir -p "$reports"
rm -f "$reports/$side.json"
# The words of ARGUMENTS are those of a shell, quotes and all.
eval "arguments=(${ARGUMENTS:-})"

if [ -n "${PREPARE:-}" ]; then
  echo "::group::Prepare the $side"
  (cd "$folder" && bash -c "$PREPARE") || echo "::warning::The command \"prepare\" failed in the $side."
  echo "::endgroup::"
fi

if curl -s -o /dev/null --max-time 5 "$URL"; then
  echo "::error::Something answers at $URL before the server of the $side was started. Choose a free port."
  exit 3
fi

# A process group of its own, so that whatever the command starts ends with it.
set -m
(cd "$folder" && exec bash -c "$START") > "$log" 2>&1 &
server=$!
set +m
gone() { ! kill -0 -- "-$server" 2>/dev/null; }
finish() {
  kill -TERM -- "-$server" 2>/dev/null || true
  for _ in $(seq 50); do gone && break; sleep 0.1; done
  kill -KILL -- "-$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
}
trap finish EXIT

for _ in $(seq $((${PATIENCE:-60} * 5))); do
  curl -s -o /dev/null --max-time 5 "$URL" && break
  if gone; then
    echo "::warning::The server of the $side has ended before it answered. Its last words:"
    tail -n 20 "$log"
    break
  fi
  sleep 0.2
done

echo "::group::The $side"
code=0
"$RUNNER_TEMP/conformance/node_modules/.bin/modly-runs-conformance" run --url "$URL" \
  ${arguments[@]+"${arguments[@]}"} --json "$reports/$side.json" --html "$reports/$side.html" || code=$?
echo "::endgroup::"
# A broken contract is the comparison's matter. Without a report the call itself was wrong.
[ -f "$reports/$side.json" ] || exit "$code"
