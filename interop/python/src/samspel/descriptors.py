"""What a service serves, written down where everybody can read it (R3): in the registry's KV, by its hash.

So tools need no proto files. A registry that does not take it does not stop the start.
"""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Iterable
from hashlib import sha256
from typing import Optional

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import Default, DescriptorPool

from samspel.consul import Consul, ConsulError
from samspel.errors import ConfigurationError

log = logging.getLogger(__name__)

_CHUNK_BYTES = 512 * 1024


class Descriptors:
    """The files that some proto services need."""

    def __init__(self, proto_services: Iterable[str], pool: Optional[DescriptorPool] = None) -> None:
        """
        :param pool: where the generated code has put them. Default: the one of all generated code
        :raises ConfigurationError: where the generated code of a proto service was not imported
        """
        files: dict[str, FileDescriptor] = {}
        for name in proto_services:
            try:
                _add(files, (pool or Default()).FindServiceByName(name).file)
            except KeyError as error:
                raise ConfigurationError(
                    f"Cannot serve {name}: no generated code that was imported has it; "
                    "import its module, or mend the name"
                ) from error
        own = FileDescriptorSet()
        for file in files.values():
            file.CopyToProto(own.file.add())
        self._data = own.SerializeToString(deterministic=True)
        #: Lower-case hex of the set's SHA-256.
        self.sha256 = sha256(self._data).hexdigest()
        self._warned = False

    @property
    def key(self) -> str:
        return f"samspel/descriptors/{self.sha256}"

    async def publish(self, consul: Consul) -> None:
        """Writes them, unless they are there already."""
        packed = gzip.compress(self._data, mtime=0)
        try:
            chunks = pieces(packed)
            if len(chunks) > 1:
                for number, chunk in enumerate(chunks):
                    await self._put(consul, f"{self.key}/{number}", chunk)
                packed = json.dumps({"chunks": len(chunks)}).encode()
            await self._put(consul, self.key, packed)
        except ConsulError as error:
            if error.status is None:
                raise  # it is away, and will be asked again
            if not self._warned:
                self._warned = True
                log.warning("descriptors not published", extra={"key": self.key, "reason": str(error)})

    async def _put(self, consul: Consul, key: str, value: bytes) -> None:
        await consul.put(f"/v1/kv/{key}", value, {"cas": "0"})  # "false" says that it is there


def pieces(packed: bytes) -> list[bytes]:
    """What is too large for one value of the registry, in pieces that are not."""
    return [packed[at : at + _CHUNK_BYTES] for at in range(0, len(packed), _CHUNK_BYTES)]


def _add(files: dict[str, FileDescriptor], file: FileDescriptor) -> None:
    """Adds a file after its imports."""
    if file.name in files:
        return
    for imported in file.dependencies:
        _add(files, imported)
    files[file.name] = file
