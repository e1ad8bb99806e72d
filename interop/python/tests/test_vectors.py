"""The library against the vectors that all languages are held to; partitions and tells have files of their own."""

import gzip
import unittest
from base64 import b64decode
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import AsyncMock, Mock

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.rpc.status_pb2 import Status
from nats.aio.msg import Msg

from samspel.channel.interceptors import DEFAULT_SECONDS, effective_seconds
from samspel.dead_letters import park
from samspel.descriptors import Descriptors, pieces
from samspel.error_detail import DETAILS_KEY, error_detail_of, pack_status
from samspel.errors import ConfigurationError, Rejection
from samspel.headers import decode_value, encode_value, read_headers, sent_headers
from samspel.identity import IdentityRefused, decide, read_peer
from samspel.partitions import partition_of
from samspel.registration import Instance
from samspel.topics import Topic
from samspel.trace import trace_of
from tests.declared import Happened
from tests.vectors import vectors


def instance_of(said: dict) -> Instance:
    return Instance(
        service=said["name"],
        address=said["address"],
        port=said["port"],
        proto_services=said["protoServices"],
        version=said.get("version", ""),
        zone=said.get("zone", ""),
        descriptor_sha256=said.get("descriptorSha256", ""),
        health_port=said.get("healthPort"),
        meta=said.get("meta", {}),
    )


class RegistrationVectors(unittest.TestCase):
    def test_an_instance_is_registered_as_in_every_language(self) -> None:
        held = 0
        for vector in vectors("registration")["vectors"]:
            said, body = vector["instance"], vector["body"]
            if said["check"]["type"] != "grpc":
                continue  # what this library cannot be
            held += 1
            found = instance_of(said).registration()
            # These two say what the library itself is.
            body["Meta"].update(lang="python", protocols="grpc")
            body["Check"].pop("DeregisterCriticalServiceAfter")
            self.assertEqual(found["Check"].pop("DeregisterCriticalServiceAfter"), "1m")
            self.assertEqual(found, body, vector["about"])
        self.assertGreaterEqual(held, 5)

    def test_what_no_registry_takes_is_refused_with_its_field(self) -> None:
        for vector in vectors("registration")["refused"]:
            with self.assertRaisesRegex(ConfigurationError, vector["field"], msg=vector["about"]):
                instance_of(vector["instance"]).check()


class DescriptorVectors(unittest.TestCase):
    def test_a_set_has_the_files_of_a_service_each_after_its_imports(self) -> None:
        for vector in vectors("descriptors")["sets"]:
            data = b64decode(vector["set"])
            pool = DescriptorPool()
            for file in FileDescriptorSet.FromString(data).file:
                pool.Add(file)
            found = Descriptors(vector["services"], pool)
            self.assertEqual((found.sha256, found.key), (vector["sha256"], vector["key"]), vector["about"])
            self.assertEqual(gzip.decompress(b64decode(vector["gzip"])), data)

    def test_a_large_set_is_cut_into_pieces(self) -> None:
        for vector in vectors("descriptors")["chunks"]:
            sizes = [len(piece) for piece in pieces(bytes(vector["gzipBytes"]))]
            self.assertEqual(sizes, vector["pieces"] or [vector["gzipBytes"]])


class HeaderVectors(unittest.IsolatedAsyncioTestCase):
    def test_values_travel_percent_encoded(self) -> None:
        for vector in vectors("headers")["values"]:
            self.assertEqual(encode_value(vector["value"]), vector["encoded"])
            self.assertEqual(decode_value(vector["encoded"]), vector["value"])
        for vector in vectors("headers")["decoded"]:
            self.assertEqual(decode_value(vector["encoded"]), vector["value"])

    def test_own_headers_replace_none_of_the_toolkits(self) -> None:
        given = vectors("headers")
        own = sent_headers(given["event"]["headers"], {})
        self.assertEqual(own, {name: given["message"][name] for name in ("x-tenant", "traceparent")})
        self.assertEqual(read_headers(given["message"]), given["received"])

    async def test_a_dead_letter_has_the_message_and_what_went_wrong(self) -> None:
        given = vectors("headers")
        letter = given["deadLetter"]
        reply = f"$JS.ACK.{letter['stream']}.shipping-4.{letter['attempts']}.{letter['sequence']}.7.1700.0"
        js = AsyncMock()
        js.stream_info.return_value = SimpleNamespace(config=SimpleNamespace(metadata={}))
        kind, _, text = letter["error"].partition(": ")
        await park(
            js,
            "",
            letter["group"],
            "cart.v1.CartTopics.CheckedOut",
            Msg(Mock(), letter["subject"], reply, b"", dict(given["message"])),
            {"ValueError": ValueError}[kind](text),
        )
        self.assertEqual(js.publish.call_args.kwargs["headers"], letter["headers"])


