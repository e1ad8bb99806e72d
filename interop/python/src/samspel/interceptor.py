"""The RPC edge of a service.

1. What handlers raise becomes a gRPC status, here and nowhere else (C5).
2. What a handler does belongs to its call: calls that it makes inherit the deadline and the trace (C1, A3).
3. Where the service has an identity, a caller is admitted before its handler runs.

A call that is cancelled, or whose deadline passes, cancels its handler; that is gRPC's own doing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable
from typing import Any, Callable, NoReturn, Optional, Protocol

import grpc
from google.protobuf.message import Message as ProtoMessage

from samspel.call_context import CallContext, enter_call
from samspel.caller import Caller
from samspel.command import Command, command_id, enter_command
from samspel.error_detail import DETAILS_KEY, pack_status
from samspel.errors import Rejection
from samspel.message import key_of
from samspel.trace import trace_of

log = logging.getLogger(__name__)

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
        #: When the last call began, by `time.monotonic()`.
        self.last_call_at = 0.0

    async def intercept_service(
        self,
        continuation: Callable[[Any], Awaitable[Optional[grpc.RpcMethodHandler[Any, Any]]]],
        details: grpc.HandlerCallDetails,
    ) -> Optional[grpc.RpcMethodHandler[Any, Any]]:
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
            try:
                await self._begin(context, method)
                _begin_command(context, method, request)
                return await inner(request, context)
            except Exception as error:
                await _abort(context, method, error)

        return call

    def _stream(self, inner: Any, method: str) -> Callable[..., AsyncIterator[Any]]:
        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
            refusals: list[Rejection] = []
            unfollow: Callable[[], None] = _nothing
            try:
                caller = await self._begin(context, method)
                if caller is not None:
                    unfollow = self._follow(caller, method, refusals)
                answers = inner(request, context)
                if hasattr(answers, "__aiter__"):
                    async for response in answers:
                        yield response
                else:  # a coroutine that writes to the context
                    await answers
            except Exception as error:
                await _abort(context, method, error)
            except asyncio.CancelledError:
                if not refusals:
                    raise
                await _abort(context, method, refusals[0])
            finally:
                unfollow()

        return call

    async def _begin(self, context: grpc.aio.ServicerContext[Any, Any], method: str) -> Optional[Caller]:
        """Admits the caller (3), and makes what the task does from here on part of the call (2)."""
        caller = None if self._gate is None else await self._gate.admit(context, method.lstrip("/"))
        left = context.time_remaining()
        ends_at = None if left is None or left > _FOREVER_SECONDS else time.monotonic() + left
        headers = {
            name: value for name, value in context.invocation_metadata() or () if isinstance(value, str)
        }
        enter_call(CallContext(ends_at, trace_of(headers), caller))
        return caller

    def _follow(self, caller: Caller, method: str, refusals: list[Rejection]) -> Callable[[], None]:
        """Ends the handler that runs in this task where its caller is not allowed any more."""
        task = asyncio.current_task()

        def end(refusal: Rejection) -> None:
            refusals.append(refusal)
            if task is not None:
                task.cancel()

        return _nothing if self._gate is None else self._gate.follow(caller, method.lstrip("/"), end)


def _begin_command(context: grpc.aio.ServicerContext[Any, Any], method: str, request: Any) -> None:
    found = command_id(context)
    if found is None or not isinstance(request, ProtoMessage):
        return
    service, _, name = method.lstrip("/").partition("/")
    enter_command(Command(service, name, key_of(request) or found, found))


def _nothing() -> None:
    return None


async def _abort(context: grpc.aio.ServicerContext[Any, Any], method: str, error: Exception) -> NoReturn:
    if isinstance(error, grpc.aio.AbortError):
        raise error
    if isinstance(error, Rejection):
        if error.__cause__ is not None:
            log.warning("call failed", extra={"method": method}, exc_info=error)
        packed = pack_status(error.code, error.message, error.detail)
        await context.abort(error.code, error.message, ((DETAILS_KEY, packed),))
    log.error("call failed", extra={"method": method}, exc_info=error)
    await context.abort(grpc.StatusCode.INTERNAL, "internal error")
    raise AssertionError("abort returned")
