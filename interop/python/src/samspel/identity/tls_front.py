"""Mutual TLS to one instance, in front of which gRPC speaks plaintext on a socket that only this user can open.

gRPC's core checks names as for the web: by DNS names and addresses. A Consul certificate has neither, and the core
lets no Python verify instead. So the connection is made here, with Python's `ssl`: the chain is verified against the
roots, the name by `read_peer`, and it must be the service that the registry gave for the instance.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping
from typing import Any, Callable
from weakref import WeakSet

from samspel.deadline import within
from samspel.discovery import Endpoint
from samspel.identity.material import Material
from samspel.identity.relay import End
from samspel.identity.spiffe import IdentityRefused, read_peer

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 10.0


class TlsFront:
    """Relays between a local socket and an instance."""

    def __init__(
        self, endpoint: Endpoint, path: str, context: ssl.SSLContext, current: Callable[[], Material]
    ) -> None:
        self._endpoint = endpoint
        self._path = path
        self._context = context
        self._current = current
        self._connecting: set[asyncio.Task[None]] = set()
        self._ends: WeakSet[End] = WeakSet()
        self._warned = ""
        self._server: asyncio.AbstractServer

    async def open(self) -> str:
        """Listens, and returns the target for gRPC."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: End(self._accept), self._path)
        return f"unix:{self._path}"

    async def close(self) -> None:
        self._server.close()
        for connecting in self._connecting:
            connecting.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)
        for end in list(self._ends):
            end.abort()
        await self._server.wait_closed()

    def _accept(self, near: End) -> None:
        connecting = asyncio.ensure_future(self._relay(near))
        self._connecting.add(connecting)
        connecting.add_done_callback(self._connecting.discard)

    async def _relay(self, near: End) -> None:
        self._ends.add(near)
        try:
            far = await within(_CONNECT_SECONDS, self._connect())
        except (OSError, ssl.SSLError, IdentityRefused, asyncio.TimeoutError) as error:
            self._warn(error)
            near.abort()
            return
        near.join(far)

    async def _connect(self) -> End:
        if self._current().expired:
            raise IdentityRefused("expired", "the own certificate has expired")
        # An empty name: none is sent, and none is matched.
        transport, far = await asyncio.get_running_loop().create_connection(
            End, self._endpoint.host, self._endpoint.port, ssl=self._context, server_hostname=""
        )
        try:
            self._verify(transport.get_extra_info("ssl_object"))
        except IdentityRefused:
            far.abort()
            raise
        return far

    def _verify(self, connection: ssl.SSLObject) -> None:
        certificate: Mapping[str, Any] = connection.getpeercert() or {}
        uris = [str(value) for kind, value in certificate.get("subjectAltName", ()) if kind == "URI"]
        read_peer(uris, self._current().trust_domain, self._endpoint.service)

    def _warn(self, error: Exception) -> None:
        """Says why, once for each reason in a row: gRPC tries again and again."""
        reason = str(error) or type(error).__name__
        (log.debug if reason == self._warned else log.warning)(
            "instance not reached by TLS",
            extra={"service": self._endpoint.service, "address": self._endpoint.address, "reason": reason},
        )
        self._warned = reason
