"""Who serves a proto service, by the registry."""

from samspel.discovery.endpoint import Endpoint
from samspel.discovery.registry import Registry
from samspel.discovery.target import Target, parse_target
from samspel.discovery.watch import Watch

__all__ = ["Endpoint", "Registry", "Target", "Watch", "parse_target"]
