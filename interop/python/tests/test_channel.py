"""Calls over the registry: who is called, what is retried, and what is never lost."""

import asyncio
import time
import unittest
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, Optional

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto, MethodOptions
from google.protobuf.descriptor_pool import Default

from samspel import dial, error_detail, trace_context
from samspel.call_context import CallContext, enter_call
from samspel.channel import RegistryChannel
from samspel.channel.connector import PlaintextConnector
from samspel.channel.failure import failure, is_away, is_repeatable, never_ran
from samspel.channel.pool import Pool
from samspel.channel.retry_budget import RetryBudget
from samspel.discovery import Registry, parse_target
from tests.fake_consul import FakeConsul
from tests.one_loop import OneLoopTestCase
from tests.until import until

SERVICE = "samspel_test.calls.CallService"
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

_file = FileDescriptorProto(name="samspel_test/calls.proto", package="samspel_test.calls", syntax="proto3")
_file.message_type.add(name="Empty")
_service = _file.service.add(name="CallService")
for _name in ("Call", "Repeat"):
    _method = _service.method.add(name=_name)
    _method.input_type = _method.output_type = ".samspel_test.calls.Empty"
    if _name == "Repeat":
        _method.options.idempotency_level = MethodOptions.IDEMPOTENT
Default().AddSerializedFile(_file.SerializeToString())


