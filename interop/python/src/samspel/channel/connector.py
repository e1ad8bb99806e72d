"""How an instance is connected to: in plaintext, or by mutual TLS."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import Callable, Optional

from samspel.discovery import Endpoint

Close = Callable[[], Awaitable[None]]


class Connector(ABC):
    """Says where gRPC connects to for an instance."""

    @abstractmethod
    def refusal(self, endpoint: Endpoint) -> Optional[str]:
        """Why calls must not go to an instance; None where they may."""

    @abstractmethod
    async def open(self, endpoint: Endpoint) -> tuple[str, Close]:
        """The gRPC target for an instance, and what ends it."""

    @abstractmethod
    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Calls `listener` when connections should be made anew, until the function that is returned is called."""


class PlaintextConnector(Connector):
    """Connects as it is, and never to an instance that wants to know who calls."""

    def refusal(self, endpoint: Endpoint) -> Optional[str]:
        if endpoint.secure:
            return f"{endpoint.address} takes no plaintext: set SAMSPEL_IDENTITY=consul"
        return None

    async def open(self, endpoint: Endpoint) -> tuple[str, Close]:
        return endpoint.address, _nothing

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        return lambda: None


async def _nothing() -> None:
    return None
