"""Who calls, by its certificate."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """A service of the system that proved who it is."""

    service: str
    spiffe_id: str
