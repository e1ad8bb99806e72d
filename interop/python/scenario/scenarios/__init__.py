"""The scenarios by their names in `interop/README.md`. Each raises where something does not hold."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Callable

from scenario.scenarios import around, calls, ends, instances, messages
from scenario.world import World

SCENARIOS: Mapping[str, Callable[[World, Mapping[str, str]], Awaitable[None]]] = {
    "unary": calls.unary,
    "server-stream": calls.server_stream,
    "client-stream": calls.client_stream,
    "bidi-stream": calls.bidi_stream,
    "deadline": ends.deadline,
    "cancellation": ends.cancellation,
    "error-detail": ends.error_details,
    "unknown-error": ends.unknown_error,
    "metadata": around.metadata,
    "trace-context": around.trace_context,
    "health": around.health,
    "reflection": around.reflection,
    "discovery": instances.discovery,
    "topic": messages.topic,
    "tell": messages.tell,
    "tell-rejected": messages.tell_rejected,
    "re-registration": instances.re_registration,
    "drain": instances.drain,
    "mtls": instances.mtls,
}
