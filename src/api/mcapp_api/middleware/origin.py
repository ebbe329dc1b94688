"""Whether a page of another site sent a request with the browser of somebody who may use this one."""

from __future__ import annotations

from collections.abc import Mapping

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
# A person who typed the address, or a page of this very host and port.
_OWN = frozenset({b"same-origin", b"none"})


def is_foreign(method: str, headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether a browser says that another origin asks for a change; `headers` have small letters.

    Sec-Fetch-Site decides where there is one. Browsers leave it out on plain HTTP, and then Origin is held
    against Host, which web passes on as it came. A program sends neither.
    """
    if method in _READS:
        return False
    if site := headers.get(b"sec-fetch-site"):
        return site not in _OWN
    origin = headers.get(b"origin")
    return origin is not None and origin.partition(b"://")[2].lower() != headers.get(b"host", b"").lower()
