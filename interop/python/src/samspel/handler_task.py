"""A handler that answers with a stream, in a task of its own, so that it can be ended from outside.

gRPC's own task must not be cancelled for that: while it writes an answer, it would end without a status, and the caller
would wait for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

_DONE = object()


class HandlerTask:
    """Runs a handler, and hands its answers over one at a time."""

    def __init__(self, answers: Any) -> None:
        self._answers = answers
        self._handed: asyncio.Queue[Any] = asyncio.Queue()
        self._taken = asyncio.Event()
        self._reason: list[Exception] = []
        self._task = asyncio.create_task(self._run())

    def end(self, reason: Exception) -> None:
        """Cancels the handler; who reads the answers gets `reason`."""
        self._reason.append(reason)
        self._task.cancel()

    async def read(self) -> AsyncIterator[Any]:
        """The answers, and what the handler raised. The handler ends where this does."""
        try:
            while (answer := await self._handed.get()) is not _DONE:
                yield answer
                self._taken.set()
        finally:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._reason:
            raise self._reason[0]
        self._task.result()

    async def _run(self) -> None:
        try:
            if hasattr(self._answers, "__aiter__"):
                async for answer in self._answers:
                    self._taken.clear()
                    self._handed.put_nowait(answer)
                    await self._taken.wait()
            else:  # a coroutine that writes to the context
                await self._answers
        finally:
            self._handed.put_nowait(_DONE)
