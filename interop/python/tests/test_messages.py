"""What a subscription makes of what the broker delivers."""

import unittest
from typing import Optional

from google.protobuf.message import DecodeError
from nats.aio.client import Client
from nats.aio.msg import Msg

from samspel import topic
from samspel.headers import decode_value, encode_value
from samspel.message import read_message
from samspel.v1 import subscribe_pb2
from tests.declared import FILE, Happened


def delivered(body: bytes, headers: Optional[dict[str, str]]) -> Msg:
    reply = "$JS.ACK.a_stream.a-consumer.3.41.7.1700000000000000000.0"
    return Msg(Client(), "subject", reply, body, headers)


class TopicTest(unittest.TestCase):
    def test_topic_takes_name_and_partitions_from_the_method(self) -> None:
        plain = topic(FILE, "Topics.Plain", Happened)
        self.assertEqual((plain.name, plain.partitions), ("samspel_test.Topics.Plain", 16))
        self.assertEqual(plain.stream("p-"), "p-samspel_test_Topics_Plain")
        self.assertEqual(plain.subject("p-", 3), "p-topic.samspel_test.Topics.Plain.3")
        named = topic(FILE, "Topics.Named", Happened)
        self.assertEqual((named.name, named.partitions), ("other", 1))

    def test_topic_refuses_a_method_that_is_none_or_of_another_message(self) -> None:
        with self.assertRaisesRegex(TypeError, "has no option"):
            topic(FILE, "Topics.None", Happened)
        with self.assertRaisesRegex(TypeError, "it returns samspel_test.Happened"):
            topic(FILE, "Topics.Plain", subscribe_pb2.SubscribeRequest)


class ReadMessage(unittest.TestCase):
    topic = topic(FILE, "Topics.Plain", Happened)
    body = Happened(name="Åsa 1").SerializeToString()

    def test_read_message_takes_id_key_headers_and_place(self) -> None:
        headers = {"Nats-Msg-Id": "other", "Ce-Id": "cart/%C3%85sa%201/2", "Mine": "100%"}
        message = read_message(self.topic, delivered(self.body, headers))
        self.assertEqual((message.id, message.key), ("cart/Åsa 1/2", "Åsa 1"))
        self.assertEqual(message.headers["mine"], "100%")
        self.assertEqual((message.stream, message.sequence, message.delivery), ("a_stream", 41, 3))

    def test_read_message_falls_back_to_the_brokers_id_then_to_the_place(self) -> None:
        self.assertEqual(read_message(self.topic, delivered(self.body, {"Nats-Msg-Id": "x"})).id, "x")
        self.assertEqual(read_message(self.topic, delivered(self.body, None)).id, "a_stream/41")

    def test_read_message_refuses_what_is_no_message(self) -> None:
        with self.assertRaises(DecodeError):
            read_message(self.topic, delivered(b"\xff\xff\xff", None))


class Headers(unittest.TestCase):
    def test_no_value_breaks_out_of_its_header(self) -> None:
        for value in ("a\r\nInjected: 1", 'quote" and %', "Åsa", "🛒"):
            encoded = encode_value(value)
            self.assertRegex(encoded, r"\A[\x21-\x7e]+\Z")
            self.assertEqual(decode_value(encoded), value)
