"""Waiting between attempts: exponential, with jitter, so that many clients do not come back at once.

After "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
"""

from __future__ import annotations

import random

_FIRST_SECONDS = 0.1
_LONGEST_SECONDS = 5.0


def backoff_seconds(attempt: int, longest: float = _LONGEST_SECONDS) -> float:
    """How long to wait after failed attempt number `attempt` (1, 2, 3 …).

    Between half and all of 0.1, 0.2, 0.4 … 5 s: the seven waits between eight attempts take 11.3 s at the most.
    """
    ceiling = min(longest, _FIRST_SECONDS * 2.0 ** min(attempt - 1, 16))
    return ceiling / 2 + ceiling / 2 * random.random()
