"""What a subscription answers the broker, for each way that handling can end."""

import asyncio
import unittest
from collections.abc import Awaitable
from types import SimpleNamespace
from typing import Callable
from unittest.mock import AsyncMock, Mock, patch

from nats.aio.msg import Msg
from nats.js.errors import NotFoundError

from samspel import ConfigurationError, Message, Unavailable, topic
from samspel.subscription import Subscription
from tests.declared import FILE, Happened

TOPIC = topic(FILE, "Topics.Named", Happened)


class Delivered:
    """A broker that has one message to deliver, and keeps what it was told."""

    def __init__(self, attempt: int, body: bytes) -> None:
        self.answers: list[bytes] = []
        self.settled = asyncio.Event()
        self.client = Mock(publish=AsyncMock(side_effect=self._answer))
        reply = f"$JS.ACK.other.group-0.{attempt}.41.7.1700000000000000000.0"
        self._messages = [
            Msg(self.client, "topic.other.0", reply, body, {"ce-id": "an-id", "Nats-Expected-Stream": "x"})
        ]
        self.js = AsyncMock()
        self.js.stream_info.side_effect = self._stream
        self.js.pull_subscribe.return_value = Mock(fetch=self._fetch, pending_msgs=0)
        self.broker = Mock(connected=True, jetstream=AsyncMock(return_value=self.js))

    async def _answer(self, subject: str, payload: bytes = b"") -> None:
        self.answers.append(payload)
        if payload != b"+WPI":
            self.settled.set()

    async def _stream(self, name: str) -> object:
        if name == "dead_letters":
            raise NotFoundError
        return SimpleNamespace(config=SimpleNamespace(metadata={"samspel-partitions": "1"}))

    async def _fetch(self, batch: int, timeout: float) -> list[Msg]:
        if self._messages:
            return [self._messages.pop()]
        await asyncio.sleep(0.01)
        raise asyncio.TimeoutError

    async def handled_by(self, handle: Callable[[Message], Awaitable[None]]) -> list[bytes]:
        subscription = Subscription(self.broker, "", "group", TOPIC, handle)
        await subscription.start()
        await asyncio.wait_for(self.settled.wait(), 5)
        await subscription.stop()
        return self.answers


BODY = Happened(name="k").SerializeToString()


class SubscriptionTest(unittest.IsolatedAsyncioTestCase):
    async def test_a_message_is_acknowledged_after_its_handler_returned(self) -> None:
        delivered = Delivered(1, BODY)
        before: list[list[bytes]] = []

        async def handle(message: Message) -> None:
            await asyncio.sleep(0)
            before.append(list(delivered.answers))
            self.assertEqual((message.id, message.key, message.delivery), ("an-id", "k", 1))

        self.assertEqual(await delivered.handled_by(handle), [b""])
        self.assertEqual(before, [[]])

    async def test_a_failed_message_comes_again_after_a_backoff(self) -> None:
        delivered = Delivered(7, BODY)
        with self.assertLogs("samspel.subscription", "WARNING"):
            [answer] = await delivered.handled_by(AsyncMock(side_effect=ValueError("no luck")))
        self.assertRegex(answer.decode(), r'^-NAK \{"delay": [2-5]\d{9}\}$')
        delivered.js.publish.assert_not_called()

    async def test_a_message_is_parked_when_its_last_attempt_failed(self) -> None:
        delivered = Delivered(8, BODY)
        with self.assertLogs("samspel.subscription", "ERROR"):
            answers = await delivered.handled_by(AsyncMock(side_effect=ValueError("no\r\nluck: Å")))
        self.assertEqual(answers, [b"+TERM"])
        stream = delivered.js.add_stream.call_args.args[0]
        self.assertEqual((stream.name, stream.subjects), ("dead_letters", ["dead.>"]))
        call = delivered.js.publish.call_args
        self.assertEqual(call.args, ("dead.group.other", BODY))
        self.assertEqual(
            call.kwargs["headers"],
            {
                "ce-id": "an-id",
                "Nats-Msg-Id": "group/other/41",
                "Samspel-Error": "ValueError: no luck: %C3%85",
                "Samspel-Attempts": "8",
                "Samspel-Group": "group",
                "Samspel-Stream": "other",
                "Samspel-Sequence": "41",
                "Samspel-Subject": "topic.other.0",
            },
        )

    async def test_unavailable_is_waited_for_and_counts_no_attempt(self) -> None:
        delivered = Delivered(8, BODY)
        handle = AsyncMock(side_effect=[Unavailable("away"), Unavailable("away"), None])
        with self.assertLogs("samspel.subscription", "WARNING") as logs:
            self.assertEqual(await delivered.handled_by(handle), [b"+WPI", b"+WPI", b""])
        self.assertEqual(len(logs.records), 1)

    @patch("samspel.subscription._PROGRESS_SECONDS", 0.01)
    async def test_a_slow_handler_keeps_its_message(self) -> None:
        delivered = Delivered(1, BODY)

        async def handle(_: Message) -> None:
            while b"+WPI" not in delivered.answers:
                await asyncio.sleep(0.005)

        answers = await delivered.handled_by(handle)
        self.assertEqual((answers[0], answers[-1]), (b"+WPI", b""))

    async def test_another_number_of_partitions_stops_the_start(self) -> None:
        delivered = Delivered(1, BODY)
        config = SimpleNamespace(metadata={"samspel-partitions": "16"})
        delivered.js.stream_info = AsyncMock(return_value=SimpleNamespace(config=config))
        with self.assertRaisesRegex(ConfigurationError, "partitions must be 1: stream other has 16"):
            await Subscription(delivered.broker, "", "group", TOPIC, AsyncMock()).start()
