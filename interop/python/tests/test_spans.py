"""What an SDK of OpenTelemetry sees: calls, messages and tells, each in the trace of what it is done for (A3)."""

import asyncio
import json
import logging
import unittest
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Optional
from unittest.mock import AsyncMock, Mock, patch

import grpc
from nats.aio.msg import Msg
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from samspel import Message, Rejection, Unavailable, call_interceptors, topic, trace_context
from samspel.export import start_export
from samspel.interceptor import ServiceInterceptor
from samspel.logs import JsonFormatter
from samspel.publisher import Publisher
from samspel.settings import Settings
from samspel.subscription import Subscription
from tests.declared import FILE, Happened
from tests.one_loop import OneLoopTestCase

TOPIC = topic(FILE, "Topics.Plain", Happened)
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE_ID}-b7ad6b7169203331-01"
UNSAMPLED = f"00-{TRACE_ID}-b7ad6b7169203331-00"


class Seen:
    """An SDK whose provider is this process's for as long as it is entered, and what it saw."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))

    def entered(self) -> AbstractContextManager[Any]:
        return patch("opentelemetry.trace.get_tracer_provider", return_value=self.provider)

    def spans(self) -> list[ReadableSpan]:
        return list(self.exporter.get_finished_spans())

    def lines(self) -> list[str]:
        """All spans in the order of their starts, each with who its parent is."""
        spans = sorted(self.spans(), key=lambda span: span.start_time or 0)
        names = {span.context.span_id: span.name for span in spans}
        return [f"{span.kind.name} {span.name} < {_parent_of(span, names)}" for span in spans]


def _parent_of(span: ReadableSpan, names: Mapping[int, str]) -> str:
    if span.parent is None:
        return "nobody"
    return names.get(span.parent.span_id, trace.format_span_id(span.parent.span_id))


def about(span: ReadableSpan) -> tuple[Any, Any, bool]:
    """Its code, its error, and whether it counts as failed."""
    attributes = span.attributes or {}
    failed = span.status.status_code is trace.StatusCode.ERROR
    return attributes.get("rpc.grpc.status_code"), attributes.get("error.type"), failed


class Calls(OneLoopTestCase):
    async def asyncSetUp(self) -> None:
        self.seen = Seen()
        entered = self.seen.entered()
        entered.__enter__()
        self.addAsyncCleanup(_leave, entered)
        server = grpc.aio.server(interceptors=[ServiceInterceptor()])
        handlers = {
            "Unary": grpc.unary_unary_rpc_method_handler(self.unary),
            "Stream": grpc.unary_stream_rpc_method_handler(self.stream),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("t.S", handlers),))
        health = {"Check": grpc.unary_unary_rpc_method_handler(self.unary)}
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("grpc.health.v1.Health", health),)
        )
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        self.channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", interceptors=call_interceptors())
        self.bare = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        self.addAsyncCleanup(server.stop, None)
        self.addAsyncCleanup(self.channel.close)
        self.addAsyncCleanup(self.bare.close)

    async def unary(self, request: bytes, context: Any) -> bytes:
        if request == b"crash":
            raise RuntimeError("secret")
        if request == b"reject":
            raise Rejection(grpc.StatusCode.NOT_FOUND, "no", reason="GONE")
        if request == b"abort":
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "own words")
        if request == b"on":
            answer: bytes = await self.channel.unary_unary("/t.S/Unary")(b"end")
            return answer
        return b"done"

    async def stream(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        yield await self.channel.unary_unary("/t.S/Unary")(b"end")
        if request == b"crash":
            raise RuntimeError("secret")

    async def ended(self, count: int) -> None:
        """A caller has its answer before the span of the call has ended."""
        for _ in range(3_000):
            if len(self.seen.spans()) >= count:
                return
            await asyncio.sleep(0.01)
        self.fail(f"{count} spans did not come: {self.seen.lines()}")

    async def test_a_call_and_what_its_handler_calls_are_in_the_trace_that_came(self) -> None:
        await self.bare.unary_unary("/t.S/Unary")(b"on", metadata=(("traceparent", TRACEPARENT),))
        await self.ended(3)
        self.assertEqual(
            self.seen.lines(),
            [
                "SERVER t.S/Unary < b7ad6b7169203331",
                "CLIENT t.S/Unary < t.S/Unary",
                "SERVER t.S/Unary < t.S/Unary",
            ],
        )
        for span in self.seen.spans():
            self.assertEqual(trace.format_trace_id(span.context.trace_id), TRACE_ID)
            self.assertEqual(
                dict(span.attributes or {}),
                {
                    "rpc.system": "grpc",
                    "rpc.service": "t.S",
                    "rpc.method": "Unary",
                    "rpc.grpc.status_code": 0,
                },
            )

    async def test_a_stream_is_one_span_until_it_ends(self) -> None:
        call = self.bare.unary_stream("/t.S/Stream")(b"")
        self.assertEqual([answer async for answer in call], [b"done"])
        await self.ended(3)
        self.assertEqual(
            self.seen.lines(),
            [
                "SERVER t.S/Stream < nobody",
                "CLIENT t.S/Unary < t.S/Stream",
                "SERVER t.S/Unary < t.S/Unary",
            ],
        )

    async def test_failures_are_told_as_the_conventions_have_it(self) -> None:
        expected = {
            b"crash": ((13, "Internal", True), (13, "Internal", True)),
            b"reject": ((5, "GONE", False), (5, "GONE", True)),
            b"abort": ((9, "FailedPrecondition", False), (9, "FailedPrecondition", True)),
        }
        for request, (server, client) in expected.items():
            self.seen.exporter.clear()
            with self.assertRaises(grpc.aio.AioRpcError):
                await self.channel.unary_unary("/t.S/Unary")(request)
            await self.ended(2)
            kinds = {span.kind.name: about(span) for span in self.seen.spans()}
            self.assertEqual(kinds, {"SERVER": server, "CLIENT": client}, request)

    async def test_a_call_that_reaches_nobody_ends_its_span(self) -> None:
        async with grpc.aio.insecure_channel("127.0.0.1:1", interceptors=call_interceptors()) as nowhere:
            with self.assertRaises(grpc.aio.AioRpcError):
                await nowhere.unary_unary("/t.S/Unary")(b"")
        await self.ended(1)
        self.assertEqual(about(self.seen.spans()[0]), (14, "Unavailable", True))

    async def test_checks_of_health_and_what_is_not_sampled_make_none(self) -> None:
        await self.bare.unary_unary("/grpc.health.v1.Health/Check")(b"")
        await self.bare.unary_unary("/t.S/Unary")(b"on", metadata=(("traceparent", UNSAMPLED),))
        await self.bare.unary_unary("/t.S/Unary")(b"")
        await self.ended(1)
        self.assertEqual(self.seen.lines(), ["SERVER t.S/Unary < nobody"])


async def _leave(entered: AbstractContextManager[Any]) -> None:
    entered.__exit__(None, None, None)


class Messages(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.seen = Seen()
        entered = self.seen.entered()
        entered.__enter__()
        self.addCleanup(entered.__exit__, None, None, None)
        self.js = AsyncMock()
        self.broker = Mock(connected=True, jetstream=AsyncMock(return_value=self.js))

    def sent_headers(self) -> Mapping[str, str]:
        headers: Mapping[str, str] = self.js.publish.call_args.kwargs["headers"]
        return headers

    async def test_what_is_published_and_told_is_in_the_trace_and_hands_it_on(self) -> None:
        publisher = Publisher(self.broker, "", "cart")
        with trace_context({"traceparent": TRACEPARENT}):
            await publisher.publish(TOPIC, Happened(name="k"), id="1")
        [span] = self.seen.spans()
        self.assertEqual(self.seen.lines(), ["PRODUCER publish samspel_test.Topics.Plain < b7ad6b7169203331"])
        self.assertEqual(
            self.sent_headers()["traceparent"],
            f"00-{TRACE_ID}-{trace.format_span_id(span.context.span_id)}-01",
        )
        self.assertEqual(
            dict(span.attributes or {}),
            {
                "messaging.system": "nats",
                "messaging.operation.type": "send",
                "messaging.destination.name": "samspel_test.Topics.Plain",
                "messaging.message.id": "1",
                "samspel.key": "k",
            },
        )

    async def handle(self, error: Optional[Exception]) -> ReadableSpan:
        async def handler(message: Message) -> None:
            await Publisher(self.broker, "", "cart").publish(TOPIC, message.body, id="2")
            if error is not None:
                raise error

        body = Happened(name="k").SerializeToString()
        headers = {"ce-id": "an-id", "traceparent": TRACEPARENT}
        raw = Msg(
            Mock(), "topic.other.0", "$JS.ACK.other.group-0.2.41.7.1700000000000000000.0", body, headers
        )
        subscription = Subscription(self.broker, "", "group", TOPIC, handler)
        message = subscription._read(raw)
        await asyncio.gather(asyncio.ensure_future(subscription._handle(message)), return_exceptions=True)
        self.assertEqual(
            self.seen.lines(),
            [
                "CONSUMER process samspel_test.Topics.Plain < b7ad6b7169203331",
                "PRODUCER publish samspel_test.Topics.Plain < process samspel_test.Topics.Plain",
            ],
        )
        return next(span for span in self.seen.spans() if span.kind is trace.SpanKind.CONSUMER)

    async def test_a_message_is_handled_in_its_trace_and_so_is_what_that_publishes(self) -> None:
        span = await self.handle(None)
        self.assertEqual(
            dict(span.attributes or {}),
            {
                "messaging.system": "nats",
                "messaging.operation.type": "process",
                "messaging.destination.name": "samspel_test.Topics.Plain",
                "messaging.consumer.group.name": "group",
                "messaging.message.id": "an-id",
                "samspel.key": "k",
                "samspel.attempt": 2,
            },
        )

    async def test_a_handler_that_fails_fails_the_span(self) -> None:
        self.assertEqual(about(await self.handle(LookupError("no"))), (None, "LookupError", True))

    async def test_what_waits_for_something_has_not_failed(self) -> None:
        self.assertEqual(about(await self.handle(Unavailable("away"))), (None, "postponed", False))

    async def test_a_log_line_has_the_ids_of_the_span(self) -> None:
        record = logging.LogRecord("t", logging.INFO, "", 0, "hej", None, None)
        self.assertNotIn("trace_id", json.loads(JsonFormatter("cart").format(record)))
        with self.seen.provider.get_tracer("t").start_as_current_span("work") as span:
            line = json.loads(JsonFormatter("cart").format(record))
        self.assertEqual(line["trace_id"], trace.format_trace_id(span.get_span_context().trace_id))
        self.assertEqual(line["span_id"], trace.format_span_id(span.get_span_context().span_id))


class Export(unittest.TestCase):
    def test_nothing_is_set_up_unless_it_is_asked_for(self) -> None:
        endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
        for environment in (
            {},
            {**endpoint, "OTEL_SDK_DISABLED": "true"},
            {**endpoint, "OTEL_TRACES_EXPORTER": "none"},
            {**endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        ):
            self.assertIsNone(start_export(Settings("cart", environment), "1"), environment)
        with Seen().entered():
            self.assertIsNone(start_export(Settings("cart", endpoint), "1"), "the process has a provider")


if __name__ == "__main__":
    unittest.main()
