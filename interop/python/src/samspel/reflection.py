"""Server reflection, v1 and v1alpha: the same messages under two names, of which the package knows only the older."""

from __future__ import annotations

from collections.abc import Iterable

import grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2
from grpc_reflection.v1alpha.reflection import aio as reflection_aio

V1 = "grpc.reflection.v1.ServerReflection"
V1_ALPHA: str = reflection.SERVICE_NAME


def enable_reflection(names: Iterable[str], server: grpc.aio.Server) -> None:
    """Tells callers of `server` which proto services it serves, and their files."""
    served = (*names, V1, V1_ALPHA)
    reflection.enable_server_reflection(served, server)
    handler = grpc.stream_stream_rpc_method_handler(
        reflection_aio.ReflectionServicer(served).ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    methods = {"ServerReflectionInfo": handler}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(V1, methods),))
