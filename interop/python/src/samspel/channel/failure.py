"""What a failed attempt means (C2): may it be made again, and what is the caller told?"""

from __future__ import annotations

from functools import cache
from typing import Optional

import grpc
from google.protobuf.descriptor_pool import Default

from samspel.error_detail import DETAILS_KEY, error_detail_of, pack_status
from samspel.v1.errors_pb2 import ErrorDetail

# What a server of gRPC's core says of calls that it had not looked at when it was shut down.
_DROPPED = "CANCELLED"
_REPEATABLE = (1, 2)  # NO_SIDE_EFFECTS and IDEMPOTENT of google.protobuf.MethodOptions
# What gRPC says where no connection could be made for a call.
_NEVER_CONNECTED = "failed to connect to all addresses"


def is_away(code: grpc.StatusCode, message: str) -> bool:
    """Whether the instance was not there for a call that nobody on this side has cancelled."""
    return code is grpc.StatusCode.UNAVAILABLE or (code is grpc.StatusCode.CANCELLED and message == _DROPPED)


def never_ran(code: grpc.StatusCode, message: str) -> bool:
    """Whether a failed call provably never reached a handler."""
    return code is grpc.StatusCode.UNAVAILABLE and message.startswith(_NEVER_CONNECTED)


@cache
def is_repeatable(method: str) -> bool:
    """Whether a method's file calls it safe to repeat; `method` is `/package.Service/Method`."""
    service, _, name = method.lstrip("/").partition("/")
    try:
        options = Default().FindServiceByName(service).methods_by_name[name].GetOptions()
    except KeyError:
        return False  # called without generated code: nothing is known of it
    level: int = options.idempotency_level
    return level in _REPEATABLE


def retry_after_seconds(metadata: Optional[grpc.aio.Metadata]) -> float:
    """How long the callee asks to wait before the next attempt; 0 where it does not say."""
    detail = error_detail_of(metadata)
    return 0.0 if detail is None else detail.retry_after.ToTimedelta().total_seconds()


def failure(code: grpc.StatusCode, reason: str, message: str, **metadata: str) -> grpc.aio.AioRpcError:
    """An error of this side, with a detail as a service would send it (C5)."""
    detail = ErrorDetail(code=reason, retryable=code is grpc.StatusCode.UNAVAILABLE, metadata=metadata)
    trailing = grpc.aio.Metadata((DETAILS_KEY, pack_status(code, message, detail)))
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailing, message)
