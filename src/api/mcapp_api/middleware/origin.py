"""Whether a page of another site sent a request with the browser of somebody who may use this one."""

from __future__ import annotations

from collections.abc import Mapping

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
# A person who typed the address, or a page of this very host and port.
_OWN = frozenset({b"same-origin", b"none"})
_PORTS = {b"http": b":80", b"https": b":443"}


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
    if origin is None:
        return False
    scheme, _, address = origin.lower().partition(b"://")
    # A browser leaves the scheme's own port out, and a proxy may write it.
    return address != headers.get(b"host", b"").lower().removesuffix(_PORTS.get(scheme, b"://"))
