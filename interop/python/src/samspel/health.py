"""`grpc.health.v1` of a service: on its own port, and, where that wants certificates, in plaintext on the loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Health:
    """What the instance answers, for itself and for each proto service."""

    def __init__(self, proto_services: Sequence[str]) -> None:
        self._servicer = health_aio.HealthServicer()
        self._names = ("", *proto_services)
        self._setting: set[asyncio.Task[None]] = set()

    async def serve_on(self, server: grpc.aio.Server) -> None:
        """Adds it to a server that is about to start, and says SERVING."""
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)
        await self._set(True)

    def set_serving(self, serving: bool) -> None:
        """Says from now on whether calls are welcome."""
        task = asyncio.ensure_future(self._set(serving))
        self._setting.add(task)
        task.add_done_callback(self._setting.discard)

    async def stop_serving(self) -> None:
        """Says NOT_SERVING from here on."""
        await self._servicer.enter_graceful_shutdown()

    @asynccontextmanager
    async def plaintext_listener(self) -> AsyncIterator[int]:
        """A port on the loopback that serves nothing else, for the registry's checks."""
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            yield port
        finally:
            await server.stop(None)

    async def _set(self, serving: bool) -> None:
        for name in self._names:
            await self._servicer.set(name, _SERVING if serving else _NOT_SERVING)
