"""The life of a service: from its settings to SIGTERM.

1. Start never half-succeeds: whatever is missing is one clear error, and exit code 1 (A1).
2. The registry learns of an instance only when it can answer, and forgets it before it stops to (A2).
3. SIGTERM or SIGINT: not serving, deregistered, left by its callers, subscriptions settled, calls in flight
   finished, exit code 0. A second signal ends at once.
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
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar, overload

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message as ProtoMessage
from grpc_health.v1.health import SERVICE_NAME as HEALTH

from samspel.broker import Broker
from samspel.channel import Dialer, RegistryChannel
from samspel.consul import Consul
from samspel.descriptors import Descriptors
from samspel.errors import ConfigurationError
from samspel.export import start_export
from samspel.health import Health
from samspel.identity import Identity, rules_of
from samspel.inbox import Inbox
from samspel.interceptor import ServiceInterceptor
from samspel.leaving import until_left
from samspel.logs import configure_logging
from samspel.message import Message
from samspel.publisher import Publisher
from samspel.reflection import enable_reflection
from samspel.registration import Instance, Registration, advertised_address
from samspel.settings import Settings
from samspel.subscription import Subscription
from samspel.teller import Teller
from samspel.tells import Tells
from samspel.topics import Topic

if TYPE_CHECKING:
    from psycopg import AsyncConnection

log = logging.getLogger(__name__)

M = TypeVar("M", bound=ProtoMessage)
R = TypeVar("R")

_DRAIN_SECONDS = 30.0
# Of that, what a stream without a deadline gets.
_STREAM_SECONDS = 5.0
_SERVER_OPTIONS = (
    ("grpc.so_reuseport", 0),
    # 8 KiB of metadata are taken for sure, and pings of clients that are more careful than every 5 minutes.
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.http2.min_ping_recv_interval_without_data_ms", 5_000),
)
# A registry that is away does not stop a start; who waits for "ready" is told when the instance can be found.
_REGISTER_SECONDS = 5.0


class Service:
    """What a service's `start` function assembles: handlers, subscriptions, and what they need."""

    def __init__(self, settings: Settings, version: str, identity: Optional[Identity] = None) -> None:
        self.settings = settings
        self._version = settings.version or version
        self._identity = identity
        self._consul = Consul(settings.consul_url, settings.consul_token)
        self._interceptor = ServiceInterceptor(None if identity is None else identity.gate)
        #: Generated `add_…Servicer_to_server` functions take it; then name the proto service with `serve`.
        self.server: grpc.aio.Server = grpc.aio.server(
            interceptors=[self._interceptor], options=_SERVER_OPTIONS
        )
        #: What else the registry shows of the instance, such as `{"team": "checkout"}`.
        self.meta: dict[str, str] = {}
        self._proto_services: list[str] = []
        self._subscriptions: list[Callable[[Broker], Subscription[ProtoMessage]]] = []
        self._resources = AsyncExitStack()
        self._broker: Optional[Broker] = None
        self._dialer: Optional[Dialer] = None
        self._channels: dict[str, RegistryChannel] = {}
        self._teller: Optional[Teller] = None
        self._publisher: Optional[Publisher] = None

    def serve(self, proto_service: str) -> None:
        """Announces a proto service by its full name, such as `inventory.v1.InventoryService`."""
        self._proto_services.append(proto_service)

    def channel(self, target: str) -> RegistryChannel:
        """The channel to whoever serves a proto service, such as `consul:///orders.v1.OrderService`.

        There is one of each target, for generated stubs: `OrderServiceStub(service.channel("consul:///…"))`. It is
        closed after the last handler finished.

        :raises ValueError: where the target is none
        """
        if target not in self._channels:
            if self._dialer is None:
                connector = None if self._identity is None else self._identity.connector
                self._dialer = Dialer(self.settings.consul_url, self.settings.consul_token, connector)
                self._resources.push_async_callback(self._dialer.close)
            channel = self._dialer.dial(target)
            self._resources.push_async_callback(channel.close)
            self._channels[target] = channel
        return self._channels[target]

    @overload
    def subscribe(
        self,
        topic: Topic[M],
        group: str,
        handle: Callable[[Message[M]], Awaitable[None]],
        *,
        attempts: int = 8,
    ) -> None: ...

    @overload
    def subscribe(
        self,
        topic: Topic[M],
        group: str,
        handle: Callable[[Message[M], AsyncConnection[Any]], Awaitable[None]],
        *,
        inbox: Inbox,
        attempts: int = 8,
    ) -> None: ...

    def subscribe(
        self,
        topic: Topic[M],
        group: str,
        handle: Callable[..., Awaitable[None]],
        *,
        inbox: Optional[Inbox] = None,
        attempts: int = 8,
    ) -> None:
        """Consumes a topic as one of a named group, from its beginning.

        :param inbox: makes a message count once: the handler gets a transaction too, in which the message's id was
            noted; it is committed when the handler returns. A message that was noted before is not handled again
        :param attempts: after so many a failing message becomes a dead letter; with 8, after 6 to 12 s
        """
        if inbox is not None:
            handle = _with_inbox(inbox, f"{group}/{topic.name}", handle)
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
        if self._teller is None:
            self._teller = Teller(self._connection(), self.settings.topic_prefix, self.settings.service)
        return self._teller

    @property
    def publisher(self) -> Publisher:
        """Publishes to topics."""
        if self._publisher is None:
            self._publisher = Publisher(self._connection(), self.settings.topic_prefix, self.settings.service)
        return self._publisher

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
            if self._identity is not None:
                await self._resources.enter_async_context(self._identity)
            await start(self)
            descriptors = Descriptors(self._proto_services)
            self._check_rules()
            health = Health(self._proto_services)
            port = await self._listen(health)
            subscriptions = await self._consume()
            instance = await self._instance(port, health, descriptors)
            instance.check()
            registration = Registration(self._consul, instance, descriptors)
            registration.start()
            await registration.wait(_REGISTER_SECONDS)
            log.info("ready", extra={"host": instance.address, "port": instance.port})

            await stop.wait()
            log.info("stopping")
            await health.stop_serving()
            await registration.stop()
            await until_left(lambda: self._interceptor.last_call_at)
            asyncio.get_running_loop().call_later(_STREAM_SECONDS, self._interceptor.end_streams)
            await asyncio.gather(
                self.server.stop(_DRAIN_SECONDS), *(subscription.stop() for subscription in subscriptions)
            )
        log.info("stopped")

    def _check_rules(self) -> None:
        """Says that rules of methods about their callers mean nothing where nobody says who calls."""
        rules = rules_of(self._proto_services) if self._identity is None else []
        if rules:
            log.warning(
                "(samspel.v1.allow) is not enforced: set SAMSPEL_IDENTITY=consul", extra={"methods": rules}
            )

    async def _consume(self) -> list[Subscription[ProtoMessage]]:
        subscriptions = [make(self._connection()) for make in self._subscriptions]
        await asyncio.gather(*(subscription.start() for subscription in subscriptions))
        return subscriptions

    async def _listen(self, health: Health) -> int:
        settings = self.settings
        await health.serve_on(self.server)
        enable_reflection((*self._proto_services, HEALTH), self.server)
        place = (
            f"[{settings.host}]:{settings.port}"
            if ":" in settings.host
            else f"{settings.host}:{settings.port}"
        )
        if self._identity is None:
            port = self.server.add_insecure_port(place)
        else:
            port = self.server.add_secure_port(place, self._identity.server_credentials())
        await self.server.start()
        self._resources.push_async_callback(self.server.stop, None)
        return port

    async def _instance(self, port: int, health: Health, descriptors: Descriptors) -> Instance:
        settings = self.settings
        health_port = None
        if self._identity is not None:
            health_port = await self._resources.enter_async_context(health.plaintext_listener())
            self._identity.on_expiry(health.set_serving)
        return Instance(
            service=settings.service,
            address=advertised_address(settings.host, settings.consul_url),
            port=port,
            proto_services=tuple(self._proto_services),
            version=self._version,
            zone=settings.zone,
            descriptor_sha256=descriptors.sha256,
            health_port=health_port,
            meta=dict(self.meta),
        )


def _with_inbox(
    inbox: Inbox, subscription: str, handle: Callable[..., Awaitable[None]]
) -> Callable[[Message[Any]], Awaitable[None]]:
    async def handle_once(message: Message[Any]) -> None:
        async with inbox.once(subscription, message.id) as (connection, first):
            if first:
                await handle(message, connection)

    return handle_once


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
    identity = Identity(settings) if settings.identity == "consul" else None
    end_export = start_export(settings, settings.version or version)
    try:
        await Service(settings, version, identity).run(start, stop)
    finally:
        if end_export is not None:
            end_export()
    return 0
