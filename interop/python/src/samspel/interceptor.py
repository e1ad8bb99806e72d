"""The RPC edge of a service.

1. What handlers raise becomes a gRPC status, here and nowhere else (C5).
2. What a handler does belongs to its call: calls that it makes inherit the deadline and the trace (C1, A3).
3. Where the service has an identity, a caller is admitted before its handler runs.

A call that is cancelled, or whose deadline passes, cancels its handler; that is gRPC's own doing. A unary call that
comes without a deadline gets 10 s here. A stream without one is ended 5 s after the service began to stop.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable
from typing import Any, Callable, NoReturn, Optional, Protocol

import grpc
from google.protobuf.message import Message as ProtoMessage

from samspel.call_context import CallContext, current_call, enter_call
from samspel.call_spans import ServerSpan
from samspel.caller import Caller
from samspel.command import Command, command_id, enter_command
from samspel.deadline import within
from samspel.error_detail import DETAILS_KEY, pack_status
from samspel.errors import Rejection
from samspel.handler_task import HandlerTask
from samspel.message import key_of
from samspel.trace import trace_of

log = logging.getLogger(__name__)

_HEALTH = "/grpc.health.v1.Health/"
_UNARY_SECONDS = 10.0
# Longer than this is no deadline.
_FOREVER_SECONDS = 365 * 24 * 3600.0


class Gate(Protocol):
    """Decides who may call."""

    async def admit(self, context: Any, method: str) -> Caller:
        """Who calls.

        :raises Rejection: where it may not
        """

    def follow(self, caller: Caller, method: str, end: Callable[[Rejection], None]) -> Callable[[], None]:
        """Calls `end` when a caller that was admitted may not call any more, until the returned function is called."""


class ServiceInterceptor(grpc.aio.ServerInterceptor):
    """Wraps all handlers of a service."""

    def __init__(self, gate: Optional[Gate] = None) -> None:
        self._gate = gate
        self._endless: set[HandlerTask] = set()
        #: When the last call began, by `time.monotonic()`; questions for the health are none.
        self.last_call_at = 0.0

    async def intercept_service(
        self,
        continuation: Callable[[Any], Awaitable[Optional[grpc.RpcMethodHandler[Any, Any]]]],
        details: grpc.HandlerCallDetails,
    ) -> Optional[grpc.RpcMethodHandler[Any, Any]]:
        if not details.method.startswith(_HEALTH):
            self.last_call_at = time.monotonic()
        handler: Any = await continuation(details)
        if handler is None:
            return handler
        request, response = handler.request_streaming, handler.response_streaming
        kind = f"{'stream' if request else 'unary'}_{'stream' if response else 'unary'}"
        wrap = self._stream if handler.response_streaming else self._unary
        made: grpc.RpcMethodHandler[Any, Any] = getattr(grpc, f"{kind}_rpc_method_handler")(
            wrap(getattr(handler, kind), details.method),
            handler.request_deserializer,
            handler.response_serializer,
        )
        return made

    def _unary(self, inner: Any, method: str) -> Callable[..., Awaitable[Any]]:
        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            span = ServerSpan(method, _headers_of(context))
            failure: Optional[BaseException] = None
            try:
                await self._begin(context, method, _UNARY_SECONDS)
                _begin_command(context, method, request)
                if _seconds_left(context) is not None:
                    return await inner(request, context)  # gRPC itself ends it in time
                return await _in_time(inner(request, context), method)
            except BaseException as error:
                failure = error
                if not isinstance(error, Exception):
                    raise
                await _abort(context, method, error)
            finally:
                span.end(context, failure)

        return call

    def _stream(self, inner: Any, method: str) -> Callable[..., AsyncIterator[Any]]:
        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
            span = ServerSpan(method, _headers_of(context))
            failure: Optional[BaseException] = None
            try:
                caller = await self._begin(context, method)
                answers = inner(request, context)
                if caller is not None or _seconds_left(context) is None:
                    answers = self._watched(caller, method, answers, context)
                if hasattr(answers, "__aiter__"):
                    async for response in answers:
                        yield response
                else:  # a coroutine that writes to the context
                    await answers
            except BaseException as error:
                failure = error
                if not isinstance(error, Exception):
                    raise
                await _abort(context, method, error)
            finally:
                span.end(context, failure)

        return call

    async def _watched(
        self,
        caller: Optional[Caller],
        method: str,
        answers: Any,
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> AsyncIterator[Any]:
        """The answers of a handler, for as long as its caller may have them and the service goes on."""
        handler = HandlerTask(answers)
        unfollow: Callable[[], None] = _nothing
        if self._gate is not None and caller is not None:
            unfollow = self._gate.follow(caller, method.lstrip("/"), handler.end)
        if _seconds_left(context) is None:
            self._endless.add(handler)
        try:
            async for answer in handler.read():
                yield answer
        finally:
            unfollow()
            self._endless.discard(handler)

    def end_streams(self) -> None:
        """Ends the streams that have no deadline, and so perhaps no end, as the service stops."""
        for handler in list(self._endless):
            handler.end(
                Rejection(
                    grpc.StatusCode.UNAVAILABLE,
                    "the instance is stopping",
                    reason="SAMSPEL_DRAINING",
                    retryable=True,
                )
            )

    async def _begin(
        self, context: grpc.aio.ServicerContext[Any, Any], method: str, default: Optional[float] = None
    ) -> Optional[Caller]:
        """Admits the caller (3), and makes what the task does from here on part of the call (2)."""
        caller = None if self._gate is None else await self._gate.admit(context, method.lstrip("/"))
        left = _seconds_left(context)
        seconds = default if left is None else left
        ends_at = None if seconds is None else time.monotonic() + seconds
        enter_call(CallContext(ends_at, trace_of(_headers_of(context)), caller))
        return caller


def _headers_of(context: grpc.aio.ServicerContext[Any, Any]) -> dict[str, str]:
    return {name: value for name, value in context.invocation_metadata() or () if isinstance(value, str)}


def _seconds_left(context: grpc.aio.ServicerContext[Any, Any]) -> Optional[float]:
    """What is left of the caller's deadline; None where it has none."""
    left = context.time_remaining()
    return None if left is None or left > _FOREVER_SECONDS else left


