#!/bin/sh
# The gate of the Go code: generated code, format, vet, staticcheck and unit tests, of the library, the suite's program and the example.
set -eu
cd "$(dirname "$0")"
tools="$PWD/tools/go.mod"

generated="$(mktemp -d)"
trap 'rm -rf "$generated"' EXIT
./generate.sh "$generated/interop/go"
for folder in interop/go/gen interop/go/scenario/gen examples/shopping-cart/shipping/gen; do
  diff -r "../../$folder" "$generated/$folder" || {
    echo "$folder is not of the protos as they are: run interop/go/generate.sh" >&2
    exit 1
  }
done

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
