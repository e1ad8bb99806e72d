"""What a service is told by its environment; the variables are the same in every language.

A setting is checked when it is read, and a bad one is one clear error (A1). Only this module reads the
environment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn, Optional
from urllib.parse import urlsplit

from samspel.errors import ConfigurationError
from samspel.logs import LEVELS
from samspel.redact import redact_url


class Settings:
    """The settings of one service."""

    def __init__(self, service: str, environment: Mapping[str, str]) -> None:
        self.service = service
        self._environment = environment

    @property
    def host(self) -> str:
        """`SAMSPEL_HOST`: the address to listen on. Default 127.0.0.1."""
        return self._read("SAMSPEL_HOST") or "127.0.0.1"

    @property
    def port(self) -> int:
        """`SAMSPEL_PORT`: the port to listen on. Default 0: one that the operating system chooses."""
        value = self._read("SAMSPEL_PORT") or "0"
        if not re.fullmatch(r"[0-9]{1,5}", value) or int(value) > 65535:
            self._refuse("SAMSPEL_PORT", "a port number from 0 to 65535", value)
        return int(value)

    @property
    def database_url(self) -> str:
        """`DATABASE_URL`: the system's Postgres. Required where it is read."""
        return self._url("DATABASE_URL", ("postgres", "postgresql"))

    @property
    def schema(self) -> str:
        """`SAMSPEL_SCHEMA`: the service's schema in that database. Default: the service's name."""
        value = self._read("SAMSPEL_SCHEMA") or self.service.replace("-", "_")
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", value):
            self._refuse("SAMSPEL_SCHEMA", "a name of lower case letters, digits and _", value)
        return value

    @property
    def nats_url(self) -> str:
        """`NATS_URL`: a nats-server with JetStream. Required where it is read."""
        return self._url("NATS_URL", ("nats", "tls"))

    @property
    def consul_url(self) -> str:
        """`CONSUL_HTTP_ADDR`: the registry. Default http://127.0.0.1:8500."""
        if self._read("CONSUL_HTTP_ADDR") is None:
            return "http://127.0.0.1:8500"
        return self._url("CONSUL_HTTP_ADDR", ("http", "https"))

    @property
    def consul_token(self) -> Optional[str]:
        """`CONSUL_HTTP_TOKEN`: the ACL token, where the registry wants one."""
        return self._read("CONSUL_HTTP_TOKEN")

    @property
    def topic_prefix(self) -> str:
        """`SAMSPEL_TOPIC_PREFIX`: stands before all streams and subjects. Default: nothing."""
        value = self._read("SAMSPEL_TOPIC_PREFIX") or ""
        if not re.fullmatch(r"[A-Za-z0-9-]*", value):
            self._refuse("SAMSPEL_TOPIC_PREFIX", "letters, digits and -", value)
        return value

    @property
    def version(self) -> Optional[str]:
        """`SAMSPEL_VERSION`: the version that the registry shows. Default: what the program says."""
        return self._short("SAMSPEL_VERSION")

    @property
    def zone(self) -> str:
        """`SAMSPEL_ZONE`: where it runs, for the registry. Default: nothing."""
        return self._short("SAMSPEL_ZONE") or ""

    @property
    def identity(self) -> str:
        """`SAMSPEL_IDENTITY`: `consul` for mutual TLS by Consul's certificates, or `none`, the default."""
        value = self._read("SAMSPEL_IDENTITY") or "none"
        if value not in ("none", "consul"):
            self._refuse("SAMSPEL_IDENTITY", "none or consul", value)
        return value

    @property
    def log_level(self) -> str:
        """`LOG_LEVEL`: trace, debug, info, warn, error, fatal or silent. Default info."""
        value = self._read("LOG_LEVEL") or "info"
        if value not in LEVELS:
            self._refuse("LOG_LEVEL", f"one of {', '.join(LEVELS)}", value)
        return value

    @property
    def traces_endpoint(self) -> Optional[str]:
        """`OTEL_EXPORTER_OTLP_ENDPOINT`: where spans go. Default: nowhere.

        `OTEL_SDK_DISABLED` and `OTEL_TRACES_EXPORTER` may forbid it; what else OpenTelemetry reads holds as well.
        """
        disabled = (self._read("OTEL_SDK_DISABLED") or "").lower() == "true"
        if disabled or self._read("OTEL_TRACES_EXPORTER") == "none":
            return None
        return self._read("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or self._read("OTEL_EXPORTER_OTLP_ENDPOINT")

    @property
    def traces_protocol(self) -> str:
        """`OTEL_EXPORTER_OTLP_PROTOCOL`: how they are sent. Default http/protobuf."""
        own = self._read("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
        return own or self._read("OTEL_EXPORTER_OTLP_PROTOCOL") or "http/protobuf"

    @property
    def traces_service(self) -> str:
        """`OTEL_SERVICE_NAME`: the name in the spans. Default: the service's name."""
        return self._read("OTEL_SERVICE_NAME") or self.service

    def check(self) -> None:
        """Reads what every service needs, so that a bad setting stops the start and nothing later."""
        _ = (self.host, self.port, self.consul_url, self.consul_token, self.topic_prefix, self.log_level)
        _ = (self.version, self.zone, self.identity)

    def _read(self, name: str) -> Optional[str]:
        return self._environment.get(name) or None

    def _short(self, name: str) -> Optional[str]:
        value = self._read(name)
        if value is not None and len(value) > 512:
            self._refuse(name, "at most 512 characters", f"{len(value)} characters")
        return value

    def _url(self, name: str, schemes: tuple[str, ...]) -> str:
        wanted = f"a {schemes[0]}:// URL"
        value = self._read(name)
        if value is None:
            raise ConfigurationError(f"Cannot start {self.service} as {name} must be {wanted}: it is not set")
        try:
            parts = urlsplit(value)
            valid = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:
            valid = False
        if not valid:
            self._refuse(name, wanted, redact_url(value))
        return value

    def _refuse(self, name: str, wanted: str, value: str) -> NoReturn:
        raise ConfigurationError(
            f"Cannot start {self.service} as {name} must be {wanted}: current value is {value}"
        )
