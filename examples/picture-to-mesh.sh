#!/bin/sh
# A picture becomes a mesh with nothing but curl: create, read until it ends, download.
#   sh examples/picture-to-mesh.sh examples/duck.png duck.glb
set -eu
if [ $# -ne 2 ]; then
  echo "usage: sh $0 PICTURE MESH.glb" >&2
  exit 2
fi
picture=$1
mesh=$2
api=${MODLY_API_URL:-http://127.0.0.1:8765}
model=${MODEL:-builtin/auto}

# One value out of an answer: enough for these flat ones; where jq is at hand, use jq.
value() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p"; }

created=$(curl -sS --fail-with-body "$api/workflow-runs/from-image" \
  -F "image=@$picture" -F "model_id=$model") || { echo "$created" >&2; exit 1; }
id=$(echo "$created" | value run_id)
echo "Run $id" >&2

while :; do
  # wait=20: the server answers when the run has ended or 20 seconds are over. Others answer at once.
  run=$(curl -sS --fail-with-body -H "Prefer: wait=20" "$api/workflow-runs/$id") || { echo "$run" >&2; exit 1; }
  case $(echo "$run" | value status) in
    done) break ;;
    error | cancelled) echo "$run" >&2; exit 1 ;;
  esac
  sleep 0.5
done

curl -sS --fail -o "$mesh" "$api$(echo "$run" | value output_url)"
echo "$mesh"
