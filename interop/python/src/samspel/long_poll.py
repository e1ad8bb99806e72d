"""Long polls of the registry (R7).

1. An index is a whole number of any size. The first question has none, nor has the first after a failure, or after
   an index that went back: a registry that was restarted counts anew. 0 is never sent.
2. Being answered does not mean that something changed.
3. A registry that does not hold a question back is not asked in a tight loop.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Callable, Optional

from samspel.backoff import backoff_seconds
from samspel.consul import Answer, Consul, ConsulError

log = logging.getLogger(__name__)

_HELD_SECONDS = 0.1


def next_index(previous: Optional[int], answered: Optional[str]) -> Optional[int]:
    """The index of the next question: None to begin anew (1)."""
    if answered is None or not answered.isdigit() or int(answered) <= 0:
        return None
    index = int(answered)
    return None if previous is not None and index < previous else index


async def long_poll(
    consul: Consul,
    path: str,
    query: Mapping[str, str],
    hear: Callable[[Answer], None],
    fail: Callable[[ConsulError], None],
) -> None:
    """Asks for ever, until it is cancelled; `hear` and `fail` are told of each answer and each failure.

    :param hear: may raise ConsulError for an answer that makes no sense; that is a failure. So is whatever else it
        raises, with a trace in the log: a poll that died would leave its listener with what is old for ever
    """
    index: Optional[int] = None
    failures = 0
    while True:
        began = time.monotonic()
        try:
            if index is None:
                answer = await consul.get(path, query)
            else:
                answer = await consul.wait(path, {**query, "index": str(index)})
            hear(answer)
        except Exception as error:
            index = None
            failures += 1
            if isinstance(error, ConsulError):
                (log.warning if failures == 1 else log.debug)("registry away", extra={"reason": str(error)})
                fail(error)
            else:
                log.error("answer of the registry not taken", extra={"path": path}, exc_info=error)
                fail(ConsulError(f"The answer to {path} could not be taken: {error!r}"))
            await asyncio.sleep(backoff_seconds(failures))
            continue
        if failures:
            log.info("registry back", extra={"path": path})
        failures = 0
        previous, index = index, next_index(index, answer.headers.get("x-consul-index"))
        held = time.monotonic() - began > _HELD_SECONDS
        if not held and (index is None or index == previous):
            await asyncio.sleep(backoff_seconds(3))
