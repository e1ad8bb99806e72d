"""A `grpc.aio.Channel` over all instances of a proto service. Generated stubs take it as it is.

gRPC's core has no resolver that Python could write, so the choice is made above it: each call picks an instance, and
goes through that instance's own channel. For the callers there is a channel in front, whose calls, cancellation and
metadata are gRPC's own; its last interceptor makes the real call, so it never connects to anything itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Sequence
from typing import Any, Callable, Optional

import grpc

from samspel.channel.attempts import Asked, Invoke, attempt, attempt_once
from samspel.channel.interceptors import Details, call_interceptors
from samspel.channel.member import Member
from samspel.channel.pool import Pool
from samspel.channel.retry_budget import RetryBudget

_NOWHERE = "ipv4:127.0.0.1:0"


class RegistryChannel(grpc.aio.Channel):
    """Calls whoever serves a target. Made by `dial`."""

    def __init__(
        self,
        open_pool: Callable[[], Pool],
        *,
        interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
        default_seconds: Optional[float] = None,
        on_close: Optional[Callable[[], Awaitable[None]]] = None,
    ) -> None:
        self._open_pool = open_pool
        self._opened: Optional[Pool] = None
        self._closed = False
        self._on_close = on_close
        self._budget = RetryBudget()
        self._codecs: dict[str, tuple[Any, Any]] = {}
        last: list[grpc.aio.ClientInterceptor] = [
            _UnaryUnary(self),
            _UnaryStream(self),
            _StreamUnary(self),
            _StreamStream(self),
        ]
        self._front = grpc.aio.insecure_channel(
            _NOWHERE, interceptors=[*interceptors, *call_interceptors(default_seconds), *last]
        )

    async def __aenter__(self) -> RegistryChannel:
        _ = self._pool
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self, grace: Optional[float] = None) -> None:
        """Ends calls in flight, after `grace` seconds, and all connections."""
        if self._closed:
            return
        self._closed = True
        await self._front.close(grace)
        if self._opened is not None:
            await self._opened.close()
        if self._on_close is not None:
            await self._on_close()

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """READY where an instance can be called, TRANSIENT_FAILURE where none can be connected to."""
        if self._closed:
            return grpc.ChannelConnectivity.SHUTDOWN
        if self._opened is None and not try_to_connect:
            return grpc.ChannelConnectivity.IDLE
        if self._pool.connected:
            return grpc.ChannelConnectivity.READY
        if self._pool.size > 0 and self._pool.all_failed:
            return grpc.ChannelConnectivity.TRANSIENT_FAILURE
        return grpc.ChannelConnectivity.CONNECTING

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        while self.get_state(try_to_connect=True) is last_observed_state:
            await self._pool.changed()

    async def channel_ready(self) -> None:
        """Returns when an instance can be called."""
        while self.get_state(try_to_connect=True) is not grpc.ChannelConnectivity.READY:
            await self._pool.changed()

    # What else stubs say, such as `_registered_method`, is about preparing calls, of which the front makes none.

    def unary_unary(
        self, method: str, request_serializer: Any = None, response_deserializer: Any = None, **_: Any
    ) -> Any:
        self._codecs[method] = (request_serializer, response_deserializer)
        return self._front.unary_unary(method, request_serializer, response_deserializer)

    def unary_stream(
        self, method: str, request_serializer: Any = None, response_deserializer: Any = None, **_: Any
    ) -> Any:
        self._codecs[method] = (request_serializer, response_deserializer)
        return self._front.unary_stream(method, request_serializer, response_deserializer)

    def stream_unary(
        self, method: str, request_serializer: Any = None, response_deserializer: Any = None, **_: Any
    ) -> Any:
        self._codecs[method] = (request_serializer, response_deserializer)
        return self._front.stream_unary(method, request_serializer, response_deserializer)

    def stream_stream(
        self, method: str, request_serializer: Any = None, response_deserializer: Any = None, **_: Any
    ) -> Any:
        self._codecs[method] = (request_serializer, response_deserializer)
        return self._front.stream_stream(method, request_serializer, response_deserializer)

    @property
    def _pool(self) -> Pool:
        if self._closed:
            raise grpc.aio.UsageError("Channel is closed.")
        if self._opened is None:
            asyncio.get_running_loop()
            self._opened = self._open_pool()
        return self._opened

    async def call(self, kind: str, details: Details, request: Any) -> Any:
        """Makes a call of a kind, `unary_unary` for one, on an instance."""
        method = details.method if isinstance(details.method, str) else details.method.decode()
        codec = self._codecs[method]
        ends_at = None if details.timeout is None else time.monotonic() + details.timeout
        asked = Asked(method, ends_at, bool(details.wait_for_ready))

        def invoke(member: Member, seconds: Optional[float]) -> Any:
            return member.method(kind, method, codec)(
                request,
                timeout=seconds,
                metadata=details.metadata,
                credentials=details.credentials,
                wait_for_ready=details.wait_for_ready,
            )

        return await self._attempt(kind, asked, invoke)

    async def _attempt(self, kind: str, asked: Asked, invoke: Invoke) -> Any:
        if kind.startswith("stream_"):
            return await attempt_once(self._pool, asked, invoke)
        return await attempt(self._pool, self._budget, asked, invoke, streams=kind == "unary_stream")


class _Last:
    """Ends the chain of interceptors: makes the real call in place of the front's."""

    def __init__(self, channel: RegistryChannel) -> None:
        self._channel = channel


class _UnaryUnary(_Last, grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(self, continuation: Any, details: Details, request: Any) -> Any:
        return await self._channel.call("unary_unary", details, request)


class _UnaryStream(_Last, grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(self, continuation: Any, details: Details, request: Any) -> Any:
        return await self._channel.call("unary_stream", details, request)


class _StreamUnary(_Last, grpc.aio.StreamUnaryClientInterceptor):
    async def intercept_stream_unary(self, continuation: Any, details: Details, request_iterator: Any) -> Any:
        return await self._channel.call("stream_unary", details, request_iterator)


class _StreamStream(_Last, grpc.aio.StreamStreamClientInterceptor):
    async def intercept_stream_stream(
        self, continuation: Any, details: Details, request_iterator: Any
    ) -> Any:
        return await self._channel.call("stream_stream", details, request_iterator)
