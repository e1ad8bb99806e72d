"""What a client dials: `consul:///orders.v1.OrderService?version=2&tag=canary`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional
from urllib.parse import parse_qsl, urlsplit

from samspel.discovery.endpoint import Endpoint

_PROTO_SERVICE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")


@dataclass(frozen=True)
class Target:
    """A proto service, and which of its instances."""

    proto_service: str
    #: `host:port` of a registry of its own.
    registry: Optional[str] = None
    #: Another datacenter than the agent's.
    datacenter: Optional[str] = None
    #: Tags that an instance must have.
    tags: tuple[str, ...] = ()
    #: Meta that an instance must have, such as `version`.
    meta: tuple[tuple[str, str], ...] = ()

    def accepts(self, endpoint: Endpoint) -> bool:
        """Whether an instance is one of those meant: its own tags have the proto service, and the filters hold."""
        return (
            self.proto_service in endpoint.tags
            and all(tag in endpoint.tags for tag in self.tags)
            and all(pair in endpoint.meta for pair in self.meta)
        )


def parse_target(target: str) -> Target:
    """Reads a target. A bare name is a proto service.

    :raises ValueError: which says what is wrong with it
    """
    parts = urlsplit(target if "://" in target else f"consul:///{target}")
    name = parts.path.lstrip("/")
    if parts.scheme != "consul" or not _PROTO_SERVICE.fullmatch(name):
        raise ValueError(
            f"A target must be consul:///<full name of a proto service>, such as "
            f"consul:///orders.v1.OrderService: it is {target!r}"
        )
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    return Target(
        name,
        registry=parts.netloc or None,
        datacenter=next((value for key, value in pairs if key == "dc"), None),
        tags=tuple(value for key, value in pairs if key == "tag"),
        meta=tuple((key, value) for key, value in pairs if key not in ("dc", "tag")),
    )
