"""The spans of calls: of those that are answered, and of those that are made (A3)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import grpc

from samspel.call_context import current_call
from samspel.error_detail import error_detail_of
from samspel.errors import Rejection
from samspel.spans import NO_SPAN, Attributes, Span, receive_span, send_span

# By the conventions, errors of the server; all others are the caller's.
_OWN = {
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DATA_LOSS,
}
_CODES = {code.value[0]: code for code in grpc.StatusCode}
# What tools ask all the time: checks of health, and reflection.
_UNSEEN = "/grpc."

_following: set[asyncio.Task[None]] = set()


class ServerSpan:
    """The span of a call that is answered."""

    def __init__(self, method: str, headers: Mapping[str, str]) -> None:
        unseen = method.startswith(_UNSEEN)
        self._span = NO_SPAN if unseen else receive_span(method[1:], "SERVER", _about(method), headers)
        self._span.enter()

    def end(self, context: Any, error: Any = None) -> None:
        """Ends it, with what the handler raised, or said to the context."""
        if self._span is NO_SPAN:
            return
        code = _code_of(error, context)
        self._span.set("rpc.grpc.status_code", code.value[0])
        if code is not grpc.StatusCode.OK:
            reason = error.detail.code if isinstance(error, Rejection) else _name(code)
            if code not in _OWN:
                self._span.set("error.type", reason)
            elif error is None:
                self._span.fail(reason, "")
            else:
                self._span.fail_by(error, reason)
        self._span.end()


def client_span(method: str) -> Span:
    """Starts the span of a call that is made, with all its attempts."""
    call = current_call()
    return send_span(method.lstrip("/"), "CLIENT", _about(method), None if call is None else call.trace)


def end_with(span: Span, call: Any) -> None:
    """Ends a call's span when the call ends."""
    if span is NO_SPAN:
        return

    def done(_: Any) -> None:
        # What is asked is there already, but gRPC has coroutines for it.
        task = asyncio.ensure_future(_end_by_status(span, call))
        _following.add(task)
        task.add_done_callback(_following.discard)

    call.add_done_callback(done)


def end_failed(span: Span, error: BaseException) -> None:
    """Ends the span of a call that did not come about."""
    if isinstance(error, grpc.aio.AioRpcError):
        _end(span, error.code(), error.details() or "", error.trailing_metadata())
    elif isinstance(error, asyncio.CancelledError):
        _end(span, grpc.StatusCode.CANCELLED, "the caller left", ())
    else:
        span.fail_by(error)
        span.end()


async def _end_by_status(span: Span, call: Any) -> None:
    _end(span, await call.code(), await call.details() or "", await call.trailing_metadata())


def _end(span: Span, code: grpc.StatusCode, message: str, trailing: Any) -> None:
    span.set("rpc.grpc.status_code", code.value[0])
    if code is not grpc.StatusCode.OK:
        detail = error_detail_of(trailing)
        span.fail(_name(code) if detail is None else detail.code, message)
    span.end()


def _code_of(error: Any, context: Any) -> grpc.StatusCode:
    if isinstance(error, Rejection):
        return error.code
    if isinstance(error, (asyncio.CancelledError, GeneratorExit)):
        return grpc.StatusCode.CANCELLED
    if error is not None and not isinstance(error, grpc.aio.AbortError):
        return grpc.StatusCode.INTERNAL
    said = context.code()
    if isinstance(said, grpc.StatusCode):
        return said
    return _CODES.get(said or 0, grpc.StatusCode.UNKNOWN)


def _about(method: str) -> Attributes:
    service, _, name = method.lstrip("/").partition("/")
    return {"rpc.system": "grpc", "rpc.service": service, "rpc.method": name}


def _name(code: grpc.StatusCode) -> str:
    """`FailedPrecondition`, as the other languages call it."""
    return "".join(part.capitalize() for part in code.name.split("_"))
