"""A topic's message, as handlers get it (T3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message as ProtoMessage
from nats.aio.msg import Msg

from samspel.headers import read_headers
from samspel.topics import Topic
from samspel.v1 import options_pb2

M = TypeVar("M", bound=ProtoMessage)


@dataclass(frozen=True)
class Message(Generic[M]):
    """What happened, with what travels beside it."""

    #: The same for every delivery of the same message, also when it is published twice: what an inbox remembers.
    id: str
    #: The ordering key: messages of one key are handled in order.
    key: str
    body: M
    #: All headers, CloudEvents attributes and the publisher's own; by their names in lower case.
    headers: Mapping[str, str]
    #: Which attempt this is: 1, 2, 3 …
    delivery: int
    stream: str
    sequence: int


def read_message(topic: Topic[M], raw: Msg) -> Message[M]:
    """Decodes what the broker delivered.

    :raises google.protobuf.message.DecodeError: where the body is no message of the topic
    """
    headers = read_headers(raw.headers)
    body = topic.message.FromString(raw.data)
    place = raw.metadata
    unnamed = f"{place.stream}/{place.sequence.stream}"
    return Message(
        id=headers.get("ce-id") or headers.get("nats-msg-id") or unnamed,
        key=topic.key_of(body),
        body=body,
        headers=headers,
        delivery=place.num_delivered,
        stream=place.stream,
        sequence=place.sequence.stream,
    )


def key_of(body: ProtoMessage) -> str:
    """What the field with the option `(samspel.v1.key)` says; empty where a message has none."""
    extension: Any = options_pb2.key
    for field in body.DESCRIPTOR.fields:
        if field.GetOptions().Extensions[extension]:
            key: str = getattr(body, field.name)
            return key
    return ""
