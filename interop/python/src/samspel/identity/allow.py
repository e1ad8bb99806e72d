"""`(samspel.v1.allow)` of a method: who may call it, beside what intentions say of the service as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Optional

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pool import Default

from samspel.v1 import options_pb2

_ANY = "*"


def allows(method: str, caller: str) -> bool:
    """Whether a service may call `package.Service/Method`: its file names it, or `*`, or nobody at all."""
    services = _allowed(method)
    return services is None or _ANY in services or caller in services


def rules_of(proto_services: Iterable[str]) -> list[str]:
    """The methods whose file says who may call them."""
    methods = (
        f"{name}/{method.name}"
        for name in proto_services
        for method in Default().FindServiceByName(name).methods
    )
    return [method for method in methods if _allowed(method) is not None]


@cache
def _allowed(method: str) -> Optional[frozenset[str]]:
    service, _, name = method.partition("/")
    try:
        declared: MethodDescriptor = Default().FindServiceByName(service).methods_by_name[name]
    except KeyError:
        return None  # served without generated code: its file is not known
    extension: Any = options_pb2.allow
    options: Any = declared.GetOptions()
    return frozenset(options.Extensions[extension].services) if options.HasExtension(extension) else None
