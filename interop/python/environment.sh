#!/bin/sh
# Makes the virtual environment of this folder, `.venv`: the pinned packages that the library runs on, and those of
# the files that are named.
#
# The library itself and the suite's program are linked into it, so that changes count at once. Two that run this at
# the same time wait for each other.
set -eu
cd "$(dirname "$0")"

waited=0
until mkdir .venv.lock 2>/dev/null; do
  sleep 1
  waited=$((waited + 1))
  [ "$waited" -lt 300 ] || break # whoever had it is gone
done
trap 'rmdir .venv.lock 2>/dev/null || true' EXIT

# install <file> [option]: what a requirements file names, unless it is there.
install() {
  stamp=".venv/$(basename "$1").stamp"
  now="$(cksum < "$1")"
  [ "$(cat "$stamp" 2>/dev/null || true)" != "$now" ] || return 0
  .venv/bin/pip install --quiet --disable-pip-version-check ${2:-} -r "$1"
  echo "$now" > "$stamp"
}

[ -x .venv/bin/pip ] || "${PYTHON:-python3}" -m venv .venv
install ../../examples/shopping-cart/inventory/requirements.txt --require-hashes
for requirements in "$@"; do
  install "$requirements"
done
packages="$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
printf '%s\n%s\n' "$PWD/src" "$PWD" > "$packages/samspel-sources.pth"
