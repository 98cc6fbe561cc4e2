#!/bin/sh
# Runs the JavaScript tests with the given node; installs esbuild first when nobody has.
set -e
cd "$(dirname "$0")/../js"
[ -d node_modules/esbuild ] || npm ci --no-audit --no-fund --silent
exec "$1" --test tests/*.test.js
