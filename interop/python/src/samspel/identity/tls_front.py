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
from contextlib import suppress
from typing import Any, Callable

from samspel.discovery import Endpoint
from samspel.identity.material import Material
from samspel.identity.spiffe import IdentityRefused, read_peer

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 10.0
_PIECE_BYTES = 256 * 1024


class TlsFront:
    """Relays between a local socket and an instance."""

    def __init__(
        self, endpoint: Endpoint, path: str, context: ssl.SSLContext, current: Callable[[], Material]
    ) -> None:
        self._endpoint = endpoint
        self._path = path
        self._context = context
        self._current = current
        self._relays: set[asyncio.Task[None]] = set()
        self._warned = ""
        self._server: asyncio.AbstractServer

    async def open(self) -> str:
        """Listens, and returns the target for gRPC."""
        self._server = await asyncio.start_unix_server(self._accept, self._path)
        return f"unix:{self._path}"

    async def close(self) -> None:
        self._server.close()
        for relay in self._relays:
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relay = asyncio.ensure_future(self._relay(reader, writer))
        self._relays.add(relay)
        relay.add_done_callback(self._relays.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.wait_for(self._connect(), _CONNECT_SECONDS)
        except (OSError, ssl.SSLError, IdentityRefused, asyncio.TimeoutError) as error:
            self._warn(error)
            writer.transport.abort()
            return
        try:
            there = asyncio.ensure_future(_pump(reader, far_writer))
            back = asyncio.ensure_future(_pump(far_reader, writer))
            try:
                await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in (there, back):
                    pump.cancel()
                await asyncio.gather(there, back, return_exceptions=True)
        finally:
            for end in (writer, far_writer):
                end.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._current().expired:
            raise IdentityRefused("the own certificate has expired")
        # An empty name: none is sent, and none is matched.
        reader, writer = await asyncio.open_connection(
            self._endpoint.host, self._endpoint.port, ssl=self._context, server_hostname=""
        )
        try:
            self._verify(writer.get_extra_info("ssl_object"))
        except IdentityRefused:
            writer.transport.abort()
            raise
        return reader, writer

    def _verify(self, connection: ssl.SSLObject) -> None:
        certificate: Mapping[str, Any] = connection.getpeercert() or {}
        uris = [str(value) for kind, value in certificate.get("subjectAltName", ()) if kind == "URI"]
        peer = read_peer(uris, self._current().trust_domain)
        if peer.service != self._endpoint.service:
            raise IdentityRefused(
                f"it must be the service {self._endpoint.service}, by the registry: it is {peer.service}"
            )

    def _warn(self, error: Exception) -> None:
        """Says why, once for each reason in a row: gRPC tries again and again."""
        reason = str(error) or type(error).__name__
        (log.debug if reason == self._warned else log.warning)(
            "instance not reached by TLS",
            extra={"service": self._endpoint.service, "address": self._endpoint.address, "reason": reason},
        )
        self._warned = reason


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, ssl.SSLError):
        while data := await reader.read(_PIECE_BYTES):
            writer.write(data)
            await writer.drain()
