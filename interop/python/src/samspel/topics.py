"""A durable topic as the wire knows it: a JetStream stream with one subject for each partition.

Whoever comes first, publisher or subscriber, creates the stream, with the same configuration in every language.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.message import Message as ProtoMessage
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError, NotFoundError

from samspel.errors import ConfigurationError
from samspel.v1 import options_pb2

M = TypeVar("M", bound=ProtoMessage)

_DEFAULT_PARTITIONS = 16
_DUPLICATE_WINDOW_SECONDS = 120.0
_PARTITIONS_KEY = "samspel-partitions"
_STREAM_NAME_IN_USE = 10058


@dataclass(frozen=True)
class Topic(Generic[M]):
    """A topic of messages of one type."""

    name: str
    partitions: int
    message: type[M]
    #: The field of the message that orders it.
    key_field: str

    def key_of(self, body: M) -> str:
        """The ordering key of a message."""
        key: str = getattr(body, self.key_field)
        return key

    def stream(self, prefix: str) -> str:
        """The name of the stream that keeps it."""
        return prefix + self.name.replace(".", "_")

    def subject(self, prefix: str, partition: object) -> str:
        """The subject of one partition; of all of them where `partition` is `*`."""
        return f"{prefix}topic.{self.name}.{partition}"


def topic(file: FileDescriptor, method: str, message: type[M]) -> Topic[M]:
    """The topic that a proto file declares.

    :param file: the generated module's DESCRIPTOR
    :param method: service and method, such as `CartTopics.CheckedOut`
    :param message: the generated class of what the method returns
    """
    service, _, name = method.partition(".")
    declared = file.services_by_name[service].methods_by_name[name]
    if declared.output_type is not message.DESCRIPTOR:
        raise TypeError(
            f"Cannot read {declared.full_name} as {message.DESCRIPTOR.full_name}: "
            f"it returns {declared.output_type.full_name}"
        )
    extension: Any = options_pb2.topic
    if not declared.GetOptions().HasExtension(extension):
        raise TypeError(f"Cannot subscribe to {declared.full_name}: it has no option (samspel.v1.topic)")
    options: options_pb2.TopicOptions = declared.GetOptions().Extensions[extension]
    key: Any = options_pb2.key
    keys = [field.name for field in message.DESCRIPTOR.fields if field.GetOptions().Extensions[key]]
    if len(keys) != 1:
        raise TypeError(f"{message.DESCRIPTOR.full_name} must have one field with option (samspel.v1.key)")
    return Topic(
        options.name or declared.full_name, options.partitions or _DEFAULT_PARTITIONS, message, keys[0]
    )


async def ensure_topic_stream(js: JetStreamContext, prefix: str, topic: Topic[M]) -> str:
    """Creates the topic's stream if there is none, and returns its name.

    :raises ConfigurationError: where the stream has another number of partitions; it is fixed for its life
    """
    stream = topic.stream(prefix)
    partitions = str(topic.partitions)
    found = await ensure_stream(js, stream, topic.subject(prefix, "*"), {_PARTITIONS_KEY: partitions})
    actual = found.get(_PARTITIONS_KEY, "an unknown number")
    if actual != partitions:
        raise ConfigurationError(
            f"Cannot subscribe to {topic.name} as its partitions must be {partitions}: stream {stream} has {actual}"
        )
    return stream


async def ensure_stream(
    js: JetStreamContext, name: str, subject: str, metadata: dict[str, str]
) -> dict[str, str]:
    """Creates a durable stream if there is none of that name, and returns the metadata of the one there is."""
    try:
        info = await js.stream_info(name)
    except NotFoundError:
        config = StreamConfig(
            name=name,
            subjects=[subject],
            storage=StorageType.FILE,
            retention=RetentionPolicy.LIMITS,
            discard=DiscardPolicy.OLD,
            duplicate_window=_DUPLICATE_WINDOW_SECONDS,
            metadata=metadata,
        )
        try:
            info = await js.add_stream(config)
        except BadRequestError as error:
            if error.err_code != _STREAM_NAME_IN_USE:
                raise
            info = await js.stream_info(name)  # another was faster
    return info.config.metadata or {}
