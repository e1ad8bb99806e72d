from google.protobuf import any_pb2 as _any_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TellReply(_message.Message):
    __slots__ = ("response", "failure", "too_large", "id", "method")
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    TOO_LARGE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    response: bytes
    failure: TellFailure
    too_large: int
    id: str
    method: str
    def __init__(self, response: _Optional[bytes] = ..., failure: _Optional[_Union[TellFailure, _Mapping]] = ..., too_large: _Optional[int] = ..., id: _Optional[str] = ..., method: _Optional[str] = ...) -> None: ...

class TellFailure(_message.Message):
    __slots__ = ("code", "message", "details", "rejected", "attempts")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    code: int
    message: str
    details: _containers.RepeatedCompositeFieldContainer[_any_pb2.Any]
    rejected: bool
    attempts: int
    def __init__(self, code: _Optional[int] = ..., message: _Optional[str] = ..., details: _Optional[_Iterable[_Union[_any_pb2.Any, _Mapping]]] = ..., rejected: bool = ..., attempts: _Optional[int] = ...) -> None: ...
