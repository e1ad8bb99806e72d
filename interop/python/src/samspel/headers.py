"""Header values as they travel: printable ASCII, everything else percent-encoded.

As CloudEvents' HTTP protocol binding 1.0.2 has it (section 3.1.3.2). So no value can break out of its header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Optional
from urllib.parse import unquote

#: What only the library writes.
_RESERVED = re.compile(r"(ce-|nats-|samspel-|content-type$)", re.IGNORECASE)
_ENCODED = re.compile(r"[^\x21\x23\x24\x26-\x7e]")


def encode_value(value: str) -> str:
    """A header's value as it travels."""
    return _ENCODED.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), value)


def decode_value(value: str) -> str:
    """What a header says; a value that is not encoded well stays as it is."""
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        return value


def read_headers(received: Optional[Mapping[str, str]]) -> Mapping[str, str]:
    """All headers by their names in lower case, decoded."""
    return {name.lower(): decode_value(value) for name, value in (received or {}).items()}


def sent_headers(own: Optional[Mapping[str, str]], trace: Mapping[str, str]) -> dict[str, str]:
    """The sender's own headers and its trace, as they travel. Reserved names are left out; own ones come first."""
    chosen = {**trace, **{name: value for name, value in (own or {}).items() if not _RESERVED.match(name)}}
    return {name: encode_value(value) for name, value in chosen.items()}
