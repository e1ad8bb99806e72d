"""Publishing: what is written, and that nothing overtakes."""

import asyncio
import unittest
from typing import Any
from unittest.mock import AsyncMock, Mock

import nats.errors
from nats.js.errors import NoStreamResponseError

from samspel import Unavailable, topic, trace_context
from samspel.key_order import KeyOrder
from samspel.publisher import Publisher
from samspel.v1.errors_pb2 import ErrorDetail
from tests.declared import FILE, Happened

TOPIC = topic(FILE, "Topics.Plain", Happened)
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class PublisherTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.js = AsyncMock()
        self.publisher = Publisher(Mock(jetstream=AsyncMock(return_value=self.js)), "p-", "cart")

    async def test_a_message_has_the_headers_of_the_contract_and_the_trace(self) -> None:
        with trace_context({"traceparent": TRACEPARENT}):
            found = await self.publisher.publish(
                TOPIC, Happened(name="Åsa"), id="a b", headers={"x-tenant": "grün", "CE-id": "mine"}
            )
        self.assertEqual(found, "a b")
        call = self.js.publish.call_args
        self.assertEqual(call.args[0], "p-topic.samspel_test.Topics.Plain.4")
        headers = dict(call.kwargs["headers"])
        self.assertRegex(headers.pop("ce-time"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(
            headers,
            {
                "x-tenant": "gr%C3%BCn",
                "traceparent": TRACEPARENT,
                "Nats-Msg-Id": "a%20b",
                "ce-specversion": "1.0",
                "ce-id": "a%20b",
                "ce-source": "/samspel/cart",
                "ce-type": "samspel_test.Happened",
                "ce-subject": "%C3%85sa",
                "ce-partitionkey": "%C3%85sa",
                "content-type": "application/protobuf",
            },
        )

    async def test_messages_of_one_key_are_stored_in_the_order_of_the_calls_others_beside(self) -> None:
        held = asyncio.Event()
        stored: list[str] = []

        async def publish(subject: str, body: bytes, **_: Any) -> None:
            name = Happened.FromString(body).name
            if name == "slow" and "slow" not in stored:
                await held.wait()
            stored.append(name)

        self.js.publish.side_effect = publish
        slow = [asyncio.ensure_future(self.publisher.publish(TOPIC, Happened(name="slow"))) for _ in range(2)]
        await self.publisher.publish(TOPIC, Happened(name="quick"))
        self.assertEqual(stored, ["quick"])
        held.set()
        await asyncio.gather(*slow)
        self.assertEqual(stored, ["quick", "slow", "slow"])
        self.assertEqual(self.publisher._order._locks, {}, "nothing is kept of a key that is done")

    async def test_a_message_is_sent_again_with_its_id_until_it_is_stored(self) -> None:
        self.js.publish.side_effect = [nats.errors.TimeoutError(), NoStreamResponseError(), None]
        self.js.stream_info.return_value = Mock(config=Mock(metadata={"samspel-partitions": "16"}))
        await self.publisher.publish(TOPIC, Happened(name="k"), id="one")
        ids = [call.kwargs["headers"]["Nats-Msg-Id"] for call in self.js.publish.call_args_list]
        self.assertEqual(ids, ["one", "one", "one"])

    async def test_what_is_not_known_to_be_stored_is_unavailable(self) -> None:
        self.js.publish.side_effect = nats.errors.TimeoutError()
        with self.assertRaises(Unavailable) as caught:
            await self.publisher.publish(TOPIC, Happened(name="k"), timeout=0.15)
        self.assertEqual(caught.exception.detail.code, "SAMSPEL_BROKER_UNREACHABLE")

    async def test_what_cannot_be_published_is_refused_at_once(self) -> None:
        with self.assertRaisesRegex(TypeError, "ErrorDetail"):
            await self.publisher.publish(TOPIC, ErrorDetail())
        with self.assertRaisesRegex(ValueError, "must not be empty"):
            await self.publisher.publish(TOPIC, Happened(name="k"), id="")
        self.js.publish.side_effect = nats.errors.MaxPayloadError()
        with self.assertRaisesRegex(ValueError, "more than NATS takes"):
            await self.publisher.publish(TOPIC, Happened(name="k"))


class KeyOrderTest(unittest.IsolatedAsyncioTestCase):
    async def test_a_turn_that_is_given_up_holds_nobody(self) -> None:
        order = KeyOrder()
        async with order.of("k"):
            waiting = asyncio.ensure_future(order.of("k").__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with order.of("k"):
            pass
        self.assertEqual(order._locks, {})
