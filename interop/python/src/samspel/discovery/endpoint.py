"""An instance as a caller sees it in the registry (R1, R2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samspel.consul import ConsulError


@dataclass(frozen=True)
class Endpoint:
    """One live instance of a service."""

    id: str
    service: str
    host: str
    port: int
    tags: tuple[str, ...]
    #: Pairs, sorted, so that equal instances are equal.
    meta: tuple[tuple[str, str], ...]
    datacenter: str

    @property
    def address(self) -> str:
        """`host:port`, as gRPC and logs write it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def secure(self) -> bool:
        """Whether it speaks TLS and wants to know who calls."""
        return dict(self.meta).get("secure") == "true"

    @property
    def takes_tls(self) -> bool:
        """Whether it speaks TLS, be it beside plaintext, as services do that are on their way to it."""
        return self.secure or dict(self.meta).get("mtls") == "optional"


def read_endpoints(entries: Any) -> tuple[Endpoint, ...]:
    """The instances in an answer of `/v1/health/service/<name>`.

    :raises ConsulError: where it is no such answer
    """
    try:
        return tuple(_read(entry) for entry in entries)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ConsulError(f"The registry answered no list of instances: {error!r}") from error


def _read(entry: Mapping[str, Any]) -> Endpoint:
    service, node = entry["Service"], entry["Node"]
    return Endpoint(
        id=str(service["ID"]),
        service=str(service["Service"]),
        # An instance without an address of its own is where its agent is.
        host=str(service.get("Address") or node["Address"]),
        port=int(service["Port"]),
        tags=tuple(service.get("Tags") or ()),
        meta=tuple(sorted((service.get("Meta") or {}).items())),
        datacenter=str(node.get("Datacenter") or ""),
    )
