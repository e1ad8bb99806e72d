"""The name in a certificate: `spiffe://<trust domain>/ns/default/dc/<datacenter>/svc/<service>`.

1. A certificate has exactly one URI among its names, and nothing else counts: no common name, no DNS name.
2. The trust domain is ours, whatever the case of its letters; the rest is compared exactly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

_TRUST_DOMAIN = re.compile(r"[A-Za-z0-9._-]+")
_SEGMENT = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+")


class IdentityRefused(Exception):
    """A peer is not who it must be; the message says why."""


@dataclass(frozen=True)
class SpiffeId:
    """A service of a system."""

    trust_domain: str
    datacenter: str
    service: str
    #: As the certificate has it.
    uri: str


def parse_spiffe_id(uri: str) -> SpiffeId:
    """Reads the id of a service.

    :raises IdentityRefused: where it is none
    """
    scheme, _, rest = uri.partition("://")
    domain, *path = rest.split("/")
    shape_fits = len(path) == 6 and (path[0], path[1], path[2], path[4]) == ("ns", "default", "dc", "svc")
    well_formed = scheme.lower() == "spiffe" and _TRUST_DOMAIN.fullmatch(domain) and shape_fits
    if not well_formed or not all(_SEGMENT.fullmatch(segment) for segment in path):
        raise IdentityRefused(
            f"its name must be spiffe://<trust domain>/ns/default/dc/<dc>/svc/<service>: it is {uri[:300]!r}"
        )
    try:
        datacenter, service = (unquote(path[at], errors="strict") for at in (3, 5))
    except UnicodeDecodeError as error:
        raise IdentityRefused(f"its name is no UTF-8: it is {uri[:300]!r}") from error
    return SpiffeId(domain, datacenter, service, uri)


def read_peer(uris: Sequence[str], trust_domain: str) -> SpiffeId:
    """Who a peer is, by the URIs among the names of its verified certificate.

    :raises IdentityRefused: where that is no service of the trust domain
    """
    if len(uris) != 1:
        raise IdentityRefused(f"its certificate must have one URI among its names: it has {len(uris)}")
    peer = parse_spiffe_id(uris[0])
    if peer.trust_domain.lower() != trust_domain.lower():
        raise IdentityRefused(f"its trust domain must be {trust_domain}: it is {peer.trust_domain}")
    return peer
