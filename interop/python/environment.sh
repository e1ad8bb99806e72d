#!/bin/sh
# Makes the virtual environment of this folder, `.venv`, with the pinned packages that the library runs on.
#
# The library itself and the suite's program are linked into it, so that changes count at once.
set -eu
cd "$(dirname "$0")"
requirements=../../examples/shopping-cart/inventory/requirements.txt

stamp="$(cksum < "$requirements")"
if [ "$(cat .venv/requirements.stamp 2>/dev/null)" != "$stamp" ]; then
  [ -x .venv/bin/pip ] || "${PYTHON:-python3}" -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r "$requirements"
  echo "$stamp" > .venv/requirements.stamp
fi
packages="$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
printf '%s\n%s\n' "$PWD/src" "$PWD" > "$packages/samspel-sources.pth"
