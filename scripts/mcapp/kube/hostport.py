"""An IP address and a port as one text."""

from __future__ import annotations


def hostport(address: str, port: int) -> str:
    """Return address:port, with the brackets of RFC 3986 around an IPv6 address."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
