#!/bin/sh
# The gate of the Python code: format, lint, types and unit tests, in a virtual environment of its own.
set -eu
cd "$(dirname "$0")"
inventory=../../examples/shopping-cart/inventory

sh environment.sh requirements-check.txt

.venv/bin/ruff format --check --config pyproject.toml . "$inventory"
.venv/bin/ruff check --config pyproject.toml . "$inventory"
.venv/bin/mypy --no-error-summary src/samspel scenario "$inventory/src/inventory"
.venv/bin/python -m unittest discover -t . -s tests
