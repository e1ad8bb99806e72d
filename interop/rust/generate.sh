#!/bin/sh
# Generates the Rust code of the protos: of the library, of the scenario program, and of the example's recommendations.
#
# The compiler's versions are those of generate/Cargo.lock. What it makes is committed, so nobody needs it to build.
set -eu
cd "$(dirname "$0")"
cargo build --quiet --locked --manifest-path generate/Cargo.toml
generator="${CARGO_TARGET_DIR:-$PWD/generate/target}/debug/generate"
cd ../..
"$generator"
cargo fmt --manifest-path interop/rust/Cargo.toml --all
