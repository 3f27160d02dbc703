#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The JavaScript runner of the scenario, run_javascript.mjs, behind the installation of its package. With `test`, the
# package's own tests, its types and its examples.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/tests/bindings/skip.sh"
cd "$root/bindings/javascript" || exit

install() {
    exec 9<package.json && flock 9 # two tests do this at once
    [ node_modules/.package-lock.json -nt package.json ] && return
    timeout 120 npm install --no-audit --no-fund --no-package-lock --ignore-scripts >&2
}

node -e 'process.exit(process.versions.node.split(".")[0] < 18 ? 1 : 0)' 2>/dev/null ||
    skip "${1:-}" 'there is no Node.js from 18 on (nodejs)'
command -v npm >/dev/null || skip "${1:-}" 'there is no npm'
install || skip "${1:-}" 'the package koffi cannot be fetched'
exec 9<&-
if [ "${1:-}" = test ]; then
    node --expose-gc test.js && node_modules/.bin/tsc --noEmit -p . && node examples/estimate.js &&
        echo 'It is sunny.' | node examples/chat.js "$root/tests/data/chat/scripted.gguf" &&
        python3 "$root/tests/bindings/programs.py" web node examples/web.js
    exit
fi
# Memory is watched. V8's young generation, what it compiles, and malloc's arena of every thread would grow for some
# thousand rounds, and stay as they are then.
export MALLOC_ARENA_MAX=1
cd "$root" && exec node --expose-gc --max-semi-space-size=1 --no-opt tests/bindings/run_javascript.mjs