class Instance:
    """A server that says its name, and does as the request asks."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls = 0
        self.port = 0
        self.seen: dict[str, Any] = {}
        self.left: Optional[float] = None
        self.cancelled = asyncio.Event()
        self.waiting = asyncio.Event()
        self.go_on = asyncio.Event()
        self.server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        handlers = {
            "Call": grpc.unary_unary_rpc_method_handler(self._call),
            "Repeat": grpc.unary_unary_rpc_method_handler(self._call),
            "Count": grpc.unary_stream_rpc_method_handler(self._count),
            "Sum": grpc.stream_unary_rpc_method_handler(self._sum),
            "Chat": grpc.stream_stream_rpc_method_handler(self._chat),
        }
        self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))

    async def start(self) -> "Instance":
        self.port = self.server.add_insecure_port(f"127.0.0.1:{self.port}")
        await self.server.start()
        return self

    async def _call(self, request: bytes, context: Any) -> bytes:
        self.calls += 1
        self.seen, self.left = dict(context.invocation_metadata()), context.time_remaining()
        if request == b"away":
            await context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        if request == b"wait":
            self.waiting.set()
            try:
                await self.go_on.wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        return self.name.encode()

    async def _count(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        self.calls += 1
        if request == b"away":
            await context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        for number in range(int(request)):
            yield b"%d" % number

    async def _sum(self, requests: AsyncIterator[bytes], context: Any) -> bytes:
        return b"%d" % sum([int(request) async for request in requests])

    async def _chat(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        async for request in requests:
            yield request.upper()


class ChannelTest(OneLoopTestCase):
    async def asyncSetUp(self) -> None:
        self.registry = FakeConsul()
        await self.registry.come()
        self.addAsyncCleanup(self.registry.go)

    async def instance(self, name: str, tag: str = "", **meta: str) -> Instance:
        instance = await Instance(name).start()
        self.addAsyncCleanup(instance.server.stop, None)
        self.registry.add("calls", instance.port, SERVICE, tag=tag, **meta)
        return instance

    def dial(self, query: str = "") -> RegistryChannel:
        channel = dial(f"consul:///{SERVICE}{query}", registry=self.registry.url)
        self.addAsyncCleanup(channel.close)
        return channel

    async def test_idle_instances_take_turns(self) -> None:
        for name in "abc":
            await self.instance(name)
        channel = self.dial()
        call = channel.unary_unary(f"/{SERVICE}/Call")
        await call(b"")
        await until(lambda: sum(member.ready for member in channel._pool._members.values()) == 3)
        answers = Counter([(await call(b"")).decode() for _ in range(30)])
        self.assertEqual(answers, {"a": 10, "b": 10, "c": 10})

    async def test_a_busy_instance_is_spared(self) -> None:
        busy, idle = await self.instance("busy"), await self.instance("idle")
        channel = self.dial()
        call = channel.unary_unary(f"/{SERVICE}/Call")
        await call(b"")
        await until(lambda: sum(member.ready for member in channel._pool._members.values()) == 2)
        waiting = [asyncio.ensure_future(_answer(call(b"wait"))) for _ in range(2)]
        await until(lambda: busy.waiting.is_set() and idle.waiting.is_set())
        idle.go_on.set()
        await until(lambda: any(each.done() for each in waiting))
        self.assertEqual({await call(b"") for _ in range(5)}, {b"idle"})
        busy.go_on.set()
        await asyncio.gather(*waiting)

    async def test_all_four_kinds_of_calls_go_through(self) -> None:
        await self.instance("a")
        channel = self.dial()
        counted = [number async for number in channel.unary_stream(f"/{SERVICE}/Count")(b"3")]
        self.assertEqual(counted, [b"0", b"1", b"2"])

        async def numbers() -> AsyncIterator[bytes]:
            for number in (b"1", b"2"):
                yield number

        self.assertEqual(await channel.stream_unary(f"/{SERVICE}/Sum")(numbers()), b"3")
        chat = channel.stream_stream(f"/{SERVICE}/Chat")()
        for text in (b"a", b"b"):
            await chat.write(text)
            self.assertEqual(await chat.read(), text.upper())
        await chat.done_writing()
        self.assertIs(await chat.read(), grpc.aio.EOF)
        self.assertIs(await chat.code(), grpc.StatusCode.OK)

    async def test_a_call_waits_for_the_first_instance_until_its_deadline(self) -> None:
        call = self.dial().unary_unary(f"/{SERVICE}/Call")
        with self.assertRaises(grpc.aio.AioRpcError) as caught:
            await call(b"", timeout=0.2)
        self.assertIs(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
        detail = error_detail(caught.exception)
        self.assertEqual(
            detail and (detail.code, detail.retryable, dict(detail.metadata)),
            ("SAMSPEL_NO_INSTANCE", True, {"service": SERVICE}),
        )
        waiting = asyncio.ensure_future(_answer(call(b"")))
        await asyncio.sleep(0)
        await self.instance("a")
        self.assertEqual(await waiting, b"a")

    async def test_filters_choose_among_the_instances(self) -> None:
        await self.instance("old", version="1")
        await self.instance("new", version="2")
        await self.instance("bird", tag="canary", version="2")
        for query, expected in (("?version=1", b"old"), ("?tag=canary", b"bird")):
            call = self.dial(query).unary_unary(f"/{SERVICE}/Call")
            self.assertEqual({await call(b"") for _ in range(4)}, {expected}, query)

    async def test_unavailable_is_retried_elsewhere_only_where_the_file_calls_it_safe(self) -> None:
        instances = [await self.instance("a"), await self.instance("b")]
        channel = self.dial()
        for method, most in (("Call", 1), ("Repeat", 3)):
            with self.assertRaises(grpc.aio.AioRpcError) as caught:
                await channel.unary_unary(f"/{SERVICE}/{method}")(b"away")
            self.assertIs(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
            self.assertEqual(sum(instance.calls for instance in instances), most, method)
            for instance in instances:
                instance.calls = 0

    async def test_an_instance_that_died_without_a_word_costs_no_call(self) -> None:
        dead, alive = await self.instance("dead"), await self.instance("alive")
        channel = self.dial()
        call = channel.unary_unary(f"/{SERVICE}/Call")
        await until(lambda: sum(member.ready for member in channel._pool._members.values()) == 2)
        await dead.server.stop(None)
        for _ in range(20):
            self.assertEqual(await call(b""), b"alive")
        self.assertEqual(alive.calls, 20)

    async def test_instances_that_are_shut_down_one_after_the_other_cost_no_call_that_may_be_repeated(
        self,
    ) -> None:
        instances = [await self.instance(name) for name in "abcd"]
        call = self.dial().unary_unary(f"/{SERVICE}/Repeat")
        await call(b"")
        ended = asyncio.Event()

        async def call_on() -> int:
            answers = 0
            while not ended.is_set():
                await call(b"")
                answers += 1
            return answers

        calling = [asyncio.ensure_future(call_on()) for _ in range(8)]
        for instance in instances[:-1]:
            seen = instance.calls
            await until(lambda: instance.calls > seen + 5)  # noqa: B023
            await instance.server.stop(5)
        ended.set()
        self.assertTrue(all(await asyncio.gather(*calling)))

    async def test_an_instance_that_leaves_the_registry_finishes_its_calls(self) -> None:
        leaving, other = await self.instance("leaving"), await self.instance("other")
        other.go_on.set()
        channel = self.dial()
        call = channel.unary_unary(f"/{SERVICE}/Call")
        await until(lambda: sum(member.ready for member in channel._pool._members.values()) == 2)
        waiting = [asyncio.ensure_future(_answer(call(b"wait"))) for _ in range(2)]
        await leaving.waiting.wait()
        self.registry.remove("calls", leaving.port)
        await until(lambda: channel._pool.size == 1)
        self.assertEqual({await call(b"") for _ in range(4)}, {b"other"})
        leaving.go_on.set()
        self.assertEqual(set(await asyncio.gather(*waiting)), {b"leaving", b"other"})
        await until(lambda: not channel._pool._leaving)

    async def test_calls_go_on_while_the_registry_is_away_and_comes_back_empty(self) -> None:
        await self.instance("a")
        call = self.dial().unary_unary(f"/{SERVICE}/Call")
        await call(b"")
        with self.assertLogs("samspel.long_poll", "WARNING"):
            await self.registry.go()
            self.assertEqual(await call(b""), b"a")
        self.registry.restart_empty()
        await self.registry.come()
        for _ in range(20):
            self.assertEqual(await call(b""), b"a")

    async def test_a_call_has_a_deadline_and_inherits_what_is_left_of_its_own_call(self) -> None:
        instance = await self.instance("a")
        call = self.dial().unary_unary(f"/{SERVICE}/Call")
        await call(b"")
        self.assertTrue(instance.left is not None and 9 < instance.left <= 10, instance.left)

        async def handler(seconds: float) -> None:
            enter_call(CallContext(time.monotonic() + seconds, {"traceparent": TRACEPARENT}))
            await call(b"", timeout=60)

        for seconds in (0.5, 1, 5, 9.999, 10, 60, 200):
            await call(b"", timeout=seconds)
            self.assertTrue(instance.left is not None and instance.left <= seconds, (instance.left, seconds))
            self.assertTrue(
                instance.left is not None and instance.left > seconds * 0.9 - 1, (instance.left, seconds)
            )
        await asyncio.create_task(handler(2))
        self.assertTrue(instance.left is not None and 1 < instance.left <= 2, instance.left)
        self.assertEqual(instance.seen["traceparent"], TRACEPARENT)
        with trace_context({"traceparent": TRACEPARENT, "tracestate": "a=1"}):
            await call(b"")
        self.assertEqual((instance.seen["traceparent"], instance.seen["tracestate"]), (TRACEPARENT, "a=1"))

    async def test_a_deadline_and_a_cancellation_reach_the_handler(self) -> None:
        instance = await self.instance("a")
        call = self.dial().unary_unary(f"/{SERVICE}/Call")
        await call(b"")
        with self.assertRaises(grpc.aio.AioRpcError) as caught:
            await call(b"wait", timeout=0.2)
        self.assertIs(caught.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        await asyncio.wait_for(instance.cancelled.wait(), 5)
        instance.cancelled.clear()
        instance.waiting.clear()
        waiting = call(b"wait")
        await instance.waiting.wait()
        waiting.cancel()
        self.assertIs(await waiting.code(), grpc.StatusCode.CANCELLED)
        await asyncio.wait_for(instance.cancelled.wait(), 5)

    async def test_a_plaintext_client_never_calls_an_instance_that_wants_to_know_who_calls(self) -> None:
        instance = await self.instance("a", secure="true")
        channel = self.dial()
        with self.assertLogs("samspel.channel.pool", "ERROR") as logs:
            channel.get_state(try_to_connect=True)
            await until(lambda: logs.records)
        with self.assertRaises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary(f"/{SERVICE}/Call")(b"", timeout=0.3)
        self.assertIn("SAMSPEL_IDENTITY=consul", caught.exception.details() or "")
        self.assertEqual(instance.calls, 0)

    async def test_a_closed_channel_says_so(self) -> None:
        channel = self.dial()
        await channel.close()
        self.assertIs(channel.get_state(), grpc.ChannelConnectivity.SHUTDOWN)
        with self.assertRaises(grpc.aio.UsageError):
            await channel.unary_unary(f"/{SERVICE}/Call")(b"")


async def _answer(call: Any) -> bytes:
    answer: bytes = await call
    return answer


class FailureTest(unittest.TestCase):
    def test_only_a_connection_that_was_never_made_proves_that_a_call_never_ran(self) -> None:
        unavailable = grpc.StatusCode.UNAVAILABLE
        self.assertTrue(never_ran(unavailable, "failed to connect to all addresses; last error: x"))
        self.assertFalse(never_ran(unavailable, "Socket closed"))
        self.assertFalse(never_ran(grpc.StatusCode.INTERNAL, "failed to connect to all addresses"))

    def test_what_a_server_drops_when_it_is_shut_down_is_away_and_what_a_handler_cancels_is_not(self) -> None:
        self.assertTrue(is_away(grpc.StatusCode.CANCELLED, "CANCELLED"))
        self.assertFalse(is_away(grpc.StatusCode.CANCELLED, "the cart is closed"))
        self.assertFalse(is_away(grpc.StatusCode.INTERNAL, "CANCELLED"))

    def test_what_the_file_does_not_call_safe_is_not_repeated(self) -> None:
        self.assertTrue(is_repeatable(f"/{SERVICE}/Repeat"))
        self.assertFalse(is_repeatable(f"/{SERVICE}/Call"))
        self.assertFalse(is_repeatable("/no.such.Service/Call"))

    def test_an_error_of_this_side_reads_like_a_services(self) -> None:
        error = failure(grpc.StatusCode.UNAVAILABLE, "SAMSPEL_NO_INSTANCE", "nobody", service="s")
        detail = error_detail(error)
        self.assertEqual(detail and dict(detail.metadata), {"service": "s"})
        self.assertEqual(error.details(), "nobody")


class RetryBudgetTest(unittest.TestCase):
    def test_a_budget_pays_ten_retries_a_second_and_one_for_five_calls(self) -> None:
        now = 0.0
        budget = RetryBudget(lambda: now)
        self.assertEqual([budget.spend() for _ in range(11)].count(True), 10)
        for _ in range(5):
            budget.earn()
        self.assertEqual([budget.spend(), budget.spend()], [True, False])
        now = 60.0
        self.assertEqual([budget.spend() for _ in range(101)].count(True), 100, "it holds no more")


class PoolTest(unittest.IsolatedAsyncioTestCase):
    async def test_a_change_between_a_look_and_the_wait_for_the_next_is_not_missed(self) -> None:
        async with FakeConsul() as consul:
            registry = Registry(consul.consul)
            pool = Pool(registry, parse_target(SERVICE), PlaintextConnector(), ())
            changed = pool.changed()
            pool._wake()
            await asyncio.wait_for(changed, 5)
            await pool.close()
            await registry.close()
