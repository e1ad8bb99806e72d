"""Stores a message in JetStream: again and again under the same id, until it is acked or the time is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Any, Callable

import nats.errors
import nats.js.errors
from nats.js import JetStreamContext

from samspel.broker import Broker
from samspel.errors import Unavailable

_TRY_SECONDS = 2.0
_PAUSE_SECONDS = 0.1


async def store(
    broker: Broker,
    subject: str,
    body: bytes,
    headers: dict[str, str],
    timeout: float,
    *,
    what: str,
    ensure: Callable[[JetStreamContext], Awaitable[Any]],
) -> None:
    """Returns when JetStream has acked.

    :param what: for errors, such as "the tell"
    :param ensure: makes the stream, where there is none yet
    :raises Unavailable: where it is not known to be stored in time
    :raises ValueError: where it is larger than the server takes
    """
    ends_at = time.monotonic() + timeout
    trouble: Exception = asyncio.TimeoutError()
    while (left := ends_at - time.monotonic()) > 0:
        try:
            js = await broker.jetstream()
            await js.publish(subject, body, timeout=min(left, _TRY_SECONDS), headers=headers)
            return
        except nats.js.errors.NoStreamResponseError as error:
            trouble = error
            await ensure(await broker.jetstream())
        except nats.errors.MaxPayloadError as error:
            raise ValueError(
                f"Cannot store {what} as it has {len(body)} bytes, more than NATS takes"
            ) from error
        except (nats.errors.Error, nats.js.errors.Error, asyncio.TimeoutError, OSError) as error:
            trouble = error
            await asyncio.sleep(_PAUSE_SECONDS)
    raise Unavailable(
        f"{what} is not known to be stored after {timeout} s; try again with the same id",
        reason="SAMSPEL_BROKER_UNREACHABLE",
    ) from trouble
