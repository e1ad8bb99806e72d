"""The few calls of Consul's HTTP API that an instance needs, on the standard library."""

from __future__ import annotations

import asyncio
import json
from http.client import HTTPException
from typing import Any, Optional
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import ProxyHandler, Request, build_opener

from samspel.redact import redact_url

_TIMEOUT_SECONDS = 5.0


class ConsulError(Exception):
    """A call that the registry did not answer, or refused."""


class Consul:
    """An agent. Calls run in a thread, so that the event loop goes on meanwhile."""

    def __init__(self, url: str, token: Optional[str]) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Content-Type": "application/json"}
        if token is not None:
            self._headers["X-Consul-Token"] = token
        self._opener = build_opener(ProxyHandler({}))  # an agent is near: no proxy stands between

    async def register(self, registration: dict[str, Any]) -> None:
        """Registers an instance, in place of what was registered under its id."""
        await self._call("PUT", "/v1/agent/service/register?replace-existing-checks=true", registration)

    async def deregister(self, instance_id: str) -> None:
        await self._call("PUT", f"/v1/agent/service/deregister/{quote(instance_id, safe='')}")

    async def knows(self, instance_id: str) -> bool:
        """Whether the agent has the instance."""
        path = f"/v1/agent/service/{quote(instance_id, safe='')}"
        return await self._call("GET", path, absent_ok=True)

    async def _call(
        self, method: str, path: str, body: Optional[object] = None, absent_ok: bool = False
    ) -> bool:
        return await asyncio.to_thread(self._call_now, method, path, body, absent_ok)

    def _call_now(self, method: str, path: str, body: Optional[object], absent_ok: bool) -> bool:
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._url + path, data, self._headers, method=method)
        try:
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as response:
                response.read()
                return True
        except HTTPError as error:
            with error:
                if error.code == 404 and absent_ok:
                    return False
                reason = error.read(500).decode(errors="replace").strip()
            raise ConsulError(
                f"Registry {redact_url(self._url)} refused {method} {path}: {error.code} {reason}"
            ) from error
        except (OSError, HTTPException) as error:
            raise ConsulError(f"Registry {redact_url(self._url)} does not answer: {error}") from error
