from samspel.v1 import options_pb2 as _options_pb2
from samspel.v1 import subscribe_pb2 as _subscribe_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class CartCheckedOut(_message.Message):
    __slots__ = ("cart_id", "items")
    class ItemsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    CART_ID_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    cart_id: str
    items: _containers.ScalarMap[str, int]
    def __init__(self, cart_id: _Optional[str] = ..., items: _Optional[_Mapping[str, int]] = ...) -> None: ...
