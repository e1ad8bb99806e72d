"""Exports spans by OTLP where the environment says so, by OpenTelemetry's own packages: `samspel[otel]`.

1. Without `OTEL_EXPORTER_OTLP_ENDPOINT`, without the packages, and where the process has a provider, nothing is done.
2. A collector that is away costs one line in the log, and spans; never a call, and no more than 2 s of a stop.
"""

from __future__ import annotations

import logging
import threading
from typing import Any, Callable, Optional

from samspel.settings import Settings
from samspel.spans import is_traced

log = logging.getLogger(__name__)

_FLUSH_SECONDS = 2.0
_PROTOCOL = "http/protobuf"


def start_export(settings: Settings, version: str) -> Optional[Callable[[], None]]:
    """Starts exporting, if that is wanted (1); returns how to end it, which sends what is left (2)."""
    endpoint = settings.traces_endpoint
    if endpoint is None or is_traced():
        return None
    if settings.traces_protocol != _PROTOCOL:
        reason = f"OTEL_EXPORTER_OTLP_PROTOCOL must be {_PROTOCOL}"
        log.warning("no spans are exported", extra={"reason": reason})
        return None
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as missing:
        log.debug("no spans are exported: install samspel[otel]", extra={"reason": str(missing)})
        return None
    resource = Resource.create({"service.name": settings.traces_service, "service.version": version})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter: Any = _Quiet(OTLPSpanExporter())
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    # It tells each failure; `_Quiet` tells the first.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)

    def end() -> None:
        sender = threading.Thread(target=provider.shutdown, daemon=True)
        sender.start()
        sender.join(_FLUSH_SECONDS)

    return end


class _Quiet:
    """An exporter that says once when it does not get through, and once when it does again."""

    def __init__(self, exporter: Any) -> None:
        self._exporter = exporter
        self._away = False

    def export(self, spans: Any) -> Any:
        result = self._exporter.export(spans)
        away = result.name != "SUCCESS"
        if away and not self._away:
            log.warning("spans are not taken by the collector: they are dropped")
        elif self._away and not away:
            log.info("spans are taken by the collector again")
        self._away = away
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        flushed: bool = self._exporter.force_flush(timeout_millis)
        return flushed
