"""One call as a series of attempts, each on a live instance. Invariants:

1. A further attempt is made only where the last one provably never ran, or where it failed with UNAVAILABLE and the
   method's file calls it safe to repeat; three in all at most, within deadline and budget (C2). The first retry of a
   call that never ran costs no budget, as gRPC's transparent retries (gRFC A6).
2. It goes to an instance that has not been tried, where there is one, and then at once; else after a backoff.
3. While there is no instance a call waits for the first, until its deadline. Where there are some, but none that
   can be connected to, it waits for two seconds, or to its deadline with `wait_for_ready`.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any, Callable, NamedTuple, Optional

import grpc

from samspel.channel.failure import failure, is_away, is_repeatable, never_ran, retry_after_seconds
from samspel.channel.member import Member
from samspel.channel.pool import Pool
from samspel.channel.retry_budget import RetryBudget
from samspel.deadline import within

_ATTEMPTS = 3
_CONNECT_SECONDS = 2.0
# Of a call without a deadline, such as a stream.
_PATIENCE_SECONDS = 10.0

#: Makes the call on an instance, with what is left of its deadline.
Invoke = Callable[[Member, Optional[float]], Any]


class Asked(NamedTuple):
    """What is known of a call before it is made."""

    method: str
    ends_at: Optional[float]
    wait_for_ready: bool

    @property
    def seconds_left(self) -> Optional[float]:
        return None if self.ends_at is None else self.ends_at - time.monotonic()


async def attempt_once(pool: Pool, asked: Asked, invoke: Invoke) -> Any:
    """Begins a call whose requests cannot be sent again."""
    return _begin(await _instance(pool, asked, ()), asked, invoke)


async def attempt(pool: Pool, budget: RetryBudget, asked: Asked, invoke: Invoke, *, streams: bool) -> Any:
    """Makes a call of one request, again where that helps (1), and returns the last one.

    :param streams: a stream of answers is made again only before its first answer
    """
    budget.earn()
    tried: list[Member] = []
    for number in range(1, _ATTEMPTS + 1):
        member = await _instance(pool, asked, tried)
        tried.append(member)
        call = _begin(member, asked, invoke)
        try:
            if streams:
                await call.initial_metadata()
                if not call.done():
                    return call
            code = await call.code()
        except asyncio.CancelledError:
            call.cancel()
            raise
        if code is grpc.StatusCode.OK:
            return call
        message = await call.details() or ""
        if not is_away(code, message):
            return call
        member.rest()
        free = never_ran(code, message)
        if number == _ATTEMPTS or not (free or is_repeatable(asked.method)):
            return call
        another = pool.size > len(tried)
        pause = max(retry_after_seconds(await call.trailing_metadata()), 0.0 if another else _backoff(number))
        left = asked.seconds_left
        if left is not None and pause >= left:
            return call
        if not (free and number == 1) and not budget.spend():
            return call
        await asyncio.sleep(pause)
    raise AssertionError("the last attempt returns")


def _begin(member: Member, asked: Asked, invoke: Invoke) -> Any:
    left = asked.seconds_left
    call = invoke(member, None if left is None else max(0.0, left))
    member.begin()
    call.add_done_callback(lambda _: member.end())
    return call


async def _instance(pool: Pool, asked: Asked, tried: Any) -> Member:
    """The instance to call next, when there is one (3)."""
    member = pool.pick(tried)
    if member is not None:
        return member
    now = time.monotonic()
    ends_at = now + _PATIENCE_SECONDS if asked.ends_at is None else asked.ends_at
    connect_by = ends_at if asked.wait_for_ready else min(ends_at, now + _CONNECT_SECONDS)
    while True:
        waits_to = connect_by if pool.size > 0 and pool.all_failed else ends_at
        seconds = waits_to - time.monotonic()
        if seconds <= 0:
            break
        try:
            await within(seconds, pool.changed())
        except asyncio.TimeoutError:
            break
        member = pool.pick(tried)
        if member is not None:
            return member
    service = pool.target.proto_service
    if pool.size > 0:
        raise failure(
            grpc.StatusCode.UNAVAILABLE,
            "SAMSPEL_INSTANCE_UNREACHABLE",
            f"Cannot reach any of the {pool.size} instances of {service} for {asked.method}",
            service=service,
        )
    raise failure(grpc.StatusCode.UNAVAILABLE, "SAMSPEL_NO_INSTANCE", pool.absence(), service=service)


def _backoff(number: int) -> float:
    """25 ms, 50 ms, or half of that."""
    longest: float = 0.025 * 2.0 ** (number - 1)
    return longest / 2 + longest / 2 * random.random()
