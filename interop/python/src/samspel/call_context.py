"""What a call, a message or a tell hands on to what is done on its behalf (C1, A3): its deadline, its trace, its id.

It lies in context variables, so it reaches whatever its handler awaits, and the tasks that it starts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Optional

from samspel.caller import Caller
from samspel.spans import active_headers
from samspel.trace import trace_of

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class CallContext:
    """What is being answered now."""

    #: When the caller stops to wait, by `time.monotonic()`; None where it never does.
    ends_at: Optional[float] = None
    #: Its `traceparent`, `tracestate` and `baggage`.
    trace: Mapping[str, str] = field(default_factory=dict)
    #: Who calls; None for a message, a tell, and a call without a certificate.
    caller: Optional[Caller] = None

    @property
    def seconds_left(self) -> Optional[float]:
        """What is left of the deadline, never less than a millisecond; None without one."""
        return None if self.ends_at is None else max(0.001, self.ends_at - time.monotonic())


_current: ContextVar[Optional[CallContext]] = ContextVar("samspel_call", default=None)


def current_call() -> Optional[CallContext]:
    """What this code runs on behalf of; None where nothing is being answered."""
    return _current.get()


def enter_call(context: CallContext) -> None:
    """Makes what the current task does from here on, to its end, part of `context`."""
    _current.set(context)


@contextmanager
def trace_context(headers: Mapping[str, str]) -> Iterator[None]:
    """Makes calls, tells and messages of its body part of a trace: `{"traceparent": "00-…"}`.

    The library does so for what a handler does; this is for programs that begin a trace of their own without
    OpenTelemetry.
    """
    before = _current.get() or CallContext()
    token = _current.set(replace(before, trace=trace_of(headers)))
    try:
        yield
    finally:
        _current.reset(token)


def outgoing_trace() -> Mapping[str, str]:
    """The trace headers of what is sent now: OpenTelemetry's, where it is active, else those of the current call."""
    active = active_headers()
    if active is not None:
        return active
    context = _current.get()
    return _NONE if context is None else context.trace
