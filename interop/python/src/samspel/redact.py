"""A secret has no place in a log or an error."""

from __future__ import annotations

from urllib.parse import urlsplit


def redact_url(url: str) -> str:
    """A URL without its password and query; what is no URL becomes `<invalid URL>`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "<invalid URL>"
    if not parts.scheme or not host:
        return "<invalid URL>"
    user = f"{parts.username}@" if parts.username else ""
    place = f"[{host}]" if ":" in host else host
    path = "" if parts.path == "/" else parts.path
    return f"{parts.scheme}://{user}{place}{'' if port is None else f':{port}'}{path}"
