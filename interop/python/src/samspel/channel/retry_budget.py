"""How many retries may be made, so that they cannot turn a brown-out into a storm (C2).

A token bucket after Finagle's RetryBudget, as the TypeScript runtime has it: each call earns a fifth of a retry, and
ten a second come for free. It starts with 10 retries and holds 100.
"""

from __future__ import annotations

import time
from typing import Callable

_CALLS_PER_RETRY = 5
_PER_SECOND = 10


class RetryBudget:
    """The retries of one target."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._filled_at = now()
        self._saved = float(_PER_SECOND * _CALLS_PER_RETRY)

    def earn(self) -> None:
        """A call was begun."""
        self._fill(1)

    def spend(self) -> bool:
        """Whether there may be a retry; if so, it is spent."""
        self._fill(0)
        if self._saved < _CALLS_PER_RETRY:
            return False
        self._saved -= _CALLS_PER_RETRY
        return True

    def _fill(self, calls: int) -> None:
        now = self._now()
        earned = calls + (now - self._filled_at) * _PER_SECOND * _CALLS_PER_RETRY
        self._saved = min(float(_PER_SECOND * _CALLS_PER_RETRY * 10), self._saved + earned)
        self._filled_at = now
