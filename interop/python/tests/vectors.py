"""What every language must compute alike: `interop/vectors`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def vectors(name: str) -> Any:
    """The content of a file of vectors."""
    path = Path(__file__).parents[2] / "vectors" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))
