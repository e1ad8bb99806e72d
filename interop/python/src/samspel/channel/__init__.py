"""Calls to whoever serves a proto service: a `grpc.aio.Channel` over the instances that the registry knows."""

from samspel.channel.dial import Dialer, dial
from samspel.channel.registry_channel import RegistryChannel

__all__ = ["Dialer", "RegistryChannel", "dial"]
