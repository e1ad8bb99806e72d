from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Balancing(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BALANCING_UNSPECIFIED: _ClassVar[Balancing]
    BALANCING_LEAST_LOADED: _ClassVar[Balancing]
    BALANCING_ROUND_ROBIN: _ClassVar[Balancing]
    BALANCING_BY_KEY: _ClassVar[Balancing]
BALANCING_UNSPECIFIED: Balancing
BALANCING_LEAST_LOADED: Balancing
BALANCING_ROUND_ROBIN: Balancing
BALANCING_BY_KEY: Balancing
CALL_FIELD_NUMBER: _ClassVar[int]
call: _descriptor.FieldDescriptor
CALLS_FIELD_NUMBER: _ClassVar[int]
calls: _descriptor.FieldDescriptor
INSTANCES_FIELD_NUMBER: _ClassVar[int]
instances: _descriptor.FieldDescriptor

class CallPolicy(_message.Message):
    __slots__ = ("timeout_ms", "wait_for_ready", "retry", "hedge", "breaker", "bulkhead", "balancing", "server")
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    WAIT_FOR_READY_FIELD_NUMBER: _ClassVar[int]
    RETRY_FIELD_NUMBER: _ClassVar[int]
    HEDGE_FIELD_NUMBER: _ClassVar[int]
    BREAKER_FIELD_NUMBER: _ClassVar[int]
    BULKHEAD_FIELD_NUMBER: _ClassVar[int]
    BALANCING_FIELD_NUMBER: _ClassVar[int]
    SERVER_FIELD_NUMBER: _ClassVar[int]
    timeout_ms: int
    wait_for_ready: bool
    retry: RetryPolicy
    hedge: HedgePolicy
    breaker: BreakerPolicy
    bulkhead: BulkheadPolicy
    balancing: Balancing
    server: ServerPolicy
    def __init__(self, timeout_ms: _Optional[int] = ..., wait_for_ready: bool = ..., retry: _Optional[_Union[RetryPolicy, _Mapping]] = ..., hedge: _Optional[_Union[HedgePolicy, _Mapping]] = ..., breaker: _Optional[_Union[BreakerPolicy, _Mapping]] = ..., bulkhead: _Optional[_Union[BulkheadPolicy, _Mapping]] = ..., balancing: _Optional[_Union[Balancing, str]] = ..., server: _Optional[_Union[ServerPolicy, _Mapping]] = ...) -> None: ...

class RetryPolicy(_message.Message):
    __slots__ = ("max_attempts", "initial_backoff_ms", "max_backoff_ms", "attempt_timeout_ms")
    MAX_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    INITIAL_BACKOFF_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_BACKOFF_MS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    max_attempts: int
    initial_backoff_ms: int
    max_backoff_ms: int
    attempt_timeout_ms: int
    def __init__(self, max_attempts: _Optional[int] = ..., initial_backoff_ms: _Optional[int] = ..., max_backoff_ms: _Optional[int] = ..., attempt_timeout_ms: _Optional[int] = ...) -> None: ...

class HedgePolicy(_message.Message):
    __slots__ = ("enabled", "max_attempts", "delay_ms")
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    DELAY_MS_FIELD_NUMBER: _ClassVar[int]
    enabled: bool
    max_attempts: int
    delay_ms: int
    def __init__(self, enabled: bool = ..., max_attempts: _Optional[int] = ..., delay_ms: _Optional[int] = ...) -> None: ...

class BreakerPolicy(_message.Message):
    __slots__ = ("enabled", "failure_ratio", "min_calls", "window_ms", "open_ms", "max_open_ms")
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    FAILURE_RATIO_FIELD_NUMBER: _ClassVar[int]
    MIN_CALLS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_MS_FIELD_NUMBER: _ClassVar[int]
    OPEN_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_OPEN_MS_FIELD_NUMBER: _ClassVar[int]
    enabled: bool
    failure_ratio: float
    min_calls: int
    window_ms: int
    open_ms: int
    max_open_ms: int
    def __init__(self, enabled: bool = ..., failure_ratio: _Optional[float] = ..., min_calls: _Optional[int] = ..., window_ms: _Optional[int] = ..., open_ms: _Optional[int] = ..., max_open_ms: _Optional[int] = ...) -> None: ...

class BulkheadPolicy(_message.Message):
    __slots__ = ("max_in_flight", "max_waiting")
    MAX_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    MAX_WAITING_FIELD_NUMBER: _ClassVar[int]
    max_in_flight: int
    max_waiting: int
    def __init__(self, max_in_flight: _Optional[int] = ..., max_waiting: _Optional[int] = ...) -> None: ...

class ServerPolicy(_message.Message):
    __slots__ = ("max_in_flight", "max_request_bytes")
    MAX_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    MAX_REQUEST_BYTES_FIELD_NUMBER: _ClassVar[int]
    max_in_flight: int
    max_request_bytes: int
    def __init__(self, max_in_flight: _Optional[int] = ..., max_request_bytes: _Optional[int] = ...) -> None: ...

class InstancesPolicy(_message.Message):
    __slots__ = ("ejection", "subset_size", "prefer_zone")
    EJECTION_FIELD_NUMBER: _ClassVar[int]
    SUBSET_SIZE_FIELD_NUMBER: _ClassVar[int]
    PREFER_ZONE_FIELD_NUMBER: _ClassVar[int]
    ejection: EjectionPolicy
    subset_size: int
    prefer_zone: bool
    def __init__(self, ejection: _Optional[_Union[EjectionPolicy, _Mapping]] = ..., subset_size: _Optional[int] = ..., prefer_zone: bool = ...) -> None: ...

class EjectionPolicy(_message.Message):
    __slots__ = ("enabled", "consecutive_failures", "failure_ratio", "min_calls", "interval_ms", "base_ejection_ms", "max_ejection_ms", "max_ejected_ratio")
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    CONSECUTIVE_FAILURES_FIELD_NUMBER: _ClassVar[int]
    FAILURE_RATIO_FIELD_NUMBER: _ClassVar[int]
    MIN_CALLS_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_MS_FIELD_NUMBER: _ClassVar[int]
    BASE_EJECTION_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_EJECTION_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_EJECTED_RATIO_FIELD_NUMBER: _ClassVar[int]
    enabled: bool
    consecutive_failures: int
    failure_ratio: float
    min_calls: int
    interval_ms: int
    base_ejection_ms: int
    max_ejection_ms: int
    max_ejected_ratio: float
    def __init__(self, enabled: bool = ..., consecutive_failures: _Optional[int] = ..., failure_ratio: _Optional[float] = ..., min_calls: _Optional[int] = ..., interval_ms: _Optional[int] = ..., base_ejection_ms: _Optional[int] = ..., max_ejection_ms: _Optional[int] = ..., max_ejected_ratio: _Optional[float] = ...) -> None: ...
