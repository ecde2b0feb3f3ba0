#!/bin/sh
# Many machines on one: PostgreSQL, Redis and S3, two API nodes behind one address, three workers.
# Prints what to type, and stops all of it on Ctrl-C.
#
#     scripts/cluster.sh [--port N] [--workers N]
set -e
cd "$(dirname "$0")/.."
npm run setup
npm run --silent build:page
exec node_modules/.bin/tsx --conditions=@modly-runs/source apps/server/scripts/cluster.ts "$@"
