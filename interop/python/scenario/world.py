"""What a scenario has at hand, and what it looks with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Any, Callable

import grpc

from samspel import Service
from scenario.gen import scenario_pb2 as api
from scenario.gen.scenario_pb2_grpc import ScenarioServiceStub

SERVICE = api.DESCRIPTOR.services_by_name["ScenarioService"]


class World:
    """One client for the program's whole life."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.channel = service.channel(f"consul:///{SERVICE.full_name}")
        self.client: Any = ScenarioServiceStub(self.channel)  # type: ignore[no-untyped-call]


def same(what: str, found: Any, expected: Any) -> None:
    """Fails where two things are not equal."""
    if found != expected:
        raise AssertionError(f"{what}: expected {expected!r:.300}, found {found!r:.300}")


def holds(what: str, found: bool) -> None:
    """Fails where something does not hold."""
    if not found:
        raise AssertionError(what)


async def failure(what: str, code: grpc.StatusCode, call: Awaitable[Any]) -> grpc.aio.AioRpcError:
    """The error of a call that must fail with a code."""
    try:
        answer = await call
    except grpc.aio.AioRpcError as error:
        same(f"{what}: code", error.code(), code)
        return error
    raise AssertionError(f"{what}: expected {code}, found the answer {answer!r:.300}")


async def soon(what: str, seconds: float, check: Callable[[], Awaitable[bool]]) -> None:
    """Looks again and again until something holds."""
    ends_at = time.monotonic() + seconds
    while not await check():
        if time.monotonic() > ends_at:
            raise AssertionError(f"{what}: not within {seconds} s")
        await asyncio.sleep(0.05)
