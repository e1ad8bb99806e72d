"""An instance that leaves is not shut down under its callers."""

import time
import unittest
from typing import Callable
from unittest.mock import Mock, patch

from samspel import leaving


@patch("samspel.leaving.TICK_SECONDS", 0.01)
@patch("samspel.leaving.QUIET_SECONDS", 0.1)
@patch("samspel.leaving.LONGEST_SECONDS", 0.6)
class UntilLeft(unittest.IsolatedAsyncioTestCase):
    async def seconds(self, last_call_at: Callable[[], float]) -> float:
        began = time.monotonic()
        await leaving.until_left(last_call_at)
        return time.monotonic() - began

    async def test_it_waits_for_as_long_as_calls_come(self) -> None:
        began = time.monotonic()
        calls_end = began + 0.3
        took = await self.seconds(lambda: min(time.monotonic(), calls_end))
        self.assertGreaterEqual(took, 0.3)

    async def test_it_does_not_wait_for_ever(self) -> None:
        self.assertGreaterEqual(await self.seconds(time.monotonic), 0.6)

    async def test_a_moment_in_which_the_process_was_held_up_is_not_quiet(self) -> None:
        ticks = 0

        async def sleep(_: float) -> None:
            nonlocal ticks
            ticks += 1
            time.sleep(0.05 if ticks <= 5 else 0.01)  # noqa: ASYNC251, as on a machine that is busy

        with (
            patch("samspel.leaving.IDLE_QUIET_SECONDS", 0.03),
            patch("samspel.leaving.asyncio", Mock(sleep=sleep)),
        ):
            await leaving.until_left(lambda: 0.0)
        self.assertGreaterEqual(ticks, 8)
