"""Publishes to topics (T1, T3).

1. `publish` returns when JetStream has acked. A message is sent again under its id until then, or until its time is
   over; JetStream drops a second one of an id for two minutes.
2. Of one key, one message at a time is on its way, in the order of the calls of this process.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Optional, TypeVar

from google.protobuf.message import Message as ProtoMessage

from samspel.broker import Broker
from samspel.call_context import outgoing_trace
from samspel.headers import encode_value, sent_headers
from samspel.key_order import KeyOrder
from samspel.partitions import partition_of
from samspel.spans import Attributes, sending
from samspel.store import store
from samspel.topics import Topic, ensure_topic_stream

M = TypeVar("M", bound=ProtoMessage)


class Publisher:
    """Publishes on a service's connection to NATS."""

    def __init__(self, broker: Broker, prefix: str, source: str) -> None:
        self._broker = broker
        self._prefix = prefix
        self._source = source
        self._order = KeyOrder()

    async def publish(
        self,
        topic: Topic[M],
        message: M,
        *,
        id: Optional[str] = None,
        headers: Optional[Mapping[str, str]] = None,
        timeout: float = 10.0,
    ) -> str:
        """Publishes a message, and returns its id when it is stored.

        :param id: what tells two messages from one that came twice. Default: a random UUID
        :param headers: the sender's own; names that begin with `ce-`, `nats-` or `samspel-` are left out
        :param timeout: seconds; then it may be stored all the same, so try again with the same id
        :raises TypeError: where the message is none of the topic
        :raises ValueError: where the id is empty, or the message larger than NATS takes
        :raises Unavailable: where it is not known to be stored in time
        """
        if message.DESCRIPTOR is not topic.message.DESCRIPTOR:
            raise TypeError(f"Cannot publish {message.DESCRIPTOR.full_name} to {topic.name}")
        message_id = str(uuid.uuid4()) if id is None else id
        if not message_id:
            raise ValueError("The id of a message must not be empty")
        key = topic.key_of(message)
        about: Attributes = {
            "messaging.system": "nats",
            "messaging.operation.type": "send",
            "messaging.destination.name": topic.name,
            "messaging.message.id": message_id,
            "samspel.key": key,
        }
        with sending(f"publish {topic.name}", about, outgoing_trace()):
            await self._send(topic, message, message_id, key, headers, timeout)
        return message_id

    async def _send(
        self,
        topic: Topic[M],
        message: M,
        message_id: str,
        key: str,
        headers: Optional[Mapping[str, str]],
        timeout: float,
    ) -> None:
        sent = {
            **sent_headers(headers, outgoing_trace()),
            "Nats-Msg-Id": encode_value(message_id),
            "ce-specversion": "1.0",
            "ce-id": encode_value(message_id),
            "ce-source": f"/samspel/{encode_value(self._source)}",
            "ce-type": message.DESCRIPTOR.full_name,
            "ce-time": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "ce-subject": encode_value(key),
            "ce-partitionkey": encode_value(key),
            "content-type": "application/protobuf",
        }
        async with self._order.of((topic.name, key)):
            await store(
                self._broker,
                topic.subject(self._prefix, partition_of(key, topic.partitions)),
                message.SerializeToString(),
                sent,
                timeout,
                what="the message",
                ensure=lambda js: ensure_topic_stream(js, self._prefix, topic),
            )
