"""What goes with a call: metadata, the trace; and what every service serves beside its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha import reflection_pb2

from scenario.gen import scenario_pb2 as api
from scenario.world import SERVICE, World, failure, holds, same

REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"


async def metadata(world: World, _: Mapping[str, str]) -> None:
    call = world.client.Metadata(
        api.MetadataRequest(header="h", trailer="t"),
        metadata=(("x-scenario-text", "hello"), ("x-scenario-bin", b"\x00\x01\xff")),
    )
    entries = (await call).entries
    same("text", entries["x-scenario-text"], "hello")
    same("bytes", entries["x-scenario-bin"], "AAH/")
    same("header", (await call.initial_metadata()).get("x-scenario-header"), "h")
    same("trailer", (await call.trailing_metadata()).get("x-scenario-trailer"), "t")


async def trace_context(world: World, parameters: Mapping[str, str]) -> None:
    await world.client.Note(api.NoteRequest(key=parameters["key"], text="traced"))


async def health(world: World, _: Mapping[str, str]) -> None:
    client: Any = HealthStub(world.channel)
    for name in ("", SERVICE.full_name):
        answer = await client.Check(health_pb2.HealthCheckRequest(service=name))
        same(f"health of {name!r}", answer.status, health_pb2.HealthCheckResponse.SERVING)
    unknown = client.Check(health_pb2.HealthCheckRequest(service="no.such.Service"))
    await failure("health of another", grpc.StatusCode.NOT_FOUND, unknown)


async def reflection(world: World, _: Mapping[str, str]) -> None:
    async def requests() -> AsyncIterator[reflection_pb2.ServerReflectionRequest]:
        yield reflection_pb2.ServerReflectionRequest(list_services="")
        yield reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE.full_name)

    ask = world.channel.stream_stream(
        REFLECTION,
        reflection_pb2.ServerReflectionRequest.SerializeToString,
        reflection_pb2.ServerReflectionResponse.FromString,
    )
    names: list[str] = []
    files: list[str] = []
    async for answer in ask(requests()):
        names += [service.name for service in answer.list_services_response.service]
        files += [
            FileDescriptorProto.FromString(data).name
            for data in answer.file_descriptor_response.file_descriptor_proto
        ]
    holds(f"{names} has the service", SERVICE.full_name in names)
    holds(f"{files} has its file", SERVICE.file.name in files)
