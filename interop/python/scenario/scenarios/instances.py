"""Instances that come, go, and are out of sight."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Mapping

import grpc

from scenario.gen import scenario_pb2 as api
from scenario.world import World, holds, same, soon

SEEN_WITHIN_SECONDS = 15.0
GONE_WITHIN_SECONDS = 10.0
CALLS_IN_A_ROW = 100
CALLERS = 8


async def _served_by(world: World) -> str:
    name: str = (await world.client.Echo(api.EchoRequest(text="who"))).served_by
    return name


async def discovery(world: World, parameters: Mapping[str, str]) -> None:
    if "gone" in parameters:
        await _is_gone(world, parameters["gone"])
        return
    instances = int(parameters["instances"])
    seen: set[str] = set()

    async def all_answer() -> bool:
        seen.add(await _served_by(world))
        return len(seen) == instances

    await soon(f"{instances} instances answer", SEEN_WITHIN_SECONDS, all_answer)
    shares = Counter([await _served_by(world) for _ in range(CALLS_IN_A_ROW)])
    fair = CALLS_IN_A_ROW / instances / 5
    holds(f"a fair share of {dict(shares)}", all(shares[name] >= fair for name in seen))


async def _is_gone(world: World, gone: str) -> None:
    without = 0

    async def is_gone() -> bool:
        nonlocal without
        for _ in range(20):
            without = 0 if await _served_by(world) == gone else without + 1
        return without >= CALLS_IN_A_ROW

    await soon(f"{gone} is gone", GONE_WITHIN_SECONDS, is_gone)


async def _never_fails(world: World, seconds: float, callers: int) -> None:
    ends_at = time.monotonic() + seconds

    async def call() -> None:
        while time.monotonic() < ends_at:
            await world.client.Echo(api.EchoRequest(text="on"))

    await asyncio.gather(*(call() for _ in range(callers)))


async def re_registration(world: World, parameters: Mapping[str, str]) -> None:
    await _never_fails(world, float(parameters["seconds"]), 1)


async def drain(world: World, parameters: Mapping[str, str]) -> None:
    await _never_fails(world, float(parameters["seconds"]), CALLERS)


async def mtls(world: World, parameters: Mapping[str, str]) -> None:
    if parameters["expect"] == "denied":
        await soon("calls are refused", 5, lambda: _is_refused(world))
        return
    answer = await world.client.Caller(api.CallerRequest())
    same("the caller", answer.service, "driver-python")
    shape = r"spiffe://[^/]+/ns/default/dc/[^/]+/svc/driver-python"
    holds(f"{answer.spiffe_id} is its id", re.fullmatch(shape, answer.spiffe_id) is not None)


async def _is_refused(world: World) -> bool:
    try:
        await world.client.Echo(api.EchoRequest(text="?"))
    except grpc.aio.AioRpcError as error:
        return error.code() in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAVAILABLE)
    return False
