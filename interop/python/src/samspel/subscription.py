"""Consumes a topic (T2).

1. Each partition has one durable consumer with at most one message on its way, so that a key's messages are
   handled in order on any number of instances, without leases.
2. A handler that fails is tried again with backoff: the broker counts the deliveries. After the last attempt
   the message is parked as a dead letter and its partition goes on. What cannot be decoded is parked at once.
3. `Unavailable` is no failure of the message: it is kept and tried again, for ever, and counts no attempt.
4. A message is acknowledged after its handler returned, never before: at least once. The handler remembers the
   message's id in the transaction of its effect to make that once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from contextlib import suppress
from typing import Callable, Generic, TypeVar

import nats.errors
from google.protobuf.message import DecodeError
from google.protobuf.message import Message as ProtoMessage
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from samspel.backoff import backoff_seconds
from samspel.broker import Broker
from samspel.call_context import CallContext, enter_call
from samspel.dead_letters import park
from samspel.errors import Unavailable
from samspel.message import Message, read_message
from samspel.spans import Attributes, receive_span
from samspel.topics import Topic, ensure_topic_stream
from samspel.trace import trace_of

log = logging.getLogger(__name__)

M = TypeVar("M", bound=ProtoMessage)

# How long a pull waits for a message; so it bounds the stop, and the way back after a restart of the broker.
_PULL_SECONDS = 1.0
_LAST_PULL_SECONDS = 0.02
_ACK_WAIT_SECONDS = 10.0
_PROGRESS_SECONDS = 3.0


class Subscription(Generic[M]):
    """A named group's share of a topic, in this instance. `start` it once; `stop` finishes what is in hand."""

    def __init__(
        self,
        broker: Broker,
        prefix: str,
        group: str,
        topic: Topic[M],
        handle: Callable[[Message[M]], Awaitable[None]],
        *,
        attempts: int = 8,
        longest_backoff: float = 5.0,
    ) -> None:
        self._longest_backoff = longest_backoff
        self._broker = broker
        self._prefix = prefix
        self._group = group
        self._topic = topic
        self._handler = handle
        self._attempts = attempts
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Creates what the broker lacks, and begins to consume."""
        js = await self._broker.jetstream()
        stream = await self._ensure_stream(js)
        partitions = range(self._topic.partitions)
        pulls = await asyncio.gather(*(self._bind(js, stream, partition) for partition in partitions))
        for partition, pull in zip(partitions, pulls):
            self._tasks.append(asyncio.create_task(self._run(partition, js, pull)))
        log.info("subscribed", extra={"topic": self._topic.name, "group": self._group})

    async def stop(self) -> None:
        """Takes no more messages, and waits until those in hand are settled."""
        self._stopping.set()
        await asyncio.gather(*self._tasks)

    async def _handle(self, message: Message[M]) -> None:
        """Runs the handler in a task of its own, as part of the message's trace (A3)."""
        enter_call(CallContext(trace=trace_of(message.headers)))
        name = self._topic.name
        span = receive_span(f"process {name}", "CONSUMER", self._about(message), message.headers)
        span.enter()
        try:
            await self._handler(message)
        except Unavailable:
            span.set("error.type", "postponed")  # not the message's fault
            raise
        except BaseException as error:
            span.fail_by(error)
            raise
        finally:
            span.end()

    def _about(self, message: Message[M]) -> Attributes:
        """What its span says."""
        return {
            "messaging.system": "nats",
            "messaging.operation.type": "process",
            "messaging.destination.name": self._topic.name,
            "messaging.consumer.group.name": self._group,
            "messaging.message.id": message.id,
            "samspel.key": message.key,
            "samspel.attempt": message.delivery,
        }

    async def _ensure_stream(self, js: JetStreamContext) -> str:
        return await ensure_topic_stream(js, self._prefix, self._topic)

    def _read(self, raw: Msg) -> Message[M]:
        return read_message(self._topic, raw)

    def _is_final(self, error: Exception) -> bool:
        """Whether another attempt would not change what went wrong."""
        return False

    async def _run(
        self, partition: int, js: JetStreamContext, pull: JetStreamContext.PullSubscription
    ) -> None:
        failures = 0
        while True:
            try:
                await self._consume(js, pull)
                return
            except Exception as error:  # whatever it was, a partition must not stay unread
                failures += 1
                log.warning(
                    "consumer interrupted",
                    extra={"topic": self._topic.name, "partition": partition, "reason": _describe(error)},
                )
            with suppress(Exception):
                await pull.unsubscribe()
            while not self._stopping.is_set():
                await self._wait(backoff_seconds(failures))
                try:
                    js = await self._broker.jetstream()
                    stream = await self._ensure_stream(js)
                    pull = await self._bind(js, stream, partition)
                    break
                except Exception as error:
                    failures += 1
                    log.debug("consumer still interrupted", extra={"reason": _describe(error)})

    async def _bind(
        self, js: JetStreamContext, stream: str, partition: int
    ) -> JetStreamContext.PullSubscription:
        config = ConsumerConfig(
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=_ACK_WAIT_SECONDS,
            deliver_policy=DeliverPolicy.ALL,
            max_ack_pending=1,
            max_deliver=-1,
        )
        subject = self._topic.subject(self._prefix, partition)
        return await js.pull_subscribe(
            subject, durable=f"{self._group}-{partition}", stream=stream, config=config
        )

    async def _consume(self, js: JetStreamContext, pull: JetStreamContext.PullSubscription) -> None:
        # What arrived in the very moment of a stop is still in the pull's queue: it is handled too. The queue may
        # as well hold nothing but the news that a pull has expired, so it is asked only briefly.
        while not self._stopping.is_set() or pull.pending_msgs > 0:
            seconds = _LAST_PULL_SECONDS if self._stopping.is_set() else _PULL_SECONDS
            if not self._broker.connected:
                await self._wait(0.1)
                continue
            try:
                [raw] = await pull.fetch(1, timeout=seconds)
            except (nats.errors.TimeoutError, asyncio.TimeoutError):
                continue
            await self._settle(js, raw)

    async def _settle(self, js: JetStreamContext, raw: Msg) -> None:
        place = raw.metadata
        about = {
            "topic": self._topic.name,
            "stream": place.stream,
            "sequence": place.sequence.stream,
            "attempt": place.num_delivered,
        }
        try:
            message = self._read(raw)
        except DecodeError as error:
            log.error("dead letter: no message of the topic", extra={**about, "reason": _describe(error)})
            await self._bury(js, raw, error)
            return
        try:
            await self._attempt(message, raw)
        except Exception as error:
            again = isinstance(error, Unavailable) or place.num_delivered < self._attempts
            if again and not self._is_final(error):
                delay = backoff_seconds(place.num_delivered, self._longest_backoff)
                log.warning("message failed", extra={**about, "again_in_seconds": delay}, exc_info=error)
                await raw.nak(delay)
                return
            log.error("dead letter: the last attempt failed", extra=about, exc_info=error)
            await self._bury(js, raw, error)
            return
        await raw.ack()

    async def _attempt(self, message: Message[M], raw: Msg) -> None:
        """Runs the handler, and tells the broker meanwhile that the message is in good hands."""
        waits = 0
        while True:
            handling = asyncio.ensure_future(self._handle(message))
            while not (await asyncio.wait({handling}, timeout=_PROGRESS_SECONDS))[0]:
                await raw.in_progress()
            try:
                return handling.result()
            except Unavailable as error:
                if self._stopping.is_set():
                    raise
                waits += 1
                if waits == 1:
                    log.warning("message waits", extra={"id": message.id, "reason": _describe(error)})
            await raw.in_progress()
            await self._wait(backoff_seconds(waits))

    async def _bury(self, js: JetStreamContext, raw: Msg, error: Exception) -> None:
        await park(js, self._prefix, self._group, self._topic.name, raw, error)
        await raw.term()

    async def _wait(self, seconds: float) -> None:
        """Sleeps, unless a stop comes first."""
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except asyncio.TimeoutError:
            return


def _describe(error: Exception) -> str:
    return str(error) or type(error).__name__
