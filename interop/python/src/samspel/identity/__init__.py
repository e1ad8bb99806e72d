"""Who this service is, and who others are: mutual TLS by Consul's certificates, without a sidecar."""

from samspel.identity.allow import allows, rules_of
from samspel.identity.identity import Identity
from samspel.identity.intentions import Decision, decide
from samspel.identity.spiffe import IdentityRefused, SpiffeId, read_peer

__all__ = ["Decision", "Identity", "IdentityRefused", "SpiffeId", "allows", "decide", "read_peer", "rules_of"]
