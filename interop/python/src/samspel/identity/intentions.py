"""May a service call this one? Consul's intentions, evaluated here as Consul would.

1. The matching intention of the highest precedence decides: an exact source comes before `*`.
2. One with permissions of HTTP paths counts as deny: they are not looked at.
3. What says anything but `allow` is deny.

`interop/vectors/intentions.json` holds all languages to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any


class Decision(Enum):
    """What intentions say of a caller."""

    ALLOW = "allow"
    DENY = "deny"
    #: Nothing: the registry's default decides.
    DEFAULT = "default"


def decide(intentions: Iterable[Mapping[str, Any]], source: str) -> Decision:
    """What the intentions whose destination is this service say of a calling service."""
    matching = [intention for intention in intentions if _matches(intention, source)]
    if not matching:
        return Decision.DEFAULT
    decisive = max(matching, key=lambda intention: int(intention.get("Precedence") or 0))
    if decisive.get("Permissions"):
        return Decision.DENY
    return Decision.ALLOW if decisive.get("Action") == "allow" else Decision.DENY


def _matches(intention: Mapping[str, Any], source: str) -> bool:
    """Whether it is about the source, in this cluster, partition and namespace."""
    return (
        not intention.get("SourcePeer")
        and (intention.get("SourceType") or "consul") == "consul"
        and (intention.get("SourcePartition") or "default") == "default"
        and (intention.get("SourceNS") or "default") in ("default", "*")
        and intention.get("SourceName") in (source, "*")
    )
