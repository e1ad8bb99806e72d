"""The instances of a target, as connections: who is called next.

1. The least busy is called next; of equals the one whose turn is longest ago, so that idle ones take turns.
2. One that failed a moment ago, or has been tried for this call, comes after all others.
3. An instance that left the registry drains: its calls finish.
4. When the identity of this service changes, all connections are made anew, and the old ones drain.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Collection, Sequence
from typing import Any, Optional

from samspel.channel.connector import Connector
from samspel.channel.member import Member
from samspel.discovery import Endpoint, Target
from samspel.discovery.registry import Lease, Registry

log = logging.getLogger(__name__)


class Pool:
    """Connections to all instances of a target."""

    def __init__(
        self, registry: Registry, target: Target, connector: Connector, options: Sequence[tuple[str, Any]]
    ) -> None:
        self.target = target
        self._registry = registry
        self._connector = connector
        self._options = options
        self._members: dict[Endpoint, Member] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._refused: dict[Endpoint, str] = {}
        self._turns = 0
        self._change: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lease: Lease = registry.watch(target)
        self._ends = [
            self._lease.watch.listen(self._follow),
            connector.listen(self._renew),
        ]
        self._follow()

    @property
    def size(self) -> int:
        """How many instances there are, connected or not."""
        return len(self._members)

    @property
    def connected(self) -> bool:
        """Whether an instance can be called."""
        return any(member.ready for member in self._members.values())

    @property
    def all_failed(self) -> bool:
        """Whether no instance can be connected to."""
        return all(member.failed for member in self._members.values())

    def pick(self, tried: Collection[Member] = ()) -> Optional[Member]:
        """Who is to be called next; None where nobody is connected."""
        ready = [member for member in self._members.values() if member.ready]
        if not ready:
            return None
        best = min(ready, key=lambda member: (member in tried, member.rests, member.in_flight, member.turn))
        self._turns += 1
        best.turn = self._turns
        return best

    def changed(self) -> Awaitable[None]:
        """Done when an instance came, left, was connected or lost after this was called.

        No coroutine: that would begin to look later, and miss what happens before.
        """
        return asyncio.shield(self._change)

    def absence(self) -> str:
        """Why there is nobody to call, for people to read."""
        service, registry = self.target.proto_service, self._registry.consul.url
        if self._lease.watch.error is not None and not self._members:
            return f"No instance of {service} is known: {self._lease.watch.error}"
        if self._refused:
            return f"No instance of {service} may be called: {'; '.join(self._refused.values())}"
        return (
            f"No instance of {service} is in the registry at {registry}: start a service that serves it, or "
            "check that its health is SERVING and that it uses the same registry"
        )

    async def close(self) -> None:
        for end in self._ends:
            end()
        self._lease.release()
        members, self._members = list(self._members.values()), {}
        await asyncio.gather(*(member.close() for member in members))
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)

    def _follow(self) -> None:
        endpoints = [endpoint for endpoint in self._lease.watch.endpoints if self.target.accepts(endpoint)]
        refused = {
            endpoint: reason
            for endpoint in endpoints
            if (reason := self._connector.refusal(endpoint)) is not None
        }
        for endpoint in refused.keys() - self._refused.keys():
            log.error("instance refused", extra={"reason": refused[endpoint]})
        self._refused = refused
        wanted = [endpoint for endpoint in endpoints if endpoint not in refused]
        for endpoint in self._members.keys() - set(wanted):
            self._let_go(self._members.pop(endpoint))
        for endpoint in wanted:
            if endpoint not in self._members:
                self._members[endpoint] = self._member(endpoint)
        self._wake()

    def _renew(self) -> None:
        old = list(self._members.values())
        self._members = {member.endpoint: self._member(member.endpoint) for member in old}
        for member in old:
            self._let_go(member)
        self._follow()

    def _member(self, endpoint: Endpoint) -> Member:
        return Member(endpoint, self._connector, self._options, self._wake)

    def _let_go(self, member: Member) -> None:
        task = asyncio.create_task(self._leave(member))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _leave(self, member: Member) -> None:
        try:
            await member.leave()
        except asyncio.CancelledError:
            await member.close()

    def _wake(self) -> None:
        change, self._change = self._change, asyncio.get_running_loop().create_future()
        change.set_result(None)
