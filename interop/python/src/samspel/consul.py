"""Consul's HTTP API, as far as an instance needs it: requests on asyncio streams, spoken by h11.

A request can be cancelled at any moment, also a long poll that has waited for 20 s: so a stop does not wait for it.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Optional, Union
from urllib.parse import quote, urlencode, urlsplit

import h11

from samspel.deadline import within
from samspel.redact import redact_url

_TIMEOUT_SECONDS = 5.0
_READ_BYTES = 65536
# Consul adds up to a sixteenth of `wait`, so that those who wait do not all come back at once.
_WAIT_SECONDS = 25
_WAIT_TIMEOUT_SECONDS = 35.0


class ConsulError(Exception):
    """A call that the registry did not answer, or refused."""

    def __init__(self, message: str, status: Optional[int] = None) -> None:
        super().__init__(message)
        #: The HTTP status of a refusal; None where there was no answer.
        self.status = status


@dataclass(frozen=True)
class Answer:
    """What the registry answered."""

    status: int
    #: By their names in lower case.
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body.

        :raises ConsulError: where it is no JSON
        """
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise ConsulError(f"The registry answered what is no JSON: {self.body[:100]!r}") from error


class Consul:
    """An agent at a URL."""

    def __init__(self, url: str, token: Optional[str]) -> None:
        parts = urlsplit(url)
        self._url = url.rstrip("/")
        self._host = parts.hostname or "127.0.0.1"
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._base = parts.path.rstrip("/")
        place = f"[{self._host}]" if ":" in self._host else self._host
        self._headers = [("Host", f"{place}:{self._port}"), ("Connection", "close")]
        if token is not None:
            self._headers.append(("X-Consul-Token", token))

    @property
    def url(self) -> str:
        """Where it is, without credentials."""
        return redact_url(self._url)

    async def get(self, path: str, query: Optional[Mapping[str, str]] = None) -> Answer:
        return await self._call("GET", _with_query(path, query), None, _TIMEOUT_SECONDS)

    async def wait(self, path: str, query: Mapping[str, str]) -> Answer:
        """A long poll of 25 s: `query` has the index or the hash whose change is waited for (R7)."""
        waiting = _with_query(path, {**query, "wait": f"{_WAIT_SECONDS}s"})
        return await self._call("GET", waiting, None, _WAIT_TIMEOUT_SECONDS)

    async def put(
        self, path: str, body: Union[bytes, object, None] = None, query: Optional[Mapping[str, str]] = None
    ) -> Answer:
        """Sends bytes as they are, and anything else as JSON."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        return await self._call("PUT", _with_query(path, query), data, _TIMEOUT_SECONDS)

    async def post(self, path: str, body: object) -> Answer:
        return await self._call("POST", path, json.dumps(body).encode(), _TIMEOUT_SECONDS)

    async def register(self, registration: Mapping[str, Any]) -> None:
        """Registers an instance, in place of what was registered under its id."""
        await self.put("/v1/agent/service/register", registration, {"replace-existing-checks": "true"})

    async def deregister(self, instance_id: str) -> None:
        await self.put(f"/v1/agent/service/deregister/{quote(instance_id, safe='')}")

    async def _call(self, method: str, path: str, body: Optional[bytes], seconds: float) -> Answer:
        try:
            answer = await within(seconds, self._exchange(method, path, body))
        except (OSError, ssl.SSLError, h11.ProtocolError, asyncio.TimeoutError, EOFError) as error:
            reason = str(error) or type(error).__name__
            raise ConsulError(f"Registry {self.url} does not answer: {reason}") from error
        if not 200 <= answer.status < 300:
            reason = answer.body[:500].decode(errors="replace").strip()
            raise ConsulError(
                f"Registry {self.url} refused {method} {path.split('?')[0]}: {answer.status} {reason}",
                answer.status,
            )
        return answer

    async def _exchange(self, method: str, path: str, body: Optional[bytes]) -> Answer:
        reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        try:
            connection = h11.Connection(h11.CLIENT)
            headers = [*self._headers]
            if body is not None:
                headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
            request = h11.Request(method=method, target=self._base + path, headers=headers)
            sent = connection.send(request) or b""
            if body:
                sent += connection.send(h11.Data(data=body)) or b""
            writer.write(sent + (connection.send(h11.EndOfMessage()) or b""))
            await writer.drain()
            return await _read_answer(connection, reader)
        finally:
            writer.close()
            with suppress(OSError, ssl.SSLError):
                await writer.wait_closed()


async def _read_answer(connection: h11.Connection, reader: asyncio.StreamReader) -> Answer:
    status, headers, body = 0, {}, bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_READ_BYTES))
        elif isinstance(event, h11.Response):
            status = event.status_code
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            return Answer(status, headers, bytes(body))
        elif isinstance(event, h11.ConnectionClosed):
            raise EOFError("it closed the connection")


def _with_query(path: str, query: Optional[Mapping[str, str]]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
