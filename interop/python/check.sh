#!/bin/sh
# The gate of the Python code: format, lint, types and unit tests, in a virtual environment of its own.
set -eu
cd "$(dirname "$0")"
inventory=../../examples/shopping-cart/inventory

environment="${VIRTUAL_ENV:-.venv}"
if [ ! -x "$environment/bin/ruff" ]; then
  "${PYTHON:-python3}" -m venv "$environment"
  "$environment/bin/pip" install --quiet -r "$inventory/requirements.in" -r requirements-check.txt
fi

"$environment/bin/ruff" format --check --config pyproject.toml . "$inventory"
"$environment/bin/ruff" check --config pyproject.toml . "$inventory"
"$environment/bin/mypy" --no-error-summary src/samspel "$inventory/src/inventory"
PYTHONPATH=src:. "$environment/bin/python" -m unittest discover -t . -s tests
