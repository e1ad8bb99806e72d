"""The edge of a service, over a real connection: what handlers raise, what they inherit, and who is let in."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Callable, Optional
from unittest.mock import patch

import grpc

from samspel import Caller, Rejection, current_call, error_detail
from samspel.command import command_id
from samspel.interceptor import Gate, ServiceInterceptor
from tests.one_loop import OneLoopTestCase

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Door(Gate):
    """Lets a caller in until it is closed."""

    def __init__(self) -> None:
        self.refusal: Optional[Rejection] = None
        self.ends: list[Callable[[Rejection], None]] = []

    async def admit(self, context: Any, method: str) -> Caller:
        if self.refusal is not None:
            raise self.refusal
        return Caller("cart", f"spiffe://td/{method}")

    def follow(self, caller: Caller, method: str, end: Callable[[Rejection], None]) -> Callable[[], None]:
        self.ends.append(end)
        return lambda: self.ends.remove(end)

    def close(self) -> None:
        self.refusal = Rejection(grpc.StatusCode.PERMISSION_DENIED, "denied", reason="SAMSPEL_CALLER_DENIED")
        for end in list(self.ends):
            end(self.refusal)


class InterceptorTest(OneLoopTestCase):
    cancelled = False

    async def serve(self, gate: Optional[Gate] = None) -> grpc.aio.Channel:
        self.interceptor = ServiceInterceptor(gate)
        server = grpc.aio.server(interceptors=[self.interceptor])
        handlers = {
            "Unary": grpc.unary_unary_rpc_method_handler(self.unary),
            "Stream": grpc.unary_stream_rpc_method_handler(self.stream),
            "Upload": grpc.stream_unary_rpc_method_handler(self.upload),
            "Chat": grpc.stream_stream_rpc_method_handler(self.chat),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("t.S", handlers),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        self.addAsyncCleanup(server.stop, None)
        self.addAsyncCleanup(channel.close)
        return channel

    async def unary(self, request: bytes, context: Any) -> bytes:
        call = current_call()
        if request == b"crash":
            raise RuntimeError("secret")
        if request == b"reject":
            raise Rejection(grpc.StatusCode.NOT_FOUND, "ingen här", {"id": "7"})
        if request == b"wait":
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise
        if request == b"abort":
            await context.abort(grpc.StatusCode.DATA_LOSS, "own words")
        if call is None:
            return b"no call"
        left = None if call.seconds_left is None else round(call.seconds_left)
        who = call.caller and call.caller.spiffe_id
        return repr((left, dict(call.trace), who, command_id(context))).encode()

    async def stream(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        yield b"first"
        if request == b"crash":
            raise RuntimeError("secret")
        while request == b"flood":
            yield b"more"
        await asyncio.Event().wait()

    async def upload(self, requests: AsyncIterator[bytes], context: Any) -> bytes:
        async for request in requests:
            raise Rejection(grpc.StatusCode.NOT_FOUND, f"no {request!r}")
        return b""

    async def chat(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        async for request in requests:
            if request == b"crash":
                raise RuntimeError("secret")
            yield request

    async def error_of(self, call: Any) -> grpc.aio.AioRpcError:
        with self.assertRaises(grpc.aio.AioRpcError) as caught:
            await call
        return caught.exception

    async def test_what_a_handler_raises_becomes_a_status_in_every_kind_of_call(self) -> None:
        channel = await self.serve()
        unary = channel.unary_unary("/t.S/Unary")
        rejected = await self.error_of(unary(b"reject"))
        self.assertEqual((rejected.code(), rejected.details()), (grpc.StatusCode.NOT_FOUND, "ingen här"))
        detail = error_detail(rejected)
        self.assertEqual(detail and dict(detail.metadata), {"id": "7"})
        aborted = await self.error_of(unary(b"abort"))
        self.assertEqual((aborted.code(), aborted.details()), (grpc.StatusCode.DATA_LOSS, "own words"))

        async def requests() -> AsyncIterator[bytes]:
            yield b"crash"

        with self.assertLogs("samspel.interceptor", "ERROR") as logs:
            stream = channel.unary_stream("/t.S/Stream")(b"crash")
            chat = channel.stream_stream("/t.S/Chat")(requests())
            self.assertEqual(await stream.read(), b"first")
            for call in (unary(b"crash"), stream.read(), chat.read()):
                crashed = await self.error_of(call)
                self.assertEqual(
                    (crashed.code(), crashed.details()), (grpc.StatusCode.INTERNAL, "internal error")
                )
        self.assertEqual(len(logs.records), 3)
        upload = await self.error_of(channel.stream_unary("/t.S/Upload")(requests()))
        self.assertIs(upload.code(), grpc.StatusCode.NOT_FOUND)

    async def test_the_log_of_a_failed_call_has_its_trace(self) -> None:
        unary = (await self.serve()).unary_unary("/t.S/Unary")
        with self.assertLogs("samspel.interceptor", "ERROR") as logs:
            await self.error_of(unary(b"crash", metadata=(("traceparent", TRACEPARENT),)))
        self.assertEqual(logs.records[0].__dict__["traceparent"], TRACEPARENT)

    async def test_a_handler_has_its_calls_deadline_trace_and_command_id(self) -> None:
        unary = (await self.serve()).unary_unary("/t.S/Unary")
        metadata = (("traceparent", TRACEPARENT), ("samspel-command-id", "c-1"))
        answer = await unary(b"", timeout=30, metadata=metadata)
        self.assertEqual(answer.decode(), repr((30, {"traceparent": TRACEPARENT}, None, "c-1")))
        self.assertEqual((await unary(b"")).decode(), repr((10, {}, None, None)), "without one it is 10 s")

    async def test_a_unary_call_without_a_deadline_ends_all_the_same(self) -> None:
        unary = (await self.serve()).unary_unary("/t.S/Unary")
        with patch("samspel.interceptor._UNARY_SECONDS", 0.1):
            error = await self.error_of(unary(b"wait"))
        detail = error_detail(error)
        self.assertIs(error.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.assertEqual(detail and detail.code, "SAMSPEL_DEADLINE_EXCEEDED")
        self.assertTrue(self.cancelled)

    async def test_a_stream_of_quick_answers_that_is_ended_has_its_status(self) -> None:
        for _ in range(20):
            door = Door()
            stream = (await self.serve(door)).unary_stream("/t.S/Stream")(b"flood")
            await stream.read()
            door.close()
            error = await self.error_of(self.drain(stream))
            self.assertIs(error.code(), grpc.StatusCode.PERMISSION_DENIED)

    async def test_a_stream_without_a_deadline_ends_when_the_service_stops_others_go_on(self) -> None:
        ask = (await self.serve()).unary_stream("/t.S/Stream")
        endless, bounded = ask(b""), ask(b"", timeout=30)
        for stream in (endless, bounded):
            self.assertEqual(await stream.read(), b"first")
        self.interceptor.end_streams()
        error = await self.error_of(endless.read())
        detail = error_detail(error)
        self.assertEqual(
            (error.code(), detail and detail.code), (grpc.StatusCode.UNAVAILABLE, "SAMSPEL_DRAINING")
        )
        self.assertFalse(bounded.done())
        bounded.cancel()

    async def drain(self, stream: Any) -> None:
        while await stream.read() is not grpc.aio.EOF:
            pass

    async def test_a_caller_is_let_in_before_its_handler_and_put_out_of_a_stream(self) -> None:
        door = Door()
        channel = await self.serve(door)
        unary = channel.unary_unary("/t.S/Unary")
        self.assertIn("spiffe://td/t.S/Unary", (await unary(b"")).decode())
        stream = channel.unary_stream("/t.S/Stream")(b"")
        self.assertEqual(await stream.read(), b"first")
        door.close()
        for call in (stream.read(), unary(b"")):
            error = await self.error_of(call)
            self.assertEqual((error.code(), error.details()), (grpc.StatusCode.PERMISSION_DENIED, "denied"))
        self.assertEqual(door.ends, [], "nothing is followed that has ended")
