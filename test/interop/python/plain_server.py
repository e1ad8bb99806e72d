"""Serves EchoService with grpcio alone: no registry, no library of ours.

Usage: plain_server.py <descriptor set> [--bare]. It listens on PORT. With --bare it has neither reflection nor health.
"""

import os
import signal
import sys
from concurrent import futures
from pathlib import Path

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

SERVICE = "samspel.test.v1.EchoService"


def echo_handler(pool: descriptor_pool.DescriptorPool) -> grpc.GenericRpcHandler:
    method = pool.FindServiceByName(SERVICE).FindMethodByName("Echo")
    request_class = message_factory.GetMessageClass(method.input_type)
    response_class = message_factory.GetMessageClass(method.output_type)
    handler = grpc.unary_unary_rpc_method_handler(
        lambda request, _context: response_class(text=request.text),
        request_deserializer=request_class.FromString,
        response_serializer=response_class.SerializeToString,
    )
    return grpc.method_handlers_generic_handler(SERVICE, {"Echo": handler})


def main(descriptor_set: str, bare: bool) -> None:
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(Path(descriptor_set).read_bytes()).file:
        pool.Add(file)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers((echo_handler(pool),))
    if not bare:
        checks = health.HealthServicer()
        checks.set("", health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(checks, server)
        reflection.enable_server_reflection((SERVICE, reflection.SERVICE_NAME), server, pool=pool)
    server.add_insecure_port(f"127.0.0.1:{os.environ['PORT']}")
    server.start()
    signal.signal(signal.SIGTERM, lambda *_: server.stop(10))
    server.wait_for_termination()


if __name__ == "__main__":
    main(sys.argv[1], "--bare" in sys.argv[2:])
