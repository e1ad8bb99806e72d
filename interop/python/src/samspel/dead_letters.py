"""Where messages go that a subscription gave up on: whole, with what went wrong (T2)."""

from __future__ import annotations

from nats.aio.msg import Msg
from nats.js import JetStreamContext

from samspel.headers import encode_value
from samspel.topics import ensure_stream

_ERROR_CHARACTERS = 1024


async def park(
    js: JetStreamContext, prefix: str, group: str, topic_name: str, raw: Msg, error: Exception
) -> None:
    """Stores a dead letter; the same one a second time is dropped by its id.

    Returns only after the broker has it, so that the message may be given up.
    """
    place = raw.metadata
    # What begins so are orders to the server about the first publishing.
    headers = {
        name: value for name, value in (raw.headers or {}).items() if not name.lower().startswith("nats-")
    }
    headers.update(
        {
            "Nats-Msg-Id": f"{group}/{place.stream}/{place.sequence.stream}",
            "Samspel-Error": _readable(f"{type(error).__name__}: {error}"[:_ERROR_CHARACTERS]),
            "Samspel-Attempts": str(place.num_delivered),
            "Samspel-Group": group,
            "Samspel-Stream": place.stream,
            "Samspel-Sequence": str(place.sequence.stream),
            "Samspel-Subject": raw.subject,
        }
    )
    stream = f"{prefix}dead_letters"
    await ensure_stream(js, stream, f"{prefix}dead.>", {})
    await js.publish(f"{prefix}dead.{group}.{topic_name}", raw.data, stream=stream, headers=headers)


def _readable(text: str) -> str:
    """One line of printable ASCII with its spaces, as an error is for people to read."""
    return " ".join(encode_value(word) for word in text.split())
