"""The life of a service: from its settings to SIGTERM.

1. Start never half-succeeds: whatever is missing is one clear error, and exit code 1 (A1).
2. The registry learns of an instance only when it can answer, and forgets it before it stops to (A2).
3. SIGTERM or SIGINT: not serving, deregistered, subscriptions settled, calls in flight finished, exit code 0. A
   second signal ends at once.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import FrameType
from typing import Callable, Optional, TypeVar

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message as ProtoMessage
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import SERVICE_NAME as HEALTH
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection

from samspel.broker import Broker
from samspel.consul import Consul
from samspel.errors import ConfigurationError
from samspel.interceptor import ErrorInterceptor
from samspel.logs import configure_logging
from samspel.message import Message
from samspel.registration import Instance, Registration, advertised_address
from samspel.settings import Settings
from samspel.subscription import Subscription
from samspel.teller import Teller
from samspel.tells import Tells
from samspel.topics import Topic

log = logging.getLogger(__name__)

M = TypeVar("M", bound=ProtoMessage)
R = TypeVar("R")

_DRAIN_SECONDS = 30.0


class Service:
    """What a service's `start` function assembles: handlers, subscriptions, and what they need."""

    def __init__(self, settings: Settings, version: str) -> None:
        self.settings = settings
        self._version = version
        #: Generated `add_…Servicer_to_server` functions take it; then name the proto service with `serve`.
        self.server: grpc.aio.Server = grpc.aio.server(
            interceptors=[ErrorInterceptor()], options=[("grpc.so_reuseport", 0)]
        )
        self._proto_services: list[str] = []
        self._subscriptions: list[Callable[[Broker], Subscription[ProtoMessage]]] = []
        self._resources = AsyncExitStack()
        self._broker: Optional[Broker] = None

    def serve(self, proto_service: str) -> None:
        """Announces a proto service by its full name, such as `inventory.v1.InventoryService`."""
        self._proto_services.append(proto_service)

    def subscribe(
        self,
        topic: Topic[M],
        group: str,
        handle: Callable[[Message[M]], Awaitable[None]],
        *,
        attempts: int = 8,
    ) -> None:
        """Consumes a topic as one of a named group, from its beginning.

        :param attempts: after so many a failing message becomes a dead letter; with 8, after 6 to 12 s
        """
        prefix = self.settings.topic_prefix
        self._subscriptions.append(
            lambda broker: Subscription(broker, prefix, group, topic, handle, attempts=attempts)  # type: ignore[arg-type]
        )

    def take_tells(self, service: ServiceDescriptor, servicer: object) -> None:
        """Takes the tells of a proto service, with the handlers that serve its calls.

        :param service: such as `api.DESCRIPTOR.services_by_name["InventoryService"]`
        :param servicer: has a coroutine for each method that may be told
        """
        prefix = self.settings.topic_prefix
        self._subscriptions.append(lambda broker: Tells(broker, prefix, service, servicer))

    @property
    def teller(self) -> Teller:
        """Tells methods of other services."""
        return Teller(self._connection(), self.settings.topic_prefix, self.settings.service)

    def _connection(self) -> Broker:
        """The one connection to NATS; it connects when it is first used."""
        if self._broker is None:
            self._broker = Broker(self.settings)
            self._resources.push_async_callback(self._broker.close)
        return self._broker

    async def enter(self, resource: AbstractAsyncContextManager[R]) -> R:
        """Opens what the handlers need; it is closed after the last of them finished."""
        return await self._resources.enter_async_context(resource)

    async def run(self, start: Callable[[Service], Awaitable[None]], stop: asyncio.Event) -> None:
        """Serves until `stop` is set."""
        self.settings.check()
        _check_free(self.settings)
        async with self._resources:
            await start(self)
            health = health_aio.HealthServicer()
            instance = await self._listen(health)
            subscriptions = await self._consume()
            registration = Registration(
                Consul(self.settings.consul_url, self.settings.consul_token), instance
            )
            registration.start()
            log.info("ready", extra={"host": instance.address, "port": instance.port})

            await stop.wait()
            log.info("stopping")
            await health.enter_graceful_shutdown()
            await registration.stop()
            await asyncio.gather(
                self.server.stop(_DRAIN_SECONDS), *(subscription.stop() for subscription in subscriptions)
            )
        log.info("stopped")

    async def _consume(self) -> list[Subscription[ProtoMessage]]:
        subscriptions = [make(self._connection()) for make in self._subscriptions]
        await asyncio.gather(*(subscription.start() for subscription in subscriptions))
        return subscriptions

    async def _listen(self, health: health_aio.HealthServicer) -> Instance:
        settings = self.settings
        health_pb2_grpc.add_HealthServicer_to_server(health, self.server)
        names = (*self._proto_services, HEALTH, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self.server)
        place = f"[{settings.host}]" if ":" in settings.host else settings.host
        port = self.server.add_insecure_port(f"{place}:{settings.port}")
        await self.server.start()
        self._resources.push_async_callback(self.server.stop, None)
        for name in ("", *self._proto_services):
            await health.set(name, health_pb2.HealthCheckResponse.SERVING)
        address = advertised_address(settings.host, settings.consul_url)
        return Instance(settings.service, address, port, tuple(self._proto_services), self._version)


def _check_free(settings: Settings) -> None:
    """Refuses a taken port before anything else is done; gRPC itself would name no reason."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
    except OSError as error:
        raise ConfigurationError(
            f"Cannot start {settings.service} as SAMSPEL_HOST {settings.host}, SAMSPEL_PORT {settings.port} "
            f"cannot be listened on: {error.strerror or error}; set another port, or end who has it"
        ) from error


def run_service(name: str, start: Callable[[Service], Awaitable[None]], *, version: str = "0.0.0") -> int:
    """Runs a service in this process until a signal, and returns the exit code.

    :param name: the service's name, a DNS label
    :param start: adds handlers and subscriptions to the Service that it is given
    :param version: the service's own, for the registry
    """
    settings = Settings(name, os.environ)
    try:
        configure_logging(name, settings.log_level)
        return asyncio.run(_run(settings, version, start))
    except ConfigurationError as error:
        configure_logging(name)
        log.critical(str(error))
        return 1


async def _run(settings: Settings, version: str, start: Callable[[Service], Awaitable[None]]) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal(number: int, _frame: Optional[FrameType]) -> None:
        if stop.is_set():
            os._exit(128 + number)
        loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    await Service(settings, version).run(start, stop)
    return 0
