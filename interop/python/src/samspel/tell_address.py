"""Where tells and their replies lie in JetStream: the same in every language (docs/concepts/tells.md).

`interop/vectors/tells.json` holds all languages to it.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256

from samspel.headers import encode_value
from samspel.partitions import partition_of

#: How many partitions the tells of a proto service have; fixed for ever.
TELL_PARTITIONS = 16
#: The consumer group that handles tells.
TELL_GROUP = "handler"
REPLY_STREAM = "tell_replies"

_TOKEN_CHARACTERS = 32


def tell_stream(service: str) -> str:
    """The stream of a proto service's tells, without the topic prefix."""
    return "tell_" + service.replace(".", "_")


def tell_subject(service: str, key: str) -> str:
    """The subject of a key's tells, without the topic prefix."""
    return f"tell.{service}.{partition_of(key, TELL_PARTITIONS)}"


def tell_token(service: str, method: str, key: str, tell_id: str) -> str:
    """What stands for a tell in subjects: an id counts for one method and one key."""
    digest = sha256("\n".join((service, method, key, tell_id)).encode()).digest()
    return urlsafe_b64encode(digest).decode()[:_TOKEN_CHARACTERS]


def message_id(method: str, key: str, tell_id: str) -> str:
    """What JetStream knows a tell by."""
    return f"{method}/{encode_value(key).replace('/', '%2F')}/{encode_value(tell_id)}"


def reply_subject(service: str, token: str) -> str:
    """Where it is kept what came of a tell, without the topic prefix."""
    return f"reply.{service}.{token}"
