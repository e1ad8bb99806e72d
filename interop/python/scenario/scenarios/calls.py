"""All four kinds of methods."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import grpc

from scenario.gen import scenario_pb2 as api
from scenario.world import World, same


async def unary(world: World, _: Mapping[str, str]) -> None:
    for text in ("", "grün ✓", "x" * 1024 * 1024):
        same("text", (await world.client.Echo(api.EchoRequest(text=text))).text, text)


async def server_stream(world: World, _: Mapping[str, str]) -> None:
    numbers = [answer.number async for answer in world.client.Count(api.CountRequest(to=1000))]
    same("numbers", numbers, list(range(1, 1001)))
    call = world.client.Count(api.CountRequest(to=0, pause_ms=1))
    seen = [(await call.read()).number for _ in range(3)]
    call.cancel()
    same("the numbers before it was left", seen, [1, 2, 3])
    same("the answer after that", (await world.client.Echo(api.EchoRequest(text="on"))).text, "on")


async def client_stream(world: World, _: Mapping[str, str]) -> None:
    async def up_to(last: int) -> AsyncIterator[api.SumRequest]:
        for number in range(1, last + 1):
            yield api.SumRequest(number=number)

    answer = await world.client.Sum(up_to(1000))
    same("sum and count", (answer.sum, answer.count), (500_500, 1000))
    nothing = await world.client.Sum(up_to(0))
    same("sum and count of nothing", (nothing.sum, nothing.count), (0, 0))


async def bidi_stream(world: World, _: Mapping[str, str]) -> None:
    call = world.client.Chat()
    for text in ("a", "b"):
        await call.write(api.ChatRequest(text=text))
        same("the answer", (await call.read()).text, text.upper())
    await call.done_writing()
    same("the end", await call.read() is grpc.aio.EOF, True)
    same("its code", await call.code(), grpc.StatusCode.OK)
