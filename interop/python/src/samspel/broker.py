"""The connection to NATS, for the life of the process."""

from __future__ import annotations

import asyncio
import logging
from typing import Optional

import nats
from nats.aio.client import Client
from nats.js import JetStreamContext

from samspel.errors import ConfigurationError
from samspel.redact import redact_url
from samspel.settings import Settings

log = logging.getLogger(__name__)

_FIRST_CONNECT_SECONDS = 10.0


class Broker:
    """Holds one client. It reconnects for ever; where the server closed it for good, the next use opens another."""

    def __init__(self, settings: Settings) -> None:
        self._service = settings.service
        self._url = settings.nats_url
        self._client: Optional[Client] = None
        self._opening = asyncio.Lock()
        self._last_error: Optional[Exception] = None

    async def jetstream(self) -> JetStreamContext:
        """JetStream of a live client.

        :raises ConfigurationError: where no server answers within 10 s
        """
        async with self._opening:
            if self._client is None or self._client.is_closed:
                self._client = await self._connect()
            return self._client.jetstream()

    @property
    def connected(self) -> bool:
        return self._client is not None and self._client.is_connected

    async def close(self) -> None:
        """Sends what is on its way, and closes. A connection that is lost by then is left as it is."""
        client, self._client = self._client, None
        if client is None or client.is_closed:
            return
        try:
            if client.is_connected:
                await client.flush(2)
        except (nats.errors.Error, OSError) as error:
            log.warning("acknowledgements may be lost", extra={"reason": str(error)})
        await client.close()

    async def _connect(self) -> Client:
        connecting = nats.connect(
            self._url,
            name=self._service,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.25,
            error_cb=self._on_error,
            disconnected_cb=self._on_disconnect,
            reconnected_cb=self._on_reconnect,
        )
        try:
            return await asyncio.wait_for(connecting, _FIRST_CONNECT_SECONDS)
        except (nats.errors.Error, OSError, asyncio.TimeoutError) as error:
            reason = self._last_error or error
            raise ConfigurationError(
                f"Cannot start {self._service} as no NATS server answers at NATS_URL {redact_url(self._url)}: "
                f"{reason or type(reason).__name__}"
            ) from error

    async def _on_error(self, error: Exception) -> None:
        self._last_error = error
        log.debug("NATS connection failed", extra={"reason": str(error)})

    async def _on_disconnect(self) -> None:
        if self._client is not None:
            log.warning("NATS connection lost")

    async def _on_reconnect(self) -> None:
        log.info("NATS connection restored")
