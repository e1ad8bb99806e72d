"""A proto file of the tests' own: two topics, and a method that is none."""

from __future__ import annotations

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import Default
from google.protobuf.message_factory import GetMessageClass

from samspel.v1 import options_pb2, subscribe_pb2

_file = FileDescriptorProto(name="samspel_test.proto", package="samspel_test", syntax="proto3")
_file.dependency.extend(["samspel/v1/options.proto", "samspel/v1/subscribe.proto"])
_field = _file.message_type.add(name="Happened").field.add(name="name", number=1)
_field.type = FieldDescriptorProto.TYPE_STRING
_field.label = FieldDescriptorProto.LABEL_OPTIONAL
_field.options.Extensions[options_pb2.key] = True
_service = _file.service.add(name="Topics")
for _name in ("Plain", "Named", "None"):
    _method = _service.method.add(name=_name, output_type=".samspel_test.Happened", server_streaming=True)
    _method.input_type = f".{subscribe_pb2.SubscribeRequest.DESCRIPTOR.full_name}"
    if _name == "Plain":
        _method.options.Extensions[options_pb2.topic].SetInParent()
    if _name == "Named":
        _method.options.Extensions[options_pb2.topic].name = "other"
        _method.options.Extensions[options_pb2.topic].partitions = 1
Default().AddSerializedFile(_file.SerializeToString())

FILE = Default().FindFileByName(_file.name)
Happened = GetMessageClass(FILE.message_types_by_name["Happened"])
