"""The streams of tells and of their replies. Whoever comes first makes them, alike in every language."""

from __future__ import annotations

import json
from typing import Any

from nats.js import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from samspel.tell_address import REPLY_STREAM, TELL_PARTITIONS, tell_stream

_NANOSECONDS = 1_000_000_000
_STREAM_NAME_IN_USE = 10058


async def ensure_tell_stream(js: JetStreamContext, prefix: str, service: str) -> str:
    """Makes sure that the stream of a proto service's tells exists, and returns its name."""
    name = prefix + tell_stream(service)
    await _ensure(
        js,
        {
            "name": name,
            "subjects": [f"{prefix}tell.{service}.*", f"{prefix}later.{service}.*"],
            "metadata": {"samspel-partitions": str(TELL_PARTITIONS)},
            "duplicate_window": 120 * _NANOSECONDS,
            "allow_msg_schedules": True,
        },
    )
    return name


async def ensure_reply_stream(js: JetStreamContext, prefix: str) -> str:
    """Makes sure that the stream of replies exists, and returns its name."""
    name = prefix + REPLY_STREAM
    await _ensure(
        js,
        {
            "name": name,
            "subjects": [f"{prefix}reply.>"],
            "max_msgs_per_subject": 1,
            "max_age": 7 * 24 * 3600 * _NANOSECONDS,
            "allow_direct": True,
        },
    )
    return name


async def _ensure(js: JetStreamContext, own: dict[str, Any]) -> None:
    try:
        await js.stream_info(own["name"])
    except NotFoundError:
        config = {"storage": "file", "retention": "limits", "discard": "new", **own}
        # Not `add_stream`: it leaves out what the library does not know.
        reply = await js._nc.request(f"$JS.API.STREAM.CREATE.{own['name']}", json.dumps(config).encode(), 5)
        error = json.loads(reply.data).get("error")
        if error is not None and error.get("err_code") != _STREAM_NAME_IN_USE:
            raise APIError.from_error(error) from None
