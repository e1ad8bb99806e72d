"""The identity of a service (`SAMSPEL_IDENTITY=consul`): Consul Connect, native.

1. Both sides of each connection prove who they are, and check the other (docs/concepts/identity.md).
2. Certificates are renewed in the process: new connections have the new ones, calls in flight finish on the old ones.
3. A certificate that has expired, because the registry was away for too long, is used no more: health says
   NOT_SERVING, no connection is made, and the log says so once.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import tempfile
from collections.abc import Awaitable
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable, Optional

import grpc

from samspel.channel.connector import Connector
from samspel.consul import Consul
from samspel.discovery import Endpoint
from samspel.errors import ConfigurationError
from samspel.identity.gate import IntentionGate
from samspel.identity.material import Material
from samspel.identity.source import MaterialSource
from samspel.identity.tls_front import TlsFront
from samspel.settings import Settings

log = logging.getLogger(__name__)

_START_SECONDS = 30.0


class Identity:
    """Use it with `async with`: then it has certificates."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        consul = Consul(settings.consul_url, settings.consul_token)
        self._consul = consul
        self._source = MaterialSource(consul, settings.service, self._renewed)
        #: Decides who may call this service.
        self.gate = IntentionGate(consul, settings.service, lambda: self.material.trust_domain)
        #: Makes connections to others.
        self.connector: IdentityConnector = IdentityConnector(self._source)
        self._expiry: Optional[asyncio.TimerHandle] = None
        self._on_expiry: Callable[[bool], None] = lambda valid: None
        self._served: Optional[Material] = None

    @property
    def material(self) -> Material:
        """The certificates of now."""
        return self._source.current

    async def __aenter__(self) -> Identity:
        if not await self._source.start(_START_SECONDS) or not await self.gate.start(_START_SECONDS):
            await self._close()
            raise ConfigurationError(
                f"Cannot start {self._settings.service} as SAMSPEL_IDENTITY is consul and the registry at "
                f"CONSUL_HTTP_ADDR {self._consul.url} gives it no certificate: "
                f"{self._source.error or 'no answer'}; is Connect on there?"
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    def on_expiry(self, listener: Callable[[bool], None]) -> None:
        """Calls `listener` with False when the certificate expires, and with True when there is a new one (3)."""
        self._on_expiry = listener

    def server_credentials(self) -> grpc.ServerCredentials:
        """TLS for a server: callers must have a certificate. gRPC asks at each handshake whether there are new ones."""
        self._served = self.material
        return grpc.dynamic_ssl_server_credentials(
            _server_configuration(self.material),
            self._fetch,  # type: ignore[arg-type]  # it may return None, says gRPC
            require_client_authentication=True,
        )

    def _fetch(self) -> Optional[grpc.ServerCertificateConfiguration]:
        """Called by gRPC in a thread of its own; None where there is nothing new."""
        material = self.material
        if material is self._served:
            return None
        self._served = material
        return _server_configuration(material)

    def _renewed(self, material: Material) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        left = (material.expires_at - datetime.now(timezone.utc)).total_seconds()
        self._expiry = asyncio.get_running_loop().call_later(max(0.0, left), self._expired)
        self._on_expiry(True)
        self.connector.renew(material)

    def _expired(self) -> None:
        log.critical(
            "the certificate has expired, as the registry gives no new one: nothing is served or called",
            extra={"spiffe_id": self.material.spiffe_id, "registry": self._consul.url},
        )
        self._on_expiry(False)

    async def _close(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        await self.gate.close()
        await self._source.close()
        self.connector.close()


class IdentityConnector(Connector):
    """Connects by mutual TLS, and never without."""

    def __init__(self, source: MaterialSource) -> None:
        self._source = source
        self._context: Optional[ssl.SSLContext] = None
        self._folder: Optional[tempfile.TemporaryDirectory[str]] = None
        self._sockets = 0
        self._listeners: list[Callable[[], None]] = []

    def refusal(self, endpoint: Endpoint) -> Optional[str]:
        if not endpoint.takes_tls:
            return f"{endpoint.address} has no identity: start it with SAMSPEL_IDENTITY=consul"
        return None

    async def open(self, endpoint: Endpoint) -> tuple[str, Callable[[], Awaitable[None]]]:
        if self._context is None:
            raise RuntimeError("The identity has not started")
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="samspel-")  # only its owner may enter
        self._sockets += 1
        path = str(Path(self._folder.name, str(self._sockets)))
        front = TlsFront(endpoint, path, self._context, lambda: self._source.current)
        return await front.open(), front.close

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def renew(self, material: Material) -> None:
        """Makes connections with these certificates from now on, and has the old ones replaced."""
        self._context = material.client_context()
        for listener in list(self._listeners):
            listener()

    def close(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()


def _server_configuration(material: Material) -> grpc.ServerCertificateConfiguration:
    pair = (material.key_pem.encode(), material.chain_pem.encode())
    return grpc.ssl_server_certificate_configuration([pair], root_certificates=material.roots_pem.encode())
