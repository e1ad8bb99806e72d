"""Which trace goes on with what is sent."""

import unittest
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from samspel import trace_context
from samspel.call_context import current_call, outgoing_trace

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SPAN = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"


def open_telemetry(valid: bool) -> Any:
    """The two modules of OpenTelemetry that are asked, with an active span or none."""
    span = SimpleNamespace(get_span_context=lambda: SimpleNamespace(is_valid=valid))
    trace = SimpleNamespace(get_current_span=lambda: span)
    propagate = SimpleNamespace(inject=lambda headers: headers.update(traceparent=SPAN))
    return patch.multiple("samspel.spans", _trace=trace, _propagate=propagate)


class OutgoingTrace(unittest.TestCase):
    def test_a_trace_holds_for_its_body_alone(self) -> None:
        with trace_context({"traceparent": TRACEPARENT, "x": "y"}):
            self.assertEqual(outgoing_trace(), {"traceparent": TRACEPARENT})
        self.assertEqual(outgoing_trace(), {})
        self.assertIsNone(current_call())

    def test_where_open_telemetry_has_a_span_it_decides(self) -> None:
        with trace_context({"traceparent": TRACEPARENT}):
            with open_telemetry(valid=True):
                self.assertEqual(outgoing_trace(), {"traceparent": SPAN})
            with open_telemetry(valid=False):
                self.assertEqual(outgoing_trace(), {"traceparent": TRACEPARENT})
            with patch("samspel.spans._trace", None):  # it is not installed
                self.assertEqual(outgoing_trace(), {"traceparent": TRACEPARENT})
