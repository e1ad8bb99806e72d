"""One instance that is called: its connection, and how busy it is.

1. Calls go only to a member that is connected, so a connection that cannot be made costs no call.
2. A member that leaves takes no new calls; its connection is closed when those in flight are done.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import Any, Callable, Optional

import grpc

from samspel.channel.connector import Connector
from samspel.discovery import Endpoint

log = logging.getLogger(__name__)

_REST_SECONDS = 1.0

_OPTIONS: Sequence[tuple[str, Any]] = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", 5000),
    # A peer that was cut off without a word is noticed; to ask more often is what servers close connections for.
    ("grpc.keepalive_time_ms", 310_000),
    ("grpc.keepalive_timeout_ms", 10_000),
)


class Member:
    """A connection to an instance. It connects at once, and again whenever it is lost."""

    def __init__(
        self,
        endpoint: Endpoint,
        connector: Connector,
        options: Sequence[tuple[str, Any]],
        changed: Callable[[], None],
    ) -> None:
        self.endpoint = endpoint
        self.in_flight = 0
        #: The lower, the longer ago it was picked.
        self.turn = 0
        self._connector = connector
        self._options = options
        self._changed = changed
        self._state: Optional[grpc.ChannelConnectivity] = None
        self._rests_until = 0.0
        self._leaving = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._close_front: Optional[Callable[[], Awaitable[None]]] = None
        self._opened: Optional[grpc.aio.Channel] = None
        self._methods: dict[str, Any] = {}
        self._watching = asyncio.create_task(self._watch())

    @property
    def ready(self) -> bool:
        """Whether calls may go to it."""
        return self._state is grpc.ChannelConnectivity.READY and not self._leaving

    @property
    def failed(self) -> bool:
        """Whether it could not be connected to the last time."""
        return self._state is grpc.ChannelConnectivity.TRANSIENT_FAILURE

    @property
    def rests(self) -> bool:
        """Whether it failed a moment ago, so that others are preferred."""
        return time.monotonic() < self._rests_until

    def method(self, kind: str, method: str, codec: tuple[Any, Any]) -> Any:
        """What calls a method on the instance; `kind` is `unary_unary` for one."""
        known = self._methods.get(method)
        if known is None:
            if self._opened is None:
                raise RuntimeError(f"{self.endpoint.address} is not connected yet")
            known = self._methods[method] = getattr(self._opened, kind)(method, *codec)
        return known

    def rest(self) -> None:
        """Notes that it did not take a call."""
        self._rests_until = time.monotonic() + _REST_SECONDS

    def begin(self) -> None:
        self.in_flight += 1
        self._idle.clear()

    def end(self) -> None:
        self.in_flight -= 1
        if self.in_flight == 0:
            self._idle.set()

    async def leave(self) -> None:
        """Takes no more calls, waits for those in flight, and closes (2)."""
        self._leaving = True
        await self._idle.wait()
        await self.close()

    async def close(self) -> None:
        """Closes at once; calls in flight are cut."""
        self._leaving = True
        self._watching.cancel()
        with suppress(asyncio.CancelledError):
            await self._watching
        if self._opened is not None:
            await self._opened.close()
        if self._close_front is not None:
            await self._close_front()

    async def _watch(self) -> None:
        target, self._close_front = await self._connector.open(self.endpoint)
        self._opened = channel = grpc.aio.insecure_channel(
            target, options=[*_OPTIONS, ("grpc.default_authority", self.endpoint.address), *self._options]
        )
        while True:
            state = channel.get_state(try_to_connect=True)
            if state is not self._state:
                self._state = state
                self._changed()
            await channel.wait_for_state_change(state)
