"""The certificates of one moment: a service's own, its key, and whom it trusts. A key is never logged."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone


@dataclass(frozen=True)
class Material:
    """What a service proves itself with, and what it checks others against."""

    #: The service's own certificate, then those between it and a root.
    chain_pem: str
    key_pem: str = field(repr=False)
    #: All roots, also former ones during a rotation.
    roots_pem: str
    trust_domain: str
    #: The service's own id.
    spiffe_id: str
    expires_at: datetime

    @property
    def expired(self) -> bool:
        return datetime.now(timezone.utc) >= self.expires_at

    def client_context(self) -> ssl.SSLContext:
        """TLS for connections to others: the chain is verified, the name is for the caller to check."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False  # the name is a URI, see samspel.identity.spiffe
        context.verify_mode = ssl.CERT_REQUIRED
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["h2"])
        context.load_verify_locations(cadata=self.roots_pem)
        with _as_file(f"{self.key_pem}\n{self.chain_pem}") as path:
            context.load_cert_chain(path)
        return context


@contextmanager
def _as_file(text: str) -> Iterator[str]:
    """A file that nobody else can read, as Python's `ssl` takes a key from nowhere else; in memory where that goes."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("samspel-identity")
        try:
            os.write(descriptor, text.encode())
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
    else:
        with tempfile.TemporaryDirectory(prefix="samspel-") as folder:  # only its owner may enter
            path = os.path.join(folder, "identity.pem")
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
            yield path
