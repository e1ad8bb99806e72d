"""Where channels come from: a service's dialer, or `dial` for a program that uses nothing else of the library."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Optional

import grpc

from samspel.channel.connector import Connector, PlaintextConnector
from samspel.channel.interceptors import DEFAULT_SECONDS
from samspel.channel.pool import Pool
from samspel.channel.registry_channel import RegistryChannel
from samspel.consul import Consul
from samspel.discovery import Registry, parse_target
from samspel.settings import Settings


class Dialer:
    """Opens channels that share a registry and an identity."""

    def __init__(
        self, consul_url: str, consul_token: Optional[str] = None, connector: Optional[Connector] = None
    ) -> None:
        self._token = consul_token
        self._connector = connector or PlaintextConnector()
        self._registry = Registry(Consul(consul_url, consul_token))
        self._others: dict[str, Registry] = {}

    def dial(
        self,
        target: str,
        *,
        interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
        default_timeout: Optional[float] = DEFAULT_SECONDS,
        options: Sequence[tuple[str, Any]] = (),
    ) -> RegistryChannel:
        """A channel to a target; see `samspel.dial`. Close it before the dialer."""
        return self._channel(target, interceptors, default_timeout, options, owned=False)

    async def close(self) -> None:
        await self._registry.close()
        for registry in self._others.values():
            await registry.close()

    def _channel(
        self,
        target: str,
        interceptors: Sequence[grpc.aio.ClientInterceptor],
        default_timeout: Optional[float],
        options: Sequence[tuple[str, Any]],
        *,
        owned: bool,
    ) -> RegistryChannel:
        wanted = parse_target(target)
        return RegistryChannel(
            lambda: Pool(self._registry_at(wanted.registry), wanted, self._connector, options),
            interceptors=interceptors,
            default_seconds=default_timeout,
            on_close=self.close if owned else None,
        )

    def _registry_at(self, place: Optional[str]) -> Registry:
        if place is None:
            return self._registry
        if place not in self._others:
            self._others[place] = Registry(Consul(f"http://{place}", self._token))
        return self._others[place]


def dial(
    target: str,
    *,
    registry: Optional[str] = None,
    token: Optional[str] = None,
    interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
    default_timeout: Optional[float] = DEFAULT_SECONDS,
    options: Sequence[tuple[str, Any]] = (),
) -> RegistryChannel:
    """A channel to whoever serves a proto service; use it with `async with`, or close it.

    Calls go to the least busy of its live instances, and follow the registry. See `samspel.channel.attempts` for what
    is retried.

    :param target: `consul:///orders.v1.OrderService`, with `?version=2&tag=canary&dc=dc2` for some of its instances,
        or `consul://host:port/…` for another registry
    :param registry: Consul's URL. Default: `CONSUL_HTTP_ADDR`, else http://127.0.0.1:8500
    :param token: its ACL token. Default: `CONSUL_HTTP_TOKEN`
    :param default_timeout: seconds, for calls with one answer that set no `timeout`; None for no deadline
    :param options: of the gRPC channels to instances
    :raises ValueError: where the target is none
    :raises ConfigurationError: where a variable is wrong
    """
    settings = Settings("this client", os.environ)
    dialer = Dialer(registry or settings.consul_url, token or settings.consul_token)
    return dialer._channel(target, interceptors, default_timeout, options, owned=True)
