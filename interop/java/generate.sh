#!/bin/sh
# Generates the Java code of the protos: for the library, for the program of the suite, and for the example's billing.
# The compilers come from Maven, pinned.
set -eu
cd "$(dirname "$0")/../.."

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) platform=linux-x86_64 ;;
  Linux-aarch64) platform=linux-aarch_64 ;;
  Darwin-*) platform=osx-aarch_64 ;;
  *) echo "no protoc for $(uname -sm)" >&2; exit 1 ;;
esac
tools="$(mktemp -d)"
trap 'rm -rf "$tools"' EXIT

fetch() {
  mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy \
    -Dartifact="$1" -DoutputDirectory="$tools" -Dmdep.stripVersion=true
}
fetch "com.google.protobuf:protoc:4.34.1:exe:$platform"
fetch "io.grpc:protoc-gen-grpc-java:1.83.0:exe:$platform"
fetch com.google.protobuf:protobuf-java:4.34.1:jar
chmod +x "$tools"/*.exe
(cd "$tools" && jar xf protobuf-java.jar google/protobuf)

# compile FOLDER PACKAGE… -- PROTO…: makes these packages anew in the folder's sources.
compile() {
  out="$1/src/main/java"
  shift
  mkdir -p "$out"
  while [ "$1" != -- ]; do
    rm -rf "${out:?}/$1"
    shift
  done
  shift
  "$tools/protoc-$platform.exe" -Iproto -Iproto/vendor -Iexamples/shopping-cart/proto -Iinterop/proto -I"$tools" \
    --plugin=protoc-gen-grpc-java="$tools/protoc-gen-grpc-java-$platform.exe" \
    --java_out="$out" --grpc-java_out="@generated=omit:$out" "$@"
}

compile interop/java/library samspel -- samspel/v1/errors.proto samspel/v1/options.proto \
  samspel/v1/policy.proto samspel/v1/subscribe.proto samspel/v1/tell.proto
compile interop/java/scenario samspel -- samspel/scenario/v1/scenario.proto
compile examples/shopping-cart/billing billing/v1 cart shipping -- cart/v1/cart_topics.proto \
  billing/v1/billing_api.proto billing/v1/billing_topics.proto shipping/v1/shipping_api.proto
