"""Structured logs: one JSON object a line, on standard output, with `level`, `time`, `service` and `msg`.

Plain `logging` calls feed it. Fields go into `extra`: `log.info("order booked", extra={"cart": cart_id})`.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from datetime import datetime, timezone
from typing import Any, TextIO

from samspel.spans import active_ids

LEVELS = {
    "trace": 5,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    "fatal": logging.CRITICAL,
    "silent": logging.CRITICAL + 10,
}
_NAMES = {number: name for name, number in LEVELS.items()}
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Makes one line of a record, with the ids of the active span.

    An exception stands in `err` as `type`, `message` and `stack`.
    """

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, timezone.utc)
        line: dict[str, Any] = {
            "level": _NAMES.get(record.levelno, "info"),
            "time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "service": self._service,
            "msg": record.getMessage(),
        }
        line.update(active_ids())
        line.update((name, value) for name, value in vars(record).items() if name not in _STANDARD)
        if record.exc_info and record.exc_info[0] is not None:
            kind, error, _ = record.exc_info
            stack = "".join(traceback.format_exception(*record.exc_info))
            line["err"] = {"type": kind.__name__, "message": str(error), "stack": stack}
        return json.dumps(line, default=str, ensure_ascii=False)


def configure_logging(service: str, level: str = "info", stream: TextIO = sys.stdout) -> None:
    """Sends what the process logs to `stream` as JSON lines. Libraries are heard from `warn` on."""
    # gRPC's core writes lines of its own to standard error, also about what is no trouble.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter(service))
    logging.basicConfig(handlers=[handler], level=LEVELS[level], force=True)
    for noisy in ("nats", "grpc", "asyncio", "psycopg", "psycopg.pool", "urllib3"):
        logging.getLogger(noisy).setLevel(max(LEVELS[level], logging.WARNING))
