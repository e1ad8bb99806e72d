from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor
KEY_FIELD_NUMBER: _ClassVar[int]
key: _descriptor.FieldDescriptor
TOPIC_FIELD_NUMBER: _ClassVar[int]
topic: _descriptor.FieldDescriptor
DEDUPLICATED_FIELD_NUMBER: _ClassVar[int]
deduplicated: _descriptor.FieldDescriptor

class TopicOptions(_message.Message):
    __slots__ = ("name", "partitions", "live")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    LIVE_FIELD_NUMBER: _ClassVar[int]
    name: str
    partitions: int
    live: bool
    def __init__(self, name: _Optional[str] = ..., partitions: _Optional[int] = ..., live: bool = ...) -> None: ...
