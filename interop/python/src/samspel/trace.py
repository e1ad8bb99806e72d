"""W3C trace context as it is passed on (A3): what is malformed is dropped, not mended.

`interop/vectors/trace.json` holds all languages to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_TRACEPARENT = re.compile(
    r"(?!ff)([0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"
)


def trace_of(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The `traceparent`, `tracestate` and `baggage` of what came, by names in lower case."""
    passed: dict[str, str] = {}
    found = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    if found is not None and (found[1] != "00" or found[2] is None):
        passed["traceparent"] = headers["traceparent"]
        if headers.get("tracestate"):
            passed["tracestate"] = headers["tracestate"]
    if headers.get("baggage"):
        passed["baggage"] = headers["baggage"]
    return passed
