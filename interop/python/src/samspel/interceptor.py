"""The RPC edge: what handlers raise becomes a gRPC status, here and nowhere else (C5)."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable
from typing import Any, Callable, NoReturn, Optional

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.status_pb2 import Status

from samspel.errors import Rejection

log = logging.getLogger(__name__)

_DETAILS_KEY = "grpc-status-details-bin"


class ErrorInterceptor(grpc.aio.ServerInterceptor):
    """Wraps the handlers that answer with one message or with a stream, for one request."""

    async def intercept_service(
        self,
        continuation: Callable[[Any], Awaitable[Optional[grpc.RpcMethodHandler[Any, Any]]]],
        details: grpc.HandlerCallDetails,
    ) -> Optional[grpc.RpcMethodHandler[Any, Any]]:
        handler = await continuation(details)
        if handler is None or handler.request_streaming:
            return handler
        codec = (handler.request_deserializer, handler.response_serializer)
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(_stream(handler.unary_stream, details.method), *codec)
        return grpc.unary_unary_rpc_method_handler(_unary(handler.unary_unary, details.method), *codec)


def _unary(inner: Any, method: str) -> Callable[..., Awaitable[Any]]:
    async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        try:
            return await inner(request, context)
        except Exception as error:
            await _abort(context, method, error)

    return call


def _stream(inner: Any, method: str) -> Callable[..., AsyncIterator[Any]]:
    async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
        try:
            async for response in inner(request, context):
                yield response
        except Exception as error:
            await _abort(context, method, error)

    return call


async def _abort(context: grpc.aio.ServicerContext[Any, Any], method: str, error: Exception) -> NoReturn:
    if isinstance(error, grpc.aio.AbortError):
        raise error
    if isinstance(error, Rejection):
        if error.__cause__ is not None:
            log.warning("call failed", extra={"method": method}, exc_info=error)
        detail = AnyMessage()
        detail.Pack(error.detail)
        status = Status(code=error.code.value[0], message=error.message, details=[detail])
        await context.abort(error.code, error.message, ((_DETAILS_KEY, status.SerializeToString()),))
    log.error("call failed", extra={"method": method}, exc_info=error)
    await context.abort(grpc.StatusCode.INTERNAL, "internal error")
    raise AssertionError("abort returned")
