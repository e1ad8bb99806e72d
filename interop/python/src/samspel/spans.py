"""Spans of what a service does (A3), through the API of OpenTelemetry where that is installed: `samspel[otel]`.

1. Without it, and without an SDK that was set up, nothing is made and nothing is spent.
2. Names and attributes are those that services in TypeScript have: docs/reference/traces.md.
3. What comes in continues the trace in its headers; what goes out is a child of what it is done for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from types import MappingProxyType
from typing import Any, Literal, Optional, Union

from samspel.errors import Rejection

Attributes = Mapping[str, Union[str, int]]
Kind = Literal["SERVER", "CLIENT", "PRODUCER", "CONSUMER"]


def _part(name: str) -> Any:
    try:
        return import_module(f"opentelemetry.{name}")
    except ImportError:
        return None


_context, _propagate, _trace = _part("context"), _part("propagate"), _part("trace")

_NAME = "samspel"
_NONE: Mapping[str, str] = MappingProxyType({})


class Span:
    """A span that was started, or nothing where nobody wants spans; end it once."""

    __slots__ = ("_span",)

    def __init__(self, span: Any = None) -> None:
        self._span = span

    def set(self, name: str, value: Union[str, int]) -> None:
        """Adds an attribute."""
        if self._span is not None:
            self._span.set_attribute(name, value)

    def fail(self, type: str, message: str) -> None:
        """Says that it failed."""
        if self._span is not None:
            self._span.set_attribute("error.type", type)
            self._span.set_status(_trace.Status(_trace.StatusCode.ERROR, message))

    def fail_by(self, error: BaseException, type: Optional[str] = None) -> None:
        """Says that it failed by an error, and why."""
        if self._span is not None:
            self.fail(type_of(error) if type is None else type, str(error))
            if not isinstance(error, Rejection):
                self._span.record_exception(error)

    def headers(self) -> Mapping[str, str]:
        """What makes others part of it."""
        if self._span is None:
            return _NONE
        headers: dict[str, str] = {}
        _propagate.inject(headers, _trace.set_span_in_context(self._span))
        return headers

    def enter(self) -> None:
        """Makes what the current task does from here on, to its end, part of it."""
        if self._span is not None:
            _context.attach(_trace.set_span_in_context(self._span))

    def end(self) -> None:
        if self._span is not None:
            self._span.end()


NO_SPAN = Span()


def is_traced() -> bool:
    """Whether an SDK was set up for the process (1)."""
    return _trace is not None and not isinstance(_trace.get_tracer_provider(), _trace.ProxyTracerProvider)


def receive_span(name: str, kind: Kind, attributes: Attributes, headers: Mapping[str, str]) -> Span:
    """Starts a span of what came in with these headers, by names in lower case (3)."""
    return _start(name, kind, attributes, _propagate.extract(headers)) if is_traced() else NO_SPAN


def send_span(
    name: str, kind: Kind, attributes: Attributes, headers: Optional[Mapping[str, str]] = None
) -> Span:
    """Starts a span of what goes out: a child of the active one (3).

    :param headers: of the trace that it belongs to where no span is active
    """
    if not is_traced():
        return NO_SPAN
    active = _trace.get_current_span().get_span_context().is_valid
    return _start(name, kind, attributes, None if active else _propagate.extract(headers or _NONE))


@contextmanager
def sending(name: str, attributes: Attributes, headers: Optional[Mapping[str, str]] = None) -> Iterator[None]:
    """A span around what is published or told; an error fails it."""
    span = send_span(name, "PRODUCER", attributes, headers)
    if span is NO_SPAN:
        yield
        return
    with _trace.use_span(span._span, record_exception=False, set_status_on_exception=False):
        try:
            yield
        except BaseException as error:
            span.fail_by(error)
            raise
        finally:
            span.end()


def _start(name: str, kind: Kind, attributes: Attributes, parent: Any) -> Span:
    tracer = _trace.get_tracer(_NAME)
    return Span(tracer.start_span(name, parent, _trace.SpanKind[kind], dict(attributes)))


def active_headers() -> Optional[Mapping[str, str]]:
    """What makes others part of the active span; None where there is none."""
    if _trace is None or not _trace.get_current_span().get_span_context().is_valid:
        return None
    headers: dict[str, str] = {}
    _propagate.inject(headers)
    return headers


def active_ids() -> Mapping[str, str]:
    """The ids of the active span, for log lines; empty where there is none."""
    if _trace is None:
        return _NONE
    found = _trace.get_current_span().get_span_context()
    if not found.is_valid:
        return _NONE
    return {
        "trace_id": _trace.format_trace_id(found.trace_id),
        "span_id": _trace.format_span_id(found.span_id),
    }


def type_of(error: BaseException) -> str:
    """A reason that programs can tell errors by, else the error's own name."""
    return error.detail.code if isinstance(error, Rejection) else type(error).__name__
