"""What goes wrong on purpose.

A handler raises `Rejection` to refuse a request, and `Unavailable` when what it needs is away. Whatever else it
raises is a fault of ours: callers get INTERNAL without a message, the log has the rest (C5).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Optional

import grpc

from samspel.v1.errors_pb2 import ErrorDetail


class ConfigurationError(Exception):
    """The service cannot start; the message names the setting, its value and the fix (A1)."""


class Rejection(Exception):
    """A refusal that the caller can act on: it gets the code, the message and the metadata.

    :param code: the gRPC status code, never OK
    :param metadata: facts for programs; they travel to the caller, so put no secret here
    :param reason: the stable code of the ErrorDetail
    :param retryable: whether the same request may succeed when it is sent again
    :param retry_after: how long a caller should wait before that
    """

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        metadata: Optional[Mapping[str, str]] = None,
        *,
        reason: str = "SAMSPEL_REJECTED",
        retryable: bool = False,
        retry_after: Optional[timedelta] = None,
    ) -> None:
        super().__init__(message)
        if code is grpc.StatusCode.OK:
            raise ValueError("Cannot reject with OK: it means success")
        self.code = code
        self.message = message
        self.detail = ErrorDetail(
            code=reason, retryable=retryable, retry_after=retry_after, metadata=dict(metadata or {})
        )


class Unavailable(Rejection):
    """What the handler needs is away, and comes back: callers may retry, a subscription waits for it.

    Raise it `from` the error that says so; that one is logged and does not travel.
    """

    def __init__(self, message: str, *, reason: str = "SAMSPEL_DATABASE_UNREACHABLE") -> None:
        super().__init__(grpc.StatusCode.UNAVAILABLE, message, reason=reason, retryable=True)
