"""Keeps an instance in the registry, by the joining contract (R1, R2).

It registers for ever: a long poll tells at once that the agent has lost the instance, and after an agent was away it
is registered again (R4). A registry that is away does not stop the service; it is looked for until it is there.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Optional
from urllib.parse import quote, urlsplit

from samspel.backoff import backoff_seconds
from samspel.consul import Answer, Consul, ConsulError
from samspel.descriptors import Descriptors
from samspel.errors import ConfigurationError

log = logging.getLogger(__name__)

CONTRACT = "1"

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_META_KEY = re.compile(r"[A-Za-z0-9_-]{1,128}")
_META_CHARACTERS = 512
_LOOK_SECONDS = 2.0
_DEREGISTER_SECONDS = 3.0
_HELD_SECONDS = 0.1


@dataclass(frozen=True)
class Instance:
    """One running process of a service, as the registry shows it."""

    service: str
    address: str
    port: int
    #: Full names of the proto services that it serves, without health and reflection.
    proto_services: Sequence[str]
    version: str
    zone: str = ""
    #: Of what it serves (R3).
    descriptor_sha256: str = ""
    #: Where an instance that speaks TLS answers for its health, in plaintext on the loopback; None without TLS.
    health_port: Optional[int] = None
    #: Pairs of the service's own, for those who look at the registry.
    meta: Mapping[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """
        :raises ConfigurationError: for what no registry of the contract takes
        """
        if not _NAME.fullmatch(self.service):
            raise ConfigurationError(
                "Cannot register as the service's name must be a DNS label, of lower case letters, digits and -, "
                f"at most 63: it is {self.service!r}"
            )
        for name, value in self.meta.items():
            if not _META_KEY.fullmatch(name) or len(value) > _META_CHARACTERS:
                raise ConfigurationError(
                    f"Cannot register {self.service} as its meta must have keys of letters, digits, _ and -, and "
                    f"values of at most {_META_CHARACTERS} characters: {name!r} has {len(value)}"
                )

    @property
    def id(self) -> str:
        return f"{self.service}-{self.address}-{self.port}".replace(".", "-")

    def registration(self) -> dict[str, Any]:
        """What Consul is told. The agent asks the instance's gRPC health every 5 s."""
        place = f"[{self.address}]" if ":" in self.address else self.address
        secure = self.health_port is not None
        health = f"127.0.0.1:{self.health_port}" if secure else f"{place}:{self.port}"
        meta = {
            "samspel_contract": CONTRACT,
            "protocols": "grpc",
            "version": self.version,
            "zone": self.zone,
            "lang": "python",
            "secure": "true" if secure else "false",
        }
        if self.descriptor_sha256:
            meta["descriptor_sha256"] = self.descriptor_sha256
        if secure:
            meta["health_port"] = str(self.health_port)
        registration: dict[str, Any] = {
            "ID": self.id,
            "Name": self.service,
            "Address": self.address,
            "Port": self.port,
            "Tags": list(dict.fromkeys(("grpc", *self.proto_services))),
            "Meta": {**self.meta, **meta},
            "Check": {
                "CheckID": f"service:{self.id}",
                "GRPC": health,
                "Interval": "5s",
                "Timeout": "2s",
                "Status": "passing",
                "DeregisterCriticalServiceAfter": "1m",
            },
        }
        if secure:
            registration["Connect"] = {"Native": True}
        return registration


class Registration:
    """An instance's place in the registry, from `start` to `stop`."""

    def __init__(self, consul: Consul, instance: Instance, descriptors: Optional[Descriptors] = None) -> None:
        self._consul = consul
        self._instance = instance
        self._descriptors = descriptors
        self._path = f"/v1/agent/service/{quote(instance.id, safe='')}"
        self._stopping = asyncio.Event()
        self._registered = asyncio.Event()
        self._task: Optional[asyncio.Task[None]] = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep())

    async def wait(self, seconds: float) -> bool:
        """Waits for the first registration; False where the registry does not take it in time."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._registered.wait(), seconds)
        return self._registered.is_set()

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
            if isinstance(error, ConsulError) and error.status == 404:
                return  # it was gone already
            log.warning("not deregistered", extra={"reason": str(error) or "timeout"})

    async def _keep(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                await self._enter()
                failures = 0
                await self._look()
            except ConsulError as error:
                failures += 1
                if failures == 1:
                    log.warning("registry away", extra={"reason": str(error)})
                await self._pause(backoff_seconds(failures))

    async def _enter(self) -> None:
        if self._descriptors is not None:
            await self._descriptors.publish(self._consul)
        await self._consul.register(self._instance.registration())
        self._registered.set()
        log.info("registered", extra={"id": self._instance.id})

    async def _look(self) -> None:
        """Returns when the agent does not know the instance any more, or at the stop."""
        seen: Optional[str] = None
        while not self._stopping.is_set():
            began = time.monotonic()
            answer = await self._ask(seen)
            if answer is None:
                return
            before, seen = seen, answer.headers.get("x-consul-contenthash")
            # One that does not hold the question back is asked every 2 s.
            if seen is None or (seen == before and time.monotonic() - began < _HELD_SECONDS):
                await self._pause(_LOOK_SECONDS)

    async def _ask(self, seen: Optional[str]) -> Optional[Answer]:
        question = (
            self._consul.get(self._path) if seen is None else self._consul.wait(self._path, {"hash": seen})
        )
        asking = asyncio.ensure_future(question)
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return asking.result() if asking.done() else None
        except ConsulError as error:
            if error.status == 404:
                return None
            raise
        finally:
            for task in (asking, stopping):
                task.cancel()
            await asyncio.gather(asking, stopping, return_exceptions=True)

    async def _pause(self, seconds: float) -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)


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
