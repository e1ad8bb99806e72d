"""The `samspel.v1.ErrorDetail` in a failed call's status: packed at the edge of a service, read by its callers (C5)."""

from __future__ import annotations

from typing import Any, Optional

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status

from samspel.v1.errors_pb2 import ErrorDetail

#: The trailer that carries a status with details.
DETAILS_KEY = "grpc-status-details-bin"


def pack_status(code: grpc.StatusCode, message: str, detail: ErrorDetail) -> bytes:
    """The status with a detail, as it travels."""
    packed = AnyMessage()
    packed.Pack(detail)
    status: bytes = Status(code=code.value[0], message=message, details=[packed]).SerializeToString()
    return status


def error_detail(error: BaseException) -> Optional[ErrorDetail]:
    """The detail of a failed call, such as a `grpc.aio.AioRpcError`; None where it has none."""
    trailing = getattr(error, "trailing_metadata", None)
    return None if trailing is None else error_detail_of(trailing())


def error_detail_of(metadata: Any) -> Optional[ErrorDetail]:
    """The detail in trailing metadata; None where there is none, or none that can be read."""
    for name, value in metadata or ():
        if name == DETAILS_KEY:
            try:
                status = Status.FromString(value)
            except DecodeError:
                return None
            for packed in status.details:
                detail = ErrorDetail()
                if packed.Is(ErrorDetail.DESCRIPTOR) and packed.Unpack(detail):
                    return detail
    return None
