"""The live instances of one proto service, kept fresh.

1. An instance counts where it passes its checks and its own tags have the proto service (R1).
2. One long poll for the catalog, and one for each service that has the proto service (R7).
3. An empty answer after a good one is doubted: the last good set is kept for 10 s while the registry answers (R5).
4. While the registry is away the last good set is kept, however long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Callable, Optional

from samspel.consul import Answer, Consul, ConsulError
from samspel.discovery.endpoint import Endpoint, read_endpoints
from samspel.discovery.target import Target
from samspel.long_poll import long_poll

DOUBT_SECONDS = 10.0


class Watch:
    """The instances of a target. `close` it at the end."""

    def __init__(self, consul: Consul, target: Target, *, doubt_seconds: float = DOUBT_SECONDS) -> None:
        self._consul = consul
        self._target = target
        self._doubt_seconds = doubt_seconds
        self._query = {"dc": target.datacenter} if target.datacenter else {}
        self._endpoints: tuple[Endpoint, ...] = ()
        self._services: dict[str, Optional[tuple[Endpoint, ...]]] = {}
        self._polls: dict[str, asyncio.Task[None]] = {}
        self._away: set[str] = set()
        self._doubt: Optional[asyncio.TimerHandle] = None
        self._listeners: list[Callable[[], None]] = []
        self._error: Optional[ConsulError] = None
        self._catalog = asyncio.create_task(
            long_poll(
                consul,
                "/v1/catalog/services",
                self._query,
                self._hear_catalog,
                lambda error: self._fail("", error),
            )
        )

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """What there is, as far as is known."""
        return self._endpoints

    @property
    def error(self) -> Optional[ConsulError]:
        """Why the registry does not answer; None while it does."""
        return self._error

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Calls `listener` after each change, until the function that is returned is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def close(self) -> None:
        self._end_doubt()
        tasks = [self._catalog, *self._polls.values()]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    def _hear_catalog(self, answer: Answer) -> None:
        catalog = answer.json()
        if not isinstance(catalog, dict):
            raise ConsulError("The registry answered no catalog of services")
        names = {name for name, tags in catalog.items() if self._target.proto_service in (tags or ())}
        for name in self._services.keys() - names:
            del self._services[name]
            self._polls.pop(name).cancel()
            self._away.discard(name)
        for name in names - self._services.keys():
            self._services[name] = None
            self._polls[name] = asyncio.create_task(self._follow(name))
        self._answered("")

    async def _follow(self, name: str) -> None:
        def hear(answer: Answer) -> None:
            if name in self._services:
                self._services[name] = read_endpoints(answer.json())
                self._answered(name)

        query: Mapping[str, str] = {**self._query, "passing": "1"}
        path = f"/v1/health/service/{name}"
        await long_poll(self._consul, path, query, hear, lambda error: self._fail(name, error))

    def _fail(self, poll: str, error: ConsulError) -> None:
        self._away.add(poll)
        self._error = error
        self._end_doubt()  # it ripens only while the registry answers (3)

    def _answered(self, poll: str) -> None:
        self._away.discard(poll)
        if self._away:
            return  # what is known of the others is old: it stays as it is (4)
        self._error = None
        known = list(self._services.values())
        if any(endpoints is None for endpoints in known):
            return  # the answer about one of them is on its way
        accepted = (
            endpoint for endpoints in known for endpoint in endpoints or () if self._target.accepts(endpoint)
        )
        self._propose(tuple(sorted(accepted, key=lambda endpoint: endpoint.id)))

    def _propose(self, endpoints: tuple[Endpoint, ...]) -> None:
        if endpoints or not self._endpoints:
            self._end_doubt()
            self._publish(endpoints)
        elif self._doubt is None:
            loop = asyncio.get_running_loop()
            self._doubt = loop.call_later(self._doubt_seconds, self._give_up)

    def _give_up(self) -> None:
        self._doubt = None
        self._publish(())

    def _end_doubt(self) -> None:
        if self._doubt is not None:
            self._doubt.cancel()
            self._doubt = None

    def _publish(self, endpoints: tuple[Endpoint, ...]) -> None:
        if endpoints == self._endpoints:
            return
        self._endpoints = endpoints
        for listener in list(self._listeners):
            listener()
