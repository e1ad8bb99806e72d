from samspel.v1 import options_pb2 as _options_pb2
from samspel.v1 import subscribe_pb2 as _subscribe_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WaitEnd(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WAIT_END_UNSPECIFIED: _ClassVar[WaitEnd]
    WAIT_END_WAITING: _ClassVar[WaitEnd]
    WAIT_END_FINISHED: _ClassVar[WaitEnd]
    WAIT_END_CANCELLED: _ClassVar[WaitEnd]
WAIT_END_UNSPECIFIED: WaitEnd
WAIT_END_WAITING: WaitEnd
WAIT_END_FINISHED: WaitEnd
WAIT_END_CANCELLED: WaitEnd

class EchoRequest(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class EchoResponse(_message.Message):
    __slots__ = ("text", "served_by")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SERVED_BY_FIELD_NUMBER: _ClassVar[int]
    text: str
    served_by: str
    def __init__(self, text: _Optional[str] = ..., served_by: _Optional[str] = ...) -> None: ...

class CountRequest(_message.Message):
    __slots__ = ("to", "pause_ms")
    TO_FIELD_NUMBER: _ClassVar[int]
    PAUSE_MS_FIELD_NUMBER: _ClassVar[int]
    to: int
    pause_ms: int
    def __init__(self, to: _Optional[int] = ..., pause_ms: _Optional[int] = ...) -> None: ...

class CountResponse(_message.Message):
    __slots__ = ("number",)
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    number: int
    def __init__(self, number: _Optional[int] = ...) -> None: ...

class SumRequest(_message.Message):
    __slots__ = ("number",)
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    number: int
    def __init__(self, number: _Optional[int] = ...) -> None: ...

class SumResponse(_message.Message):
    __slots__ = ("sum", "count")
    SUM_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    sum: int
    count: int
    def __init__(self, sum: _Optional[int] = ..., count: _Optional[int] = ...) -> None: ...

class ChatRequest(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class ChatResponse(_message.Message):
    __slots__ = ("text",)
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: str
    def __init__(self, text: _Optional[str] = ...) -> None: ...

class FailRequest(_message.Message):
    __slots__ = ("crash", "code", "message", "reason", "retryable", "metadata")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CRASH_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    crash: bool
    code: int
    message: str
    reason: str
    retryable: bool
    metadata: _containers.ScalarMap[str, str]
    def __init__(self, crash: bool = ..., code: _Optional[int] = ..., message: _Optional[str] = ..., reason: _Optional[str] = ..., retryable: bool = ..., metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...

class FailResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WaitRequest(_message.Message):
    __slots__ = ("id", "ms")
    ID_FIELD_NUMBER: _ClassVar[int]
    MS_FIELD_NUMBER: _ClassVar[int]
    id: str
    ms: int
    def __init__(self, id: _Optional[str] = ..., ms: _Optional[int] = ...) -> None: ...

class WaitResponse(_message.Message):
    __slots__ = ("deadline_left_ms",)
    DEADLINE_LEFT_MS_FIELD_NUMBER: _ClassVar[int]
    deadline_left_ms: int
    def __init__(self, deadline_left_ms: _Optional[int] = ...) -> None: ...

class WaitedRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class WaitedResponse(_message.Message):
    __slots__ = ("end",)
    END_FIELD_NUMBER: _ClassVar[int]
    end: WaitEnd
    def __init__(self, end: _Optional[_Union[WaitEnd, str]] = ...) -> None: ...

class MetadataRequest(_message.Message):
    __slots__ = ("header", "trailer")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    TRAILER_FIELD_NUMBER: _ClassVar[int]
    header: str
    trailer: str
    def __init__(self, header: _Optional[str] = ..., trailer: _Optional[str] = ...) -> None: ...

class MetadataResponse(_message.Message):
    __slots__ = ("entries",)
    class EntriesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.ScalarMap[str, str]
    def __init__(self, entries: _Optional[_Mapping[str, str]] = ...) -> None: ...

class NoteRequest(_message.Message):
    __slots__ = ("key", "text")
    KEY_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    key: str
    text: str
    def __init__(self, key: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class NoteResponse(_message.Message):
    __slots__ = ("count",)
    COUNT_FIELD_NUMBER: _ClassVar[int]
    count: int
    def __init__(self, count: _Optional[int] = ...) -> None: ...

class NotesRequest(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: str
    def __init__(self, key: _Optional[str] = ...) -> None: ...

class NotesResponse(_message.Message):
    __slots__ = ("notes",)
    NOTES_FIELD_NUMBER: _ClassVar[int]
    notes: _containers.RepeatedCompositeFieldContainer[NoteTaken]
    def __init__(self, notes: _Optional[_Iterable[_Union[NoteTaken, _Mapping]]] = ...) -> None: ...

class NoteTaken(_message.Message):
    __slots__ = ("text", "command_id", "tenant", "traceparent")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    text: str
    command_id: str
    tenant: str
    traceparent: str
    def __init__(self, text: _Optional[str] = ..., command_id: _Optional[str] = ..., tenant: _Optional[str] = ..., traceparent: _Optional[str] = ...) -> None: ...

class HappenedEvent(_message.Message):
    __slots__ = ("key", "number", "poison")
    KEY_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    POISON_FIELD_NUMBER: _ClassVar[int]
    key: str
    number: int
    poison: bool
    def __init__(self, key: _Optional[str] = ..., number: _Optional[int] = ..., poison: bool = ...) -> None: ...

class ConsumedRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ConsumedResponse(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ConsumedEvent]
    def __init__(self, events: _Optional[_Iterable[_Union[ConsumedEvent, _Mapping]]] = ...) -> None: ...

class ConsumedEvent(_message.Message):
    __slots__ = ("id", "event", "tenant", "traceparent", "source")
    ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    id: str
    event: HappenedEvent
    tenant: str
    traceparent: str
    source: str
    def __init__(self, id: _Optional[str] = ..., event: _Optional[_Union[HappenedEvent, _Mapping]] = ..., tenant: _Optional[str] = ..., traceparent: _Optional[str] = ..., source: _Optional[str] = ...) -> None: ...

class CallerRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CallerResponse(_message.Message):
    __slots__ = ("spiffe_id", "service")
    SPIFFE_ID_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    spiffe_id: str
    service: str
    def __init__(self, spiffe_id: _Optional[str] = ..., service: _Optional[str] = ...) -> None: ...

class RunRequest(_message.Message):
    __slots__ = ("scenario", "parameters")
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SCENARIO_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    scenario: str
    parameters: _containers.ScalarMap[str, str]
    def __init__(self, scenario: _Optional[str] = ..., parameters: _Optional[_Mapping[str, str]] = ...) -> None: ...

class RunResponse(_message.Message):
    __slots__ = ("passed", "message")
    PASSED_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    passed: bool
    message: str
    def __init__(self, passed: bool = ..., message: _Optional[str] = ...) -> None: ...
