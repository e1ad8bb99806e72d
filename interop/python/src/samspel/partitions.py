"""Where a key belongs. Every language computes the same: interop/vectors/partitions.json holds them to it."""

from __future__ import annotations

from zlib import crc32

SLICES = 1024


def partition_of(key: str, partitions: int) -> int:
    """The topic partition of an ordering key."""
    return crc32(key.encode()) % partitions


def slice_of(entity_id: str) -> int:
    """The slice of an entity: one of 1024."""
    return crc32(entity_id.encode()) & (SLICES - 1)
