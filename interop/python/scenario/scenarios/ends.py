"""How calls end: by a deadline, by their caller, by an error."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import grpc

from samspel import error_detail
from scenario.gen import scenario_pb2 as api
from scenario.world import World, failure, holds, same, soon

LONG_MS = 10_000
SOON_SECONDS = 2.0


async def _end(world: World, wait_id: str, expected: api.WaitEnd) -> bool:
    found: bool = (await world.client.Waited(api.WaitedRequest(id=wait_id))).end == expected
    return found


async def deadline(world: World, parameters: Mapping[str, str]) -> None:
    wait_id = f"{parameters['run']}/late"
    began = time.monotonic()
    call = world.client.Wait(api.WaitRequest(id=wait_id, ms=LONG_MS), timeout=0.3)
    await failure("Wait", grpc.StatusCode.DEADLINE_EXCEEDED, call)
    holds("it fails within 2 s", time.monotonic() - began < 2)
    await soon("the handler is told", SOON_SECONDS, lambda: _end(world, wait_id, api.WAIT_END_CANCELLED))
    for timeout, most in ((5, 5_000), (None, 10_000)):
        answer = await world.client.Wait(api.WaitRequest(id=f"{wait_id}/{most}", ms=1), timeout=timeout)
        left = answer.deadline_left_ms
        holds(f"{left} is 1 to {most}", 1 <= left <= most)


async def cancellation(world: World, parameters: Mapping[str, str]) -> None:
    wait_id = f"{parameters['run']}/cancelled"
    call = world.client.Wait(api.WaitRequest(id=wait_id, ms=LONG_MS))
    await soon("the handler runs", SOON_SECONDS, lambda: _end(world, wait_id, api.WAIT_END_WAITING))
    call.cancel()
    same("code", await call.code(), grpc.StatusCode.CANCELLED)
    try:
        await call
    except asyncio.CancelledError:
        pass
    else:
        raise AssertionError("the cancelled call was answered")
    await soon("the handler is told", SOON_SECONDS, lambda: _end(world, wait_id, api.WAIT_END_CANCELLED))


async def error_details(world: World, _: Mapping[str, str]) -> None:
    request = api.FailRequest(
        code=grpc.StatusCode.FAILED_PRECONDITION.value[0],
        message="zu spät",
        reason="SCENARIO_LATE",
        metadata={"limit": "3"},
    )
    error = await failure("Fail", grpc.StatusCode.FAILED_PRECONDITION, world.client.Fail(request))
    detail = error_detail(error)
    same("message", error.details(), "zu spät")
    holds("there is a detail", detail is not None)
    if detail is not None:
        same("reason", detail.code, "SCENARIO_LATE")
        same("retryable", detail.retryable, False)
        same("metadata", dict(detail.metadata), {"limit": "3"})
    away = api.FailRequest(
        code=grpc.StatusCode.UNAVAILABLE.value[0], message="away", reason="SCENARIO_AWAY", retryable=True
    )
    detail = error_detail(await failure("Fail", grpc.StatusCode.UNAVAILABLE, world.client.Fail(away)))
    same("reason and retryable", detail and (detail.code, detail.retryable), ("SCENARIO_AWAY", True))


async def unknown_error(world: World, _: Mapping[str, str]) -> None:
    call = world.client.Fail(api.FailRequest(crash=True, message="secret"))
    error = await failure("Fail", grpc.StatusCode.INTERNAL, call)
    same("message", error.details(), "internal error")
    said = repr(error) + repr(error.trailing_metadata()) + repr(error.initial_metadata())
    holds("the secret stays there", "secret" not in said)
