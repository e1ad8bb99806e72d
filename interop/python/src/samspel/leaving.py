"""Waiting until callers have left an instance that is not in the registry any more.

A server of gRPC's core that shuts down cancels the calls that it has not looked at yet, and their callers see
CANCELLED. So none should be on its way. A caller that watches the registry stops to call within milliseconds; what is
waited for is a second without a call. A moment in which this process itself, or the machine, was held up says nothing.
"""

from __future__ import annotations

import asyncio
import time
from typing import Callable

TICK_SECONDS = 0.05
QUIET_SECONDS = 1.0
IDLE_QUIET_SECONDS = 0.25
LONGEST_SECONDS = 10.0


async def until_left(last_call_at: Callable[[], float]) -> None:
    """Returns after a second without a call, and after 10 s in any case.

    :param last_call_at: when the last call began, by `time.monotonic()`; where that was more than 10 s ago, a quarter
        of a second is enough
    """
    began = time.monotonic()
    wanted = QUIET_SECONDS if began - last_call_at() < LONGEST_SECONDS else IDLE_QUIET_SECONDS
    quiet = 0.0
    while quiet < wanted and time.monotonic() - began < LONGEST_SECONDS:
        ticked = time.monotonic()
        await asyncio.sleep(TICK_SECONDS)
        held_up = time.monotonic() - ticked > 2 * TICK_SECONDS
        quiet = 0.0 if last_call_at() >= ticked or held_up else quiet + TICK_SECONDS
