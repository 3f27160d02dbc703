#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The Go runner of the scenario, which is built first; README.md beside this file describes what it reads and writes.
# With `test`, the module's own tests and examples.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/tests/bindings/skip.sh"
cd "$root/bindings/go" || exit
export CGO_ENABLED=0 GOFLAGS=-mod=readonly GOTOOLCHAIN=local

go version >/dev/null 2>&1 || skip "${1:-}" 'there is no Go (golang-go)'
timeout 60 go mod download >&2 || skip "${1:-}" 'the module purego cannot be fetched'
mkdir -p "$root/build/bindings"
if [ "${1:-}" = test ]; then
    unformatted=$(gofmt -l .)
    [ -z "$unformatted" ] || { printf 'gofmt would change %s\n' "$unformatted" && exit 1; }
    go vet ./... && go test -count=1 ./... && go run ./examples/estimate &&
        echo 'It is sunny.' | go run ./examples/chat "$root/tests/data/chat/scripted.gguf" &&
        go build -o "$root/build/bindings/serve" ./examples/serve &&
        python3 "$root/tests/bindings/programs.py" serve "$root/build/bindings/serve"
    exit
fi
go build -o "$root/build/bindings/run_go" ./internal/scenario >&2 || exit
cd "$root" && exec build/bindings/run_go
