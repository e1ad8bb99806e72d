#!/bin/sh
# Generates the Python code of the protos: for the library, the suite's program, and the example's inventory.
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
    -Iproto -Iproto/vendor -Iinterop/proto -Iexamples/shopping-cart/proto --python_out="$out" --pyi_out="$out" "$@"
}

library=interop/python/src
compile "$library" samspel/v1/errors.proto samspel/v1/options.proto samspel/v1/policy.proto \
  samspel/v1/subscribe.proto samspel/v1/tell.proto

# The suite's package is samspel.scenario.v1, but the library's `samspel` is not the place for it.
scenario=interop/python/scenario/gen
compile "$tools" --grpc_python_out="$tools" samspel/scenario/v1/scenario.proto
mkdir -p "$scenario"
cp "$tools"/samspel/scenario/v1/scenario_pb2* "$scenario"
sed -i.orig 's/^from samspel.scenario.v1 import/from scenario.gen import/' "$scenario"/scenario_pb2_grpc.py
rm "$scenario"/scenario_pb2_grpc.py.orig

inventory=examples/shopping-cart/inventory/src
compile "$inventory" cart/v1/cart_topics.proto
compile "$inventory" --grpc_python_out="$inventory" inventory/v1/inventory_api.proto
