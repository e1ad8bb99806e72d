"""Tells methods of other services (T5): stored by JetStream before it returns, handled though nobody runs now.

1. A tell is stored once for its id: JetStream knows it by method, key and id for two minutes, its handler by
   its command id for a week.
2. It is sent again until it is stored or `timeout` is over; then it may be stored all the same, so the same id
   makes trying again harmless.
3. Tells of one key that one process sends are stored in the order of the calls.
"""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Generic, Optional, TypeVar

import grpc
import nats.errors
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message as ProtoMessage
from google.protobuf.message_factory import GetMessageClass
from nats.aio.msg import Msg

from samspel.broker import Broker
from samspel.call_context import outgoing_trace
from samspel.deadline import within
from samspel.headers import encode_value, sent_headers
from samspel.key_order import KeyOrder
from samspel.message import key_of
from samspel.spans import Attributes, sending
from samspel.store import store
from samspel.tell_address import REPLY_STREAM, message_id, reply_subject, tell_subject, tell_token
from samspel.tell_streams import ensure_tell_stream
from samspel.v1 import options_pb2
from samspel.v1.errors_pb2 import ErrorDetail
from samspel.v1.tell_pb2 import TellReply

R = TypeVar("R", bound=ProtoMessage)

_ID = re.compile(r"[!-~](?:[ -~]{0,254}[!-~])?")
_TRY_SECONDS = 2.0
# A reply that was on its way to where it is kept, or came while the connection was lost, is found by looking again.
_LOOK_SECONDS = 0.25
_LONGEST_LOOK_SECONDS = 30.0
_IDEMPOTENT = (1, 2)  # NO_SIDE_EFFECTS and IDEMPOTENT of google.protobuf.MethodOptions


