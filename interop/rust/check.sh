#!/bin/sh
# The gate of the Rust code: format, lint and unit tests, of the library, the scenario program and the example. It builds
# the programs, too, with the same artifacts.
set -eu
cd "$(dirname "$0")"

cargo fmt --all --check
cargo clippy --quiet --locked --workspace --all-targets --target-dir target -- -D warnings
cargo test --quiet --locked --workspace --target-dir target
