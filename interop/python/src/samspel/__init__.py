"""Join a Samspel system from Python.

`run_service` runs a gRPC service: registered, healthy, reflecting, stopped with grace. In it, `Service.channel` calls
others, `Service.subscribe` consumes a topic and `Service.publisher` publishes to one, `Service.take_tells` takes what
others tell it and `Service.teller` tells them. `dial` calls services from any other program.
"""

from samspel.call_context import current_call, trace_context
from samspel.caller import Caller
from samspel.channel import RegistryChannel, dial
from samspel.channel.interceptors import call_interceptors
from samspel.command import command_id
from samspel.error_detail import error_detail
from samspel.errors import ConfigurationError, Rejection, Unavailable
from samspel.inbox import Inbox
from samspel.message import Message
from samspel.partitions import partition_of, slice_of
from samspel.publisher import Publisher
from samspel.redact import redact_url
from samspel.service import Service, run_service
from samspel.settings import Settings
from samspel.teller import Receipt, Teller, TellFailed
from samspel.topics import Topic, topic

__all__ = [
    "Caller",
    "ConfigurationError",
    "Inbox",
    "Message",
    "Publisher",
    "Receipt",
    "RegistryChannel",
    "Rejection",
    "Service",
    "Settings",
    "TellFailed",
    "Teller",
    "Topic",
    "Unavailable",
    "call_interceptors",
    "command_id",
    "current_call",
    "dial",
    "error_detail",
    "partition_of",
    "redact_url",
    "run_service",
    "slice_of",
    "topic",
    "trace_context",
]
