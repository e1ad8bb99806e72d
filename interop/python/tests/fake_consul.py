"""A registry of the tests' own: it can forget, refuse and be away, and it holds long polls as Consul does."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any, Optional
from urllib.parse import parse_qs, urlsplit

import h11

from samspel.consul import Consul

_HOLD_SECONDS = 5.0


class FakeConsul:
    """Use it with `async with`."""

    def __init__(self) -> None:
        self.services: dict[str, dict[str, Any]] = {}
        #: None refuses to take any.
        self.kv: Optional[dict[str, bytes]] = {}
        #: Answers for paths that it does not know.
        self.answers: dict[str, Any] = {}
        self.requests: list[str] = []
        self.port = 0
        self._index = 1
        self._change = asyncio.Event()
        self._server: Optional[asyncio.AbstractServer] = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def consul(self) -> Consul:
        return Consul(self.url, None)

    async def __aenter__(self) -> FakeConsul:
        await self.come()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.go()

    async def come(self) -> None:
        """Listens, where it listened before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def go(self) -> None:
        """Is away: nothing listens, and open requests are cut."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    def add(self, name: str, port: int, *proto_services: str, tag: str = "", **meta: str) -> None:
        """Registers an instance that passes its checks."""
        tags = ["grpc", *proto_services, *([tag] if tag else [])]
        self.services[f"{name}-{port}"] = {
            "ID": f"{name}-{port}",
            "Service": name,
            "Address": "127.0.0.1",
            "Port": port,
            "Tags": tags,
            "Meta": meta,
        }
        self.changed()

    def remove(self, name: str, port: int) -> None:
        del self.services[f"{name}-{port}"]
        self.changed()

    def changed(self) -> None:
        self._index += 1
        self._change.set()
        self._change = asyncio.Event()

    def restart_empty(self) -> None:
        """Forgets everything, and counts anew."""
        self.services.clear()
        self.kv = {}
        self.changed()
        self._index = 1

    def _instances(self, name: str) -> list[dict[str, Any]]:
        return [service for service in self.services.values() if service["Service"] == name]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(OSError, h11.ProtocolError, asyncio.CancelledError):
            connection = h11.Connection(h11.SERVER)
            target, method, body = "", "", b""
            while True:
                event = connection.next_event()
                if event is h11.NEED_DATA:
                    connection.receive_data(await reader.read(65536))
                elif isinstance(event, h11.Request):
                    target, method = event.target.decode(), event.method.decode()
                elif isinstance(event, h11.Data):
                    body += event.data
                elif isinstance(event, h11.EndOfMessage):
                    break
                else:
                    return
            self.requests.append(f"{method} {target}")
            status, answer = await self._answer(method, target, body)
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            headers = [
                ("Content-Length", str(len(data))),
                ("X-Consul-Index", str(self._index)),
                ("X-Consul-ContentHash", str(self._index)),
                ("Connection", "close"),
            ]
            writer.write(connection.send(h11.Response(status_code=status, headers=headers)) or b"")
            writer.write(connection.send(h11.Data(data=data)) or b"")
            writer.write(connection.send(h11.EndOfMessage()) or b"")
            await writer.drain()
        self._open.discard(writer)
        writer.close()

    async def _answer(self, method: str, target: str, body: bytes) -> tuple[int, Any]:
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        path = parts.path
        if method == "GET" and str(self._index) in (*query.get("index", ()), *query.get("hash", ())):
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._change.wait(), _HOLD_SECONDS)
        if path in self.answers:
            return 200, self.answers[path]
        if path == "/v1/catalog/services":
            names = {service["Service"] for service in self.services.values()}
            return 200, {
                name: [tag for service in self._instances(name) for tag in service["Tags"]] for name in names
            }
        if path.startswith("/v1/health/service/"):
            name = path.rsplit("/", 1)[1]
            found = self._instances(name)
            node = {"Address": "127.0.0.1", "Datacenter": "dc1"}
            return 200, [{"Node": node, "Service": service} for service in found]
        if path.startswith("/v1/kv/"):
            if self.kv is None:
                return 403, "Permission denied"
            new = path[7:] not in self.kv
            self.kv.setdefault(path[7:], body)
            return 200, new
        if path == "/v1/agent/service/register":
            registered = json.loads(body)
            self.services[registered["ID"]] = {**registered, "Service": registered["Name"]}
            self.changed()
            return 200, {}
        if path.startswith("/v1/agent/service/deregister/"):
            known = self.services.pop(path.rsplit("/", 1)[1], None)
            self.changed()
            return (200, {}) if known else (404, {})
        if path.startswith("/v1/agent/service/"):
            service = self.services.get(path.rsplit("/", 1)[1])
            return (200, service) if service else (404, {})
        return 404, {}
