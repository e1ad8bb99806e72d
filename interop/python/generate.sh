#!/bin/sh
# Generates the Python code of the protos, for the library and for the example's inventory.
#
# The compiler is the last one that runs on Python 3.9: what it makes runs on that protobuf release and on every
# later one up to the next major. It is installed into a folder of its own, which is removed at the end.
set -eu
cd "$(dirname "$0")/../.."

tools="$(mktemp -d)"
trap 'rm -rf "$tools"' EXIT
"${PYTHON:-python3}" -m pip install --quiet --target "$tools" grpcio-tools==1.80.0 setuptools==80.9.0

compile() {
  out="$1"
  shift
  PYTHONPATH="$tools" "${PYTHON:-python3}" -m grpc_tools.protoc \
    -Iproto -Iproto/vendor -Iexamples/shopping-cart/proto --python_out="$out" --pyi_out="$out" "$@"
}

library=interop/python/src
compile "$library" samspel/v1/errors.proto samspel/v1/options.proto samspel/v1/subscribe.proto \
  samspel/v1/tell.proto

inventory=examples/shopping-cart/inventory/src
compile "$inventory" cart/v1/cart_topics.proto
compile "$inventory" --grpc_python_out="$inventory" inventory/v1/inventory_api.proto
