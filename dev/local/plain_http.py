"""httpx for plain HTTP. Its own functions read all CA certificates at each call, for 50 ms of CPU time."""

from __future__ import annotations

import ssl
from functools import partial

import httpx

# Without a certificate: nothing here speaks HTTPS.
_CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

get = partial(httpx.get, verify=_CONTEXT)
post = partial(httpx.post, verify=_CONTEXT)
request = partial(httpx.request, verify=_CONTEXT)
Client = partial(httpx.Client, verify=_CONTEXT)
