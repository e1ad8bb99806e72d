"""Decides at the server who may call.

1. The certificate's chain was verified by gRPC; its name is checked here, for each call.
2. Intentions are watched and evaluated here, so a change counts for the next call, and ends streams that run.
3. Where no intention matches, the registry is asked for its default; the answer counts until the intentions are
   heard of again.
4. After the intentions, `(samspel.v1.allow)` of the method says who may call it.
5. While the registry is away, what it said last counts; before it said anything, nobody may call.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Callable, Optional

import grpc

from samspel.caller import Caller
from samspel.consul import Answer, Consul, ConsulError
from samspel.errors import Rejection, Unavailable
from samspel.identity.allow import allows
from samspel.identity.intentions import Decision, decide
from samspel.identity.spiffe import IdentityRefused, read_peer
from samspel.long_poll import long_poll

log = logging.getLogger(__name__)


class IntentionGate:
    """Admits callers of one service."""

    def __init__(self, consul: Consul, service: str, trust_domain: Callable[[], str]) -> None:
        self._consul = consul
        self._service = service
        self._trust_domain = trust_domain
        self._intentions: Optional[list[Mapping[str, Any]]] = None
        self._defaults: dict[str, bool] = {}
        self._last_defaults: dict[str, bool] = {}
        self._known = asyncio.Event()
        self._streams: dict[object, tuple[Caller, str, Callable[[Rejection], None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, seconds: float) -> bool:
        """Waits until the intentions are known; False where they are not in time."""
        query = {"by": "destination", "name": self._service}
        poll = long_poll(self._consul, "/v1/connect/intentions/match", query, self._hear, lambda _: None)
        self._keep(poll)
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._known.wait(), seconds)
        return self._known.is_set()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def admit(self, context: Any, method: str) -> Caller:
        """Who calls.

        :raises Rejection: UNAUTHENTICATED where that cannot be said, PERMISSION_DENIED where it may not call
        """
        try:
            peer = read_peer(_uris(context.auth_context()), self._trust_domain())
        except IdentityRefused as error:
            log.warning("caller refused", extra={"method": method, "reason": str(error)})
            raise Rejection(
                grpc.StatusCode.UNAUTHENTICATED,
                f"the caller's identity is refused: {error}",
                reason="SAMSPEL_IDENTITY_REFUSED",
            ) from None
        caller = Caller(peer.service, peer.uri)
        refusal = await self._refusal(caller, method)
        if refusal is None and not allows(method, caller.service):
            refusal = self._denial(caller, method, "the method does not allow it")
        if refusal is not None:
            raise refusal
        return caller

    def follow(self, caller: Caller, method: str, end: Callable[[Rejection], None]) -> Callable[[], None]:
        """Calls `end` when an admitted caller may not call any more, until the returned function is called (2)."""
        entry = object()
        self._streams[entry] = (caller, method, end)

        def unfollow() -> None:
            self._streams.pop(entry, None)

        return unfollow

    async def _refusal(self, caller: Caller, method: str) -> Optional[Rejection]:
        if self._intentions is None:
            return Unavailable("it is not known yet who may call", reason="SAMSPEL_REGISTRY_UNREACHABLE")
        decision = decide(self._intentions, caller.service)
        if decision is Decision.ALLOW:
            return None
        if decision is Decision.DEFAULT:
            allowed = await self._default(caller)
            if allowed is None:
                return Unavailable("it is not known who may call", reason="SAMSPEL_REGISTRY_UNREACHABLE")
            if allowed:
                return None
        why = "an intention denies it" if decision is Decision.DENY else "no intention allows it"
        return self._denial(caller, method, why)

    def _denial(self, caller: Caller, method: str, why: str) -> Rejection:
        return Rejection(
            grpc.StatusCode.PERMISSION_DENIED,
            f"{caller.service} may not call {self._service}: {why}",
            {"caller": caller.service, "service": self._service, "method": method},
            reason="SAMSPEL_CALLER_DENIED",
        )

    async def _default(self, caller: Caller) -> Optional[bool]:
        """What the registry says of a caller that no intention is about; None where it never said (3, 5)."""
        known = self._defaults.get(caller.spiffe_id)
        if known is not None:
            return known
        question = {"Target": self._service, "ClientCertURI": caller.spiffe_id, "ClientCertSerial": ""}
        try:
            answer = (await self._consul.post("/v1/agent/connect/authorize", question)).json()
            allowed = bool(answer["Authorized"])
        except (ConsulError, KeyError, TypeError) as error:
            log.debug("authorization not answered", extra={"reason": str(error)})
            return self._last_defaults.get(caller.spiffe_id)
        self._defaults[caller.spiffe_id] = self._last_defaults[caller.spiffe_id] = allowed
        return allowed

    def _hear(self, answer: Answer) -> None:
        matches = answer.json()
        if not isinstance(matches, dict):
            raise ConsulError("The registry answered no intentions")
        self._intentions = list(matches.get(self._service) or [])
        self._defaults.clear()
        self._known.set()
        for caller, method, end in list(self._streams.values()):
            self._keep(self._reconsider(caller, method, end))

    async def _reconsider(self, caller: Caller, method: str, end: Callable[[Rejection], None]) -> None:
        refusal = await self._refusal(caller, method)
        if refusal is not None and not isinstance(refusal, Unavailable):
            end(refusal)

    def _keep(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _uris(auth: Mapping[str, Any]) -> list[str]:
    """The URIs among the names of the peer's certificate. gRPC gives all kinds of names in one list."""
    names = [bytes(name).decode(errors="replace") for name in auth.get("x509_subject_alternative_name", ())]
    return [name for name in names if "://" in name]