class TellFailed(Exception):
    """The handler rejected a tell, or it was given up; what a call would have raised."""

    def __init__(
        self, code: grpc.StatusCode, message: str, detail: Optional[ErrorDetail], rejected: bool
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail
        #: Whether the handler said no; else its attempts were exhausted.
        self.rejected = rejected


@dataclass(frozen=True)
class Receipt(Generic[R]):
    """A tell that is stored."""

    #: The command id under which it is handled.
    id: str
    #: With it any process, in any language, finds the reply.
    token: str
    _teller: Teller
    _method: MethodDescriptor

    async def reply(self, timeout: float = 10.0) -> R:
        """The reply, when there is one.

        :raises TellFailed: where the handler rejected the tell, or it was given up
        :raises asyncio.TimeoutError: where none came in time; it may come later
        """
        found: R = await self._teller.reply(self._method, self.token, timeout)
        return found


class Teller:
    """Sends tells on a service's connection to NATS."""

    def __init__(self, broker: Broker, prefix: str, source: str) -> None:
        self._broker = broker
        self._prefix = prefix
        self._source = source
        self._order = KeyOrder()

    async def tell(
        self,
        method: MethodDescriptor,
        request: ProtoMessage,
        *,
        idempotency_key: Optional[str] = None,
        headers: Optional[Mapping[str, str]] = None,
        timeout: float = 10.0,
    ) -> Receipt[Any]:
        """Stores a tell of a method, such as `api.DESCRIPTOR.services_by_name["S"].methods_by_name["M"]`.

        :param idempotency_key: the command id that the handler gets; two tells of one method and key that have
            the same are one. Default: a random one
        :raises TypeError: where the method may not be told
        :raises Unavailable: where it is not known to be stored in time
        """
        _require_tellable(method)
        tell_id = idempotency_key if idempotency_key is not None else str(uuid.uuid4())
        if not _ID.fullmatch(tell_id):
            raise ValueError(f"A command id must be 1 to 256 printable ASCII characters: it is {tell_id!r}")
        service = method.containing_service.full_name
        key = key_of(request) or tell_id
        about: Attributes = {
            "messaging.system": "nats",
            "messaging.operation.type": "send",
            "messaging.destination.name": f"tell.{service}",
            "rpc.service": service,
            "rpc.method": method.name,
            "samspel.tell.id": tell_id,
        }
        told_at = time.time()
        with sending(f"tell {service}/{method.name}", about, outgoing_trace()):
            await self._send(method, request, tell_id, key, headers, timeout)
        token = f"{_base36(int(told_at * 1000))}-{tell_token(service, method.name, key, tell_id)}"
        return Receipt(tell_id, token, self, method)

    async def _send(
        self,
        method: MethodDescriptor,
        request: ProtoMessage,
        tell_id: str,
        key: str,
        headers: Optional[Mapping[str, str]],
        timeout: float,
    ) -> None:
        service = method.containing_service.full_name
        encoded = encode_value(tell_id)
        message = {
            **sent_headers(headers, outgoing_trace()),
            "Nats-Msg-Id": message_id(method.name, key, tell_id),
            "ce-specversion": "1.0",
            "ce-id": encoded,
            "ce-source": f"/samspel/{encode_value(self._source)}",
            "ce-type": method.input_type.full_name,
            "ce-time": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "ce-partitionkey": encode_value(key),
            "content-type": "application/protobuf",
            "samspel-method": method.name,
        }
        async with self._order.of((service, key)):
            await store(
                self._broker,
                self._prefix + tell_subject(service, key),
                request.SerializeToString(),
                message,
                timeout,
                what="the tell",
                ensure=lambda js: ensure_tell_stream(js, self._prefix, service),
            )

    async def reply(self, method: MethodDescriptor, token: str, timeout: float = 10.0) -> Any:
        """The reply to a tell of which only the token is at hand; see `Receipt.reply`."""
        subject = self._prefix + reply_subject(method.containing_service.full_name, token.split("-", 1)[1])
        js = await self._broker.jetstream()
        arrived: asyncio.Queue[bytes] = asyncio.Queue()

        async def hear(message: Msg) -> None:
            arrived.put_nowait(message.data)

        # Who listens first and looks then misses nothing.
        subscription = await js._nc.subscribe(subject, cb=hear)
        try:
            ends_at = time.monotonic() + timeout
            look = _LOOK_SECONDS
            while True:
                found = await _last(js, f"{self._prefix}{REPLY_STREAM}", subject)
                if found is None:
                    left = ends_at - time.monotonic()
                    if left <= 0:
                        raise asyncio.TimeoutError
                    try:
                        found = await within(min(left, look), arrived.get())
                    except asyncio.TimeoutError:
                        look = min(2 * look, _LONGEST_LOOK_SECONDS)
                        continue
                return _read_reply(method, found)
        finally:
            await subscription.unsubscribe()


async def _last(js: Any, stream: str, subject: str) -> Optional[bytes]:
    try:
        message = await js._nc.request(f"$JS.API.DIRECT.GET.{stream}.{subject}", timeout=_TRY_SECONDS)
    except (nats.errors.Error, asyncio.TimeoutError):
        return None
    status = (message.headers or {}).get("Status")
    return None if status is not None else bytes(message.data)


def _read_reply(method: MethodDescriptor, data: bytes) -> ProtoMessage:
    reply = TellReply.FromString(data)
    kind = reply.WhichOneof("outcome")
    if kind == "response":
        return GetMessageClass(method.output_type).FromString(reply.response)
    if kind == "too_large":
        raise TellFailed(
            grpc.StatusCode.NOT_FOUND,
            "the reply was too large to be kept",
            ErrorDetail(code="SAMSPEL_REPLY_GONE"),
            False,
        )
    failure = reply.failure
    code = next((code for code in grpc.StatusCode if code.value[0] == failure.code), grpc.StatusCode.UNKNOWN)
    detail: Optional[ErrorDetail] = None
    for packed in failure.details:
        candidate = ErrorDetail()
        if packed.Unpack(candidate):
            detail = candidate
    raise TellFailed(code, failure.message, detail, failure.rejected)


def _require_tellable(method: MethodDescriptor) -> None:
    options = method.GetOptions()
    extension: Any = options_pb2.deduplicated
    streams = method.client_streaming or method.server_streaming
    if not streams and (options.Extensions[extension] or options.idempotency_level in _IDEMPOTENT):
        return
    raise TypeError(
        f"Cannot tell {method.full_name} as it might be carried out twice: mark it IDEMPOTENT, or "
        "(samspel.v1.deduplicated) where its handler de-duplicates by command id"
        if not streams
        else f"Cannot tell {method.full_name} as it streams: a tell is a unary method"
    )


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"
