from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor
KEY_FIELD_NUMBER: _ClassVar[int]
key: _descriptor.FieldDescriptor
TOPIC_FIELD_NUMBER: _ClassVar[int]
topic: _descriptor.FieldDescriptor
DEDUPLICATED_FIELD_NUMBER: _ClassVar[int]
deduplicated: _descriptor.FieldDescriptor
ALLOW_FIELD_NUMBER: _ClassVar[int]
allow: _descriptor.FieldDescriptor
PUBLIC_FIELD_NUMBER: _ClassVar[int]
public: _descriptor.FieldDescriptor
PUBLIC_SERVICE_FIELD_NUMBER: _ClassVar[int]
public_service: _descriptor.FieldDescriptor
ALLOW_SERVICE_FIELD_NUMBER: _ClassVar[int]
allow_service: _descriptor.FieldDescriptor

class AllowOptions(_message.Message):
    __slots__ = ("services", "anonymous", "users", "roles", "scopes")
    SERVICES_FIELD_NUMBER: _ClassVar[int]
    ANONYMOUS_FIELD_NUMBER: _ClassVar[int]
    USERS_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    services: _containers.RepeatedScalarFieldContainer[str]
    anonymous: bool
    users: bool
    roles: _containers.RepeatedScalarFieldContainer[str]
    scopes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, services: _Optional[_Iterable[str]] = ..., anonymous: bool = ..., users: bool = ..., roles: _Optional[_Iterable[str]] = ..., scopes: _Optional[_Iterable[str]] = ...) -> None: ...

class TopicOptions(_message.Message):
    __slots__ = ("name", "partitions", "live")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    LIVE_FIELD_NUMBER: _ClassVar[int]
    name: str
    partitions: int
    live: bool
    def __init__(self, name: _Optional[str] = ..., partitions: _Optional[int] = ..., live: bool = ...) -> None: ...
