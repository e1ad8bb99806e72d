#!/bin/sh
# Generates the Go code of the protos: for the library, for the suite's program, and for the example's shipping.
#
# The plugins are pinned by tools/go.mod, buf by the workspace's package.json. With a folder as its argument it leaves
# the code as it is, and writes what it should be there: as if the folder were this one.
set -eu
cd "$(dirname "$0")"
PATH="$PWD/../../node_modules/.bin:$PATH"
out="${1:-.}"

buf generate ../.. --template buf.gen.library.yaml -o "$out" --path ../../proto/samspel/v1/errors.proto \
  --path ../../proto/samspel/v1/options.proto --path ../../proto/samspel/v1/policy.proto \
  --path ../../proto/samspel/v1/subscribe.proto --path ../../proto/samspel/v1/tell.proto
buf generate ../.. --template buf.gen.scenario.yaml -o "$out" --path ../../interop/proto/samspel/scenario
buf generate ../.. --template buf.gen.shipping.yaml -o "$out" \
  --path ../../examples/shopping-cart/proto/cart/v1/cart_topics.proto \
  --path ../../examples/shopping-cart/proto/shipping
