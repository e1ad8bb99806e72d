#!/bin/sh
# The gate of the Go code: format, vet, staticcheck and unit tests, of the library, the suite's program and the example.
set -eu
cd "$(dirname "$0")"
tools="$PWD/tools/go.mod"

for folder in . ../../examples/shopping-cart/shipping; do
  (
    cd "$folder"
    unformatted="$(gofmt -l .)"
    if [ -n "$unformatted" ]; then
      echo "not formatted by gofmt: $unformatted" >&2
      exit 1
    fi
    go mod tidy -diff
    go vet ./...
    go tool -modfile="$tools" staticcheck ./...
    go test ./...
  )
done
