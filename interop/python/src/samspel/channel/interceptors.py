"""What the library adds to each call (C1, A3): a deadline, and the trace that it belongs to.

They work on any `grpc.aio` channel: `grpc.aio.insecure_channel(target, interceptors=call_interceptors())`.
gRPC takes one kind of call from an interceptor, so there are four.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import grpc

from samspel.call_context import current_call, outgoing_trace
from samspel.call_spans import client_span, end_failed, end_with

DEFAULT_SECONDS = 10.0

Details = grpc.aio.ClientCallDetails


def call_interceptors(
    default_seconds: Optional[float] = DEFAULT_SECONDS,
) -> Sequence[grpc.aio.ClientInterceptor]:
    """Interceptors for a channel.

    :param default_seconds: the deadline of a call with one answer that sets none; None for no deadline. Streams of
        answers have none unless the call sets it. What is made within a call inherits what is left of that one's.
    """
    return [
        _UnaryUnary(default_seconds),
        _StreamUnary(default_seconds),
        _UnaryStream(None),
        _StreamStream(None),
    ]


def prepare(
    details: Details, default_seconds: Optional[float], trace: Optional[Mapping[str, str]] = None
) -> Details:
    """The details of a call, with its deadline and its trace.

    :param trace: its headers. Default: those of what is being answered now
    """
    context = current_call()
    inherited = None if context is None else context.seconds_left
    metadata = grpc.aio.Metadata(*(details.metadata or ()))
    for name, value in (trace or outgoing_trace()).items():
        if name not in metadata.keys():  # noqa: SIM118, a Metadata is no dict
            metadata.add(name, value)
    return Details(
        method=details.method,
        timeout=sent_seconds(effective_seconds(details.timeout, inherited, default_seconds)),
        metadata=metadata,
        credentials=details.credentials,
        wait_for_ready=details.wait_for_ready,
    )


def effective_seconds(
    own: Optional[float], inherited: Optional[float], default: Optional[float]
) -> Optional[float]:
    """The deadline of a call: what it asks for, within what is left of the call that it is made in (C1)."""
    if own is None:
        return default if inherited is None else inherited
    return own if inherited is None else min(own, inherited)


def sent_seconds(seconds: Optional[float]) -> Optional[float]:
    """A deadline less what gRPC's core adds when it sends it, so that a callee never sees more than was given.

    The core sends two or three digits, rounded up: tenths of a second from 10 s on, hundredths from 1 s on, and
    milliseconds below.
    """
    if seconds is None:
        return None
    if seconds < 1:
        return max(seconds - 0.001, seconds / 2)
    step = 0.01
    while seconds >= step * 1000:
        step *= 10
    return seconds - step


class _Preparing:
    def __init__(self, default_seconds: Optional[float]) -> None:
        self._default_seconds = default_seconds

    async def _go_on(self, continuation: Any, details: Details, request: Any) -> Any:
        method = details.method if isinstance(details.method, str) else details.method.decode()
        span = client_span(method)
        try:
            call = await continuation(prepare(details, self._default_seconds, span.headers()), request)
        except BaseException as error:
            end_failed(span, error)
            raise
        end_with(span, call)
        return call


class _UnaryUnary(_Preparing, grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(self, continuation: Any, details: Details, request: Any) -> Any:
        return await self._go_on(continuation, details, request)


class _UnaryStream(_Preparing, grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(self, continuation: Any, details: Details, request: Any) -> Any:
        return await self._go_on(continuation, details, request)


class _StreamUnary(_Preparing, grpc.aio.StreamUnaryClientInterceptor):
    async def intercept_stream_unary(self, continuation: Any, details: Details, request_iterator: Any) -> Any:
        return await self._go_on(continuation, details, request_iterator)


class _StreamStream(_Preparing, grpc.aio.StreamStreamClientInterceptor):
    async def intercept_stream_stream(
        self, continuation: Any, details: Details, request_iterator: Any
    ) -> Any:
        return await self._go_on(continuation, details, request_iterator)
