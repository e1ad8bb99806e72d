"""Tests that use gRPC, all on one event loop.

gRPC's asyncio part shares one poller among all loops of a process, and can leave one asleep that came after another.
A service has one loop; so have these tests.
"""

from __future__ import annotations

import asyncio
import unittest
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, Callable

_LOOP = asyncio.new_event_loop()


class OneLoopTestCase(unittest.TestCase):
    """As `IsolatedAsyncioTestCase`, but for the loop."""

    _stack: AsyncExitStack

    def __init_subclass__(cls) -> None:
        for name, test in list(vars(cls).items()):
            if name.startswith("test_") and iscoroutinefunction(test):
                setattr(cls, name, _on_loop(test))

    async def asyncSetUp(self) -> None:
        """What each test begins with."""

    def addAsyncCleanup(self, cleanup: Callable[..., Awaitable[Any]], *arguments: Any) -> None:
        self._stack.push_async_callback(cleanup, *arguments)


def _on_loop(test: Callable[[Any], Awaitable[None]]) -> Callable[[OneLoopTestCase], None]:
    @wraps(test)
    def run(case: OneLoopTestCase) -> None:
        async def whole() -> None:
            async with AsyncExitStack() as case._stack:
                await case.asyncSetUp()
                await test(case)

        _LOOP.run_until_complete(whole())

    return run
