"""Join a Samspel system from Python.

`run_service` runs a gRPC service: registered, healthy, reflecting, stopped with grace. `Service.subscribe`
consumes a topic, `Service.take_tells` what others tell it. `Rejection` refuses a request so that every language
can read why.
"""

from samspel.errors import ConfigurationError, Rejection, Unavailable
from samspel.message import Message
from samspel.partitions import partition_of, slice_of
from samspel.redact import redact_url
from samspel.service import Service, run_service
from samspel.settings import Settings
from samspel.teller import Receipt, Teller, TellFailed
from samspel.tells import command_id
from samspel.topics import Topic, topic

__all__ = [
    "ConfigurationError",
    "Message",
    "Receipt",
    "Rejection",
    "Service",
    "Settings",
    "TellFailed",
    "Teller",
    "Topic",
    "Unavailable",
    "command_id",
    "partition_of",
    "redact_url",
    "run_service",
    "slice_of",
    "topic",
]
