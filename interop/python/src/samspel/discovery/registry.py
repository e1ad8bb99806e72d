"""The registry of a process: whoever asks for the same target shares one watch (R7)."""

from __future__ import annotations

import asyncio
from typing import Optional

from samspel.consul import Consul
from samspel.discovery.target import Target
from samspel.discovery.watch import Watch

_LINGER_SECONDS = 30.0


class Lease:
    """A share of a watch; `release` it when it is not needed any more."""

    def __init__(self, registry: Registry, target: Target, watch: Watch) -> None:
        self._registry = registry
        self._target = target
        self.watch = watch

    def release(self) -> None:
        self._registry._release(self._target)


class _Shared:
    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.users = 0
        self.end: Optional[asyncio.TimerHandle] = None


class Registry:
    """Watches of a Consul. A watch ends 30 s after its last user left."""

    def __init__(self, consul: Consul) -> None:
        self.consul = consul
        self._watches: dict[Target, _Shared] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def watch(self, target: Target) -> Lease:
        """The instances of a target's proto service; its filters are the caller's to apply."""
        target = Target(target.proto_service, datacenter=target.datacenter)
        shared = self._watches.get(target)
        if shared is None:
            shared = self._watches[target] = _Shared(Watch(self.consul, target))
        if shared.end is not None:
            shared.end.cancel()
            shared.end = None
        shared.users += 1
        return Lease(self, target, shared.watch)

    async def close(self) -> None:
        for target in list(self._watches):
            self._end(target)
        await asyncio.gather(*self._closing)

    def _release(self, target: Target) -> None:
        shared = self._watches.get(target)
        if shared is None:
            return
        shared.users -= 1
        if shared.users == 0:
            shared.end = asyncio.get_running_loop().call_later(_LINGER_SECONDS, self._end, target)

    def _end(self, target: Target) -> None:
        shared = self._watches.pop(target)
        if shared.end is not None:
            shared.end.cancel()
        closing = asyncio.create_task(shared.watch.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
