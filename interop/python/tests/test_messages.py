"""What a subscription makes of what the broker delivers."""

import unittest
from typing import Optional

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import Default
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from nats.aio.client import Client
from nats.aio.msg import Msg

from samspel import topic
from samspel.headers import decode_value, encode_value
from samspel.message import read_message
from samspel.v1 import options_pb2, subscribe_pb2


def declare() -> tuple[object, type[Message]]:
    """A proto file of this test's own: two topics, and a method that is none."""
    file = FileDescriptorProto(name="samspel_test.proto", package="samspel_test", syntax="proto3")
    file.dependency.extend(["samspel/v1/options.proto", "samspel/v1/subscribe.proto"])
    happened = file.message_type.add(name="Happened")
    field = happened.field.add(name="name", number=1, type="TYPE_STRING", label="LABEL_OPTIONAL")
    field.options.Extensions[options_pb2.key] = True
    service = file.service.add(name="Topics")
    for name in ("Plain", "Named", "None"):
        method = service.method.add(name=name, output_type=".samspel_test.Happened", server_streaming=True)
        method.input_type = f".{subscribe_pb2.SubscribeRequest.DESCRIPTOR.full_name}"
        if name == "Plain":
            method.options.Extensions[options_pb2.topic].SetInParent()
        if name == "Named":
            method.options.Extensions[options_pb2.topic].name = "other"
            method.options.Extensions[options_pb2.topic].partitions = 4
    Default().AddSerializedFile(file.SerializeToString())
    found = Default().FindFileByName(file.name)
    return found, GetMessageClass(found.message_types_by_name["Happened"])


FILE, HAPPENED = declare()


def delivered(body: bytes, headers: Optional[dict[str, str]]) -> Msg:
    reply = "$JS.ACK.a_stream.a-consumer.3.41.7.1700000000000000000.0"
    return Msg(Client(), "subject", reply, body, headers)


class TopicTest(unittest.TestCase):
    def test_topic_takes_name_and_partitions_from_the_method(self) -> None:
        plain = topic(FILE, "Topics.Plain", HAPPENED)
        self.assertEqual((plain.name, plain.partitions), ("samspel_test.Topics.Plain", 16))
        self.assertEqual(plain.stream("p-"), "p-samspel_test_Topics_Plain")
        self.assertEqual(plain.subject("p-", 3), "p-topic.samspel_test.Topics.Plain.3")
        named = topic(FILE, "Topics.Named", HAPPENED)
        self.assertEqual((named.name, named.partitions), ("other", 4))

    def test_topic_refuses_a_method_that_is_none_or_of_another_message(self) -> None:
        with self.assertRaisesRegex(TypeError, "has no option"):
            topic(FILE, "Topics.None", HAPPENED)
        with self.assertRaisesRegex(TypeError, "it returns samspel_test.Happened"):
            topic(FILE, "Topics.Plain", subscribe_pb2.SubscribeRequest)


class ReadMessage(unittest.TestCase):
    topic = topic(FILE, "Topics.Plain", HAPPENED)
    body = HAPPENED(name="Åsa 1").SerializeToString()

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
