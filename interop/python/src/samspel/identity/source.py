"""A service's certificates, kept fresh by long polls of its agent, which renews them."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any, Callable, Optional
from urllib.parse import quote

from samspel.consul import Answer, Consul, ConsulError
from samspel.identity.material import Material
from samspel.long_poll import long_poll

log = logging.getLogger(__name__)


class MaterialSource:
    """The newest certificates. While the registry is away the last ones are kept."""

    def __init__(self, consul: Consul, service: str, changed: Callable[[Material], None]) -> None:
        self._consul = consul
        self._leaf_path = f"/v1/agent/connect/ca/leaf/{quote(service, safe='')}"
        self._changed = changed
        self._leaf: Optional[dict[str, Any]] = None
        self._roots: Optional[dict[str, Any]] = None
        self._current: Optional[Material] = None
        self._first = asyncio.Event()
        self._polls: list[asyncio.Task[None]] = []
        self.error: Optional[ConsulError] = None

    @property
    def current(self) -> Material:
        if self._current is None:
            raise RuntimeError("The identity has not started")
        return self._current

    async def start(self, seconds: float) -> bool:
        """Waits for the first certificates; False where there are none in time."""
        self._polls = [
            asyncio.create_task(long_poll(self._consul, path, {}, hear, self._fail))
            for path, hear in (
                (self._leaf_path, self._hear_leaf),
                ("/v1/agent/connect/ca/roots", self._hear_roots),
            )
        ]
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._first.wait(), seconds)
        return self._first.is_set()

    async def close(self) -> None:
        for poll in self._polls:
            poll.cancel()
        await asyncio.gather(*self._polls, return_exceptions=True)

    def _fail(self, error: ConsulError) -> None:
        self.error = error

    def _hear_leaf(self, answer: Answer) -> None:
        self._leaf = answer.json()
        self._combine()

    def _hear_roots(self, answer: Answer) -> None:
        self._roots = answer.json()
        self._combine()

    def _combine(self) -> None:
        if self._leaf is None or self._roots is None:
            return
        try:
            material = Material(
                chain_pem=str(self._leaf["CertPEM"]),
                key_pem=str(self._leaf["PrivateKeyPEM"]),
                roots_pem="\n".join(str(root["RootCert"]).strip() for root in self._roots["Roots"]) + "\n",
                trust_domain=str(self._roots["TrustDomain"]),
                spiffe_id=str(self._leaf["ServiceURI"]),
                expires_at=_time(str(self._leaf["ValidBefore"])),
            )
            material.client_context()  # it is one that TLS takes
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise ConsulError(
                f"The registry answered no certificate: {type(error).__name__} {error}"
            ) from None
        if material == self._current:
            return
        self._current = material
        self._first.set()
        log.info(
            "identity",
            extra={"spiffe_id": material.spiffe_id, "expires_at": material.expires_at.isoformat()},
        )
        self._changed(material)


def _time(text: str) -> datetime:
    """A time as Consul writes it: RFC 3339 in UTC, whose fractions of seconds are left out."""
    return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
