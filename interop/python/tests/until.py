"""Waiting for a condition, as tests do in place of sleeping."""

from __future__ import annotations

import asyncio
from typing import Any, Callable


async def until(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    """Returns when the condition holds.

    :raises asyncio.TimeoutError: where it does not hold in time
    """

    async def poll() -> None:
        while not condition():
            await asyncio.sleep(0.005)

    await asyncio.wait_for(poll(), seconds)