async def _in_time(answer: Awaitable[Any], method: str) -> Any:
    task = asyncio.ensure_future(answer)
    try:
        return await within(_UNARY_SECONDS, task)
    except asyncio.TimeoutError:
        if not task.cancelled():
            raise  # the handler's own
        raise Rejection(
            grpc.StatusCode.DEADLINE_EXCEEDED,
            f"{method.lstrip('/')} did not answer within {_UNARY_SECONDS:g} s",
            reason="SAMSPEL_DEADLINE_EXCEEDED",
        ) from None


def _nothing() -> None:
    return None


def _begin_command(context: grpc.aio.ServicerContext[Any, Any], method: str, request: Any) -> None:
    found = command_id(context)
    if found is None or not isinstance(request, ProtoMessage):
        return
    service, _, name = method.lstrip("/").partition("/")
    enter_command(Command(service, name, key_of(request) or found, found))


def _about(method: str) -> dict[str, str]:
    """What the log says of a call: what it was, and to which trace it belongs."""
    call = current_call()
    traceparent = None if call is None else call.trace.get("traceparent")
    return {"method": method} if traceparent is None else {"method": method, "traceparent": traceparent}


async def _abort(context: grpc.aio.ServicerContext[Any, Any], method: str, error: Exception) -> NoReturn:
    if isinstance(error, grpc.aio.AbortError):
        raise error
    if isinstance(error, Rejection):
        if error.__cause__ is not None:
            log.warning("call failed", extra=_about(method), exc_info=error)
        packed = pack_status(error.code, error.message, error.detail)
        await context.abort(error.code, error.message, ((DETAILS_KEY, packed),))
    log.error("call failed", extra=_about(method), exc_info=error)
    await context.abort(grpc.StatusCode.INTERNAL, "internal error")
    raise AssertionError("abort returned")