class ErrorVectors(unittest.TestCase):
    def test_a_rejection_becomes_a_status_that_every_language_reads(self) -> None:
        for vector in vectors("errors")["vectors"]:
            error = vector["error"]
            code = next(code for code in grpc.StatusCode if code.value[0] == error["code"])
            after = error.get("retryAfterMs")
            rejection = Rejection(
                code,
                error["message"],
                error["metadata"],
                reason=error["reason"],
                retryable=error["retryable"],
                retry_after=None if after is None else timedelta(milliseconds=after),
            )
            packed = pack_status(rejection.code, rejection.message, rejection.detail)
            wire = b64decode(vector["wire"][DETAILS_KEY] + "==")
            for status in (Status.FromString(packed), Status.FromString(wire)):
                self.assertEqual((status.code, status.message), (error["code"], error["message"]))
            self.assertEqual(error_detail_of([(DETAILS_KEY, packed)]), rejection.detail)
            self.assertEqual(error_detail_of([(DETAILS_KEY, wire)]), rejection.detail)

    def test_a_status_of_others_is_read_as_far_as_it_goes(self) -> None:
        for vector in vectors("errors")["received"]:
            packed = vector["wire"].get(DETAILS_KEY)
            trailers = [] if packed is None else [(DETAILS_KEY, b64decode(packed.rstrip("=") + "=="))]
            detail, expected = error_detail_of(trailers), vector["error"]
            if expected is None:
                self.assertIsNone(detail, vector["about"])
            elif detail is None:
                self.fail(vector["about"])
            else:
                self.assertEqual(
                    (detail.code, dict(detail.metadata)), (expected["reason"], expected["metadata"])
                )


class TraceVectors(unittest.TestCase):
    def test_a_trace_is_passed_on_where_it_is_well_formed(self) -> None:
        for vector in vectors("trace")["vectors"]:
            self.assertEqual(trace_of(vector["incoming"]), vector["passedOn"], vector["about"])


class DeadlineVectors(unittest.TestCase):
    def test_a_call_within_a_call_inherits_what_is_left(self) -> None:
        def seconds(ms: "int | None") -> "float | None":
            return None if ms is None else ms / 1000

        self.assertEqual(DEFAULT_SECONDS, 10.0)
        for vector in vectors("deadlines")["inherited"]:
            found = effective_seconds(seconds(vector["ownMs"]), seconds(vector["incomingLeftMs"]), 10.0)
            self.assertEqual(found, seconds(vector["effectiveMs"]), vector["about"])


class TopicVectors(unittest.TestCase):
    def test_a_topic_lies_where_every_language_looks(self) -> None:
        for vector in vectors("topics")["vectors"]:
            topic = Topic(vector["topic"], vector["partitions"], Happened, "name")
            prefix = vector["prefix"]
            self.assertEqual(topic.stream(prefix), vector["stream"]["name"])
            self.assertEqual(topic.subject(prefix, "*"), vector["stream"]["subjects"][0])
            for key in vector["keys"]:
                partition = partition_of(key["key"], topic.partitions)
                self.assertEqual(partition, key["partition"])
                self.assertEqual(topic.subject(prefix, partition), key["subject"])


class IdentityVectors(unittest.TestCase):
    def test_a_peer_is_who_its_one_name_says(self) -> None:
        for vector in vectors("spiffe")["vectors"]:
            arguments = (vector["uriSans"], vector["trustDomain"], vector["expected"])
            if "refused" in vector:
                with self.assertRaises(IdentityRefused, msg=vector["about"]) as caught:
                    read_peer(*arguments)
                self.assertEqual(caught.exception.reason, vector["refused"], vector["about"])
            else:
                self.assertEqual(read_peer(*arguments).service, vector["service"], vector["about"])

    def test_intentions_decide_as_consul_would(self) -> None:
        for vector in vectors("intentions")["vectors"]:
            found = decide(vector["intentions"], vector["source"])
            self.assertEqual(found.value, vector["decision"], vector["about"])
