"""Two connections that are one: what comes in at one end goes out at the other, no faster than that takes it."""

from __future__ import annotations

import asyncio
from typing import Callable, Optional, cast


class End(asyncio.Protocol):
    """One of two ends. Until it is joined to the other, it keeps what comes."""

    def __init__(self, made: Optional[Callable[[End], None]] = None) -> None:
        self._made = made
        self._transport: Optional[asyncio.Transport] = None
        self._other: Optional[End] = None
        self._kept = bytearray()
        self._lost = False

    @property
    def transport(self) -> asyncio.Transport:
        if self._transport is None:
            raise RuntimeError("The end is not connected yet")
        return self._transport

    def join(self, other: End) -> None:
        """From now on what comes here goes there, and the other way round."""
        self._other, other._other = other, self
        for here, there in ((self, other), (other, self)):
            if here._kept:
                there.transport.write(bytes(here._kept))
                here._kept.clear()
            if here._lost:
                there.transport.close()

    def abort(self) -> None:
        """Cuts the connection."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._made is not None:
            self._made(self)

    def data_received(self, data: bytes) -> None:
        if self._other is None:
            self._kept += data
        else:
            self._other.transport.write(data)

    def pause_writing(self) -> None:
        if self._other is not None and not self._other._lost:
            self._other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self._other is not None and not self._other._lost:
            self._other.transport.resume_reading()

    def connection_lost(self, exc: Optional[Exception]) -> None:
        self._lost = True
        if self._other is not None:
            self._other.transport.close()
