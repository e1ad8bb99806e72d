"""Takes the tells of a proto service that this one serves (T5): the same handlers as for calls.

1. The reply is kept before the tell counts as handled. Where that fails, the tell comes again.
2. A tell comes at least once. What must happen once in effect, the handler remembers by `command_id(context)`,
   in the transaction of its effect.
3. What a handler rejects ends there, with the rejection as its reply, and as a dead letter; what else it raises is
   tried again; `Unavailable` is no fault of the tell, and no attempt of it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, NoReturn, Optional

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import DecodeError
from google.protobuf.message import Message as ProtoMessage
from google.protobuf.message_factory import GetMessageClass
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from samspel.broker import Broker
from samspel.call_context import CallContext, current_call, enter_call
from samspel.command import COMMAND_ID_HEADER, Command, enter_command
from samspel.deadline import within
from samspel.errors import Rejection, Unavailable
from samspel.headers import read_headers
from samspel.message import Message
from samspel.spans import Attributes
from samspel.subscription import Subscription
from samspel.tell_address import (
    TELL_GROUP,
    TELL_PARTITIONS,
    reply_subject,
    tell_token,
)
from samspel.tell_streams import ensure_reply_stream, ensure_tell_stream
from samspel.trace import trace_of
from samspel.v1.tell_pb2 import TellFailure, TellReply

log = logging.getLogger(__name__)

_ATTEMPTS = 16
_LONGEST_BACKOFF_SECONDS = 60.0
_TIMEOUT_SECONDS = 30.0

# Another attempt would not change the word of a handler that says one of these.
_FINAL = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.UNIMPLEMENTED,
}


class TellContext:
    """What a handler gets in place of a call's context: of that, what makes sense without a caller."""

    def __init__(self, metadata: Mapping[str, str]) -> None:
        self._metadata = tuple(metadata.items())

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        """The sender's headers, its trace, and the command id."""
        return self._metadata

    def time_remaining(self) -> Optional[float]:
        """Seconds until the handler counts as failed."""
        context = current_call()
        return None if context is None else context.seconds_left

    async def abort(self, code: grpc.StatusCode, details: str = "", trailing_metadata: Any = ()) -> NoReturn:
        raise Rejection(code, details, reason="SAMSPEL_REJECTED")


class _Told:
    """Of a proto service, what a subscription needs to know of its topic."""

    def __init__(self, service: ServiceDescriptor) -> None:
        self.service = service
        self.name = f"tell.{service.full_name}"
        self.partitions = TELL_PARTITIONS

    def subject(self, prefix: str, partition: object) -> str:
        return f"{prefix}tell.{self.service.full_name}.{partition}"


class Tells(Subscription[ProtoMessage]):
    """The tells of a proto service, in this instance. `start` it once; `stop` finishes what is in hand."""

    def __init__(self, broker: Broker, prefix: str, service: ServiceDescriptor, servicer: object) -> None:
        told = _Told(service)
        super().__init__(
            broker,
            prefix,
            TELL_GROUP,
            told,  # type: ignore[arg-type]
            self._carry_out,
            attempts=_ATTEMPTS,
            longest_backoff=_LONGEST_BACKOFF_SECONDS,
        )
        self._service = service
        self._servicer = servicer

    async def _ensure_stream(self, js: JetStreamContext) -> str:
        await ensure_reply_stream(js, self._prefix)
        return await ensure_tell_stream(js, self._prefix, self._service.full_name)

    def _read(self, raw: Msg) -> Message[ProtoMessage]:
        headers = read_headers(raw.headers)
        name, tell_id = headers.get("samspel-method", ""), headers.get("ce-id", "")
        if not name or not tell_id:
            raise DecodeError(
                f"A message of {self._service.full_name} lacks ce-id or samspel-method: it is no tell"
            )
        method = self._service.methods_by_name.get(name)
        # A later version's: that may be on its way to this instance, too.
        body = TellReply() if method is None else GetMessageClass(method.input_type).FromString(raw.data)
        place = raw.metadata
        return Message(
            id=tell_id,
            key=headers.get("ce-partitionkey") or tell_id,
            body=body,
            headers=headers,
            delivery=place.num_delivered,
            stream=place.stream,
            sequence=place.sequence.stream,
        )

    def _is_final(self, error: Exception) -> bool:
        return isinstance(error, Rejection) and error.code in _FINAL and not error.detail.retryable

    def _about(self, message: Message[ProtoMessage]) -> Attributes:
        return {
            **super()._about(message),
            "rpc.service": self._service.full_name,
            "rpc.method": message.headers["samspel-method"],
            "samspel.tell.id": message.id,
        }

    async def _carry_out(self, message: Message[ProtoMessage]) -> None:
        name = message.headers["samspel-method"]
        if name not in self._service.methods_by_name:
            raise LookupError(
                f"{self._service.full_name} has no method {name} in this version: deploy one that has"
            )
        metadata = {
            header: value
            for header, value in message.headers.items()
            if not header.startswith(("ce-", "nats-", "samspel-")) and header != "content-type"
        }
        metadata[COMMAND_ID_HEADER] = message.id
        handler = getattr(self._servicer, name)
        enter_call(CallContext(time.monotonic() + _TIMEOUT_SECONDS, trace_of(message.headers)))
        enter_command(Command(self._service.full_name, name, message.key, message.id))
        response: ProtoMessage = await within(_TIMEOUT_SECONDS, handler(message.body, TellContext(metadata)))
        reply = TellReply(id=message.id, method=name, response=response.SerializeToString())
        try:
            await self._keep(message.headers, reply)
        except Exception as error:
            raise Unavailable("the reply could not be kept", reason="SAMSPEL_BROKER_UNREACHABLE") from error

    async def _bury(self, js: JetStreamContext, raw: Msg, error: Exception) -> None:
        headers = read_headers(raw.headers)
        if "ce-id" in headers and "samspel-method" in headers:
            failure = _failure_of(error, self._is_final(error), raw.metadata.num_delivered)
            await self._keep(
                headers, TellReply(id=headers["ce-id"], method=headers["samspel-method"], failure=failure)
            )
        await super()._bury(js, raw, error)

    async def _keep(self, headers: Mapping[str, str], reply: TellReply) -> None:
        service = self._service.full_name
        token = tell_token(service, reply.method, headers.get("ce-partitionkey") or reply.id, reply.id)
        js = await self._broker.jetstream()
        await js.publish(self._prefix + reply_subject(service, token), reply.SerializeToString(), timeout=5)


def _failure_of(error: Exception, rejected: bool, attempts: int) -> TellFailure:
    if isinstance(error, Rejection):
        detail = AnyMessage()
        detail.Pack(error.detail)
        code, text, details = error.code, error.message, [detail]
    else:
        code, text, details = grpc.StatusCode.INTERNAL, "internal error", []
    return TellFailure(
        code=code.value[0], message=text, details=details, rejected=rejected, attempts=attempts
    )
