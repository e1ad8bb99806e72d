"""Keeps an instance in the registry, by the joining contract (R1, R2).

It registers for ever: an agent that was away, or forgot the instance, gets it again within seconds (R4). A
registry that is away does not stop the service; it is looked for until it is there.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Optional
from urllib.parse import urlsplit

from samspel.backoff import backoff_seconds
from samspel.consul import Consul, ConsulError

log = logging.getLogger(__name__)

_LOOK_SECONDS = 2.0
_DEREGISTER_SECONDS = 3.0


@dataclass(frozen=True)
class Instance:
    """One running process of a service, as the registry shows it."""

    service: str
    address: str
    port: int
    #: Full names of the proto services that it serves, without health and reflection.
    proto_services: Sequence[str]
    version: str

    @property
    def id(self) -> str:
        return f"{self.service}-{self.address}-{self.port}".replace(".", "-").replace(":", "-")

    def registration(self) -> dict[str, Any]:
        """What Consul is told. The agent asks the instance's gRPC health every 5 s."""
        place = f"[{self.address}]" if ":" in self.address else self.address
        return {
            "ID": self.id,
            "Name": self.service,
            "Address": self.address,
            "Port": self.port,
            "Tags": ["grpc", *self.proto_services],
            "Meta": {
                "protocols": "grpc",
                "version": self.version,
                "zone": "",
                "lang": "python",
                "secure": "false",
            },
            "Check": {
                "CheckID": f"service:{self.id}",
                "GRPC": f"{place}:{self.port}",
                "Interval": "5s",
                "Timeout": "2s",
                "Status": "passing",
                "DeregisterCriticalServiceAfter": "1m",
            },
        }


class Registration:
    """An instance's place in the registry, from `start` to `stop`."""

    def __init__(self, consul: Consul, instance: Instance) -> None:
        self._consul = consul
        self._instance = instance
        self._stopping = asyncio.Event()
        self._task: Optional[asyncio.Task[None]] = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Takes the instance out; where the registry is away, its check does that later."""
        if self._task is None:
            return
        self._stopping.set()
        await self._task  # a registration on its way must not arrive after the deregistration
        try:
            await asyncio.wait_for(self._consul.deregister(self._instance.id), _DEREGISTER_SECONDS)
            log.info("deregistered", extra={"id": self._instance.id})
        except (ConsulError, asyncio.TimeoutError) as error:
            log.warning("not deregistered", extra={"reason": str(error) or "timeout"})

    async def _keep(self) -> None:
        failures = 0
        known = False
        while not self._stopping.is_set():
            try:
                known = known and await self._consul.knows(self._instance.id)
                if not known:
                    await self._consul.register(self._instance.registration())
                    log.info("registered", extra={"id": self._instance.id})
                known, failures = True, 0
            except ConsulError as error:
                failures += 1
                if failures == 1:
                    log.warning("registry away", extra={"reason": str(error)})
            pause = backoff_seconds(failures) if failures else _LOOK_SECONDS
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)


def advertised_address(host: str, consul_url: str) -> str:
    """Where others reach what listens on `host`: on all interfaces, it is the one that faces the registry."""
    if host not in ("0.0.0.0", "::"):
        return "127.0.0.1" if host == "localhost" else host
    registry = urlsplit(consul_url)
    family = socket.AF_INET6 if host == "::" else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((registry.hostname, registry.port or 80))  # sends nothing: it only picks a route
        address: str = probe.getsockname()[0]
        return address
