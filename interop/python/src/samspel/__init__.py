"""Join a Samspel system from Python.

`run_service` runs a gRPC service: registered, healthy, reflecting, stopped with grace. `Service.subscribe`
consumes a topic. `Rejection` refuses a request so that every language can read why.
"""

from samspel.errors import ConfigurationError, Rejection, Unavailable
from samspel.message import Message
from samspel.partitions import partition_of, slice_of
from samspel.redact import redact_url
from samspel.service import Service, run_service
from samspel.settings import Settings
from samspel.topics import Topic, topic

__all__ = [
    "ConfigurationError",
    "Message",
    "Rejection",
    "Service",
    "Settings",
    "Topic",
    "Unavailable",
    "partition_of",
    "redact_url",
    "run_service",
    "slice_of",
    "topic",
]
