"""The name in a certificate: `spiffe://<trust domain>/ns/default/dc/<datacenter>/svc/<service>`.

1. A certificate has exactly one URI among its names, and nothing else counts: no common name, no DNS name.
2. The trust domain is ours, whatever the case of its letters; the rest is compared exactly.

`interop/vectors/spiffe.json` holds all languages to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional
from urllib.parse import unquote

_URI = re.compile(r"spiffe://([A-Za-z0-9._-]+)(/[^?#]*)?")
_PATH = re.compile(r"/ns/default/dc/([^/]+)/svc/([^/]+)")
_SEGMENT = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+")


class IdentityRefused(Exception):
    """A peer is not who it must be; the message says why."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        #: One of no-uri, several-uris, not-spiffe, trust-domain, path, service; expired of an own certificate.
        self.reason = reason


@dataclass(frozen=True)
class SpiffeId:
    """A service of a system."""

    datacenter: str
    service: str
    #: As the certificate has it.
    uri: str


def read_peer(uris: Sequence[str], trust_domain: str, expected: Optional[str] = None) -> SpiffeId:
    """Who a peer is, by the URIs among the names of its certificate, whose chain was verified.

    :param expected: the service that it must be; None for any
    :raises IdentityRefused: where it is no service of the trust domain, or another one
    """
    if not uris:
        raise IdentityRefused("no-uri", "its certificate must have a URI among its names: it has none")
    if len(uris) > 1:
        raise IdentityRefused(
            "several-uris", f"its certificate must have one URI among its names: it has {len(uris)}"
        )
    [uri] = uris
    shown = repr(uri[:300])
    found = _URI.fullmatch(uri)
    if found is None:
        raise IdentityRefused("not-spiffe", f"its name must be spiffe://<trust domain>/<path>: it is {shown}")
    if found[1].lower() != trust_domain.lower():
        raise IdentityRefused("trust-domain", f"its trust domain must be {trust_domain}: its name is {shown}")
    datacenter, service = _segments(found[2] or "", shown)
    if expected is not None and service != expected:
        raise IdentityRefused("service", f"it must be the service {expected}: it is {service}")
    return SpiffeId(datacenter, service, uri)


def _segments(path: str, shown: str) -> tuple[str, str]:
    """Datacenter and service, decoded."""
    found = _PATH.fullmatch(path)
    if found is not None and all(_SEGMENT.fullmatch(segment) for segment in found.groups()):
        decoded = [unquote(segment, errors="replace") for segment in found.groups()]
        if not any("/" in segment or "\ufffd" in segment for segment in decoded):
            return decoded[0], decoded[1]
    raise IdentityRefused(
        "path", f"its name must end with /ns/default/dc/<datacenter>/svc/<service>: it is {shown}"
    )
