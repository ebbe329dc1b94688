"""A host name that leads to one address, as with `curl --resolve`; TLS is checked for the name."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import httpx


@dataclass(frozen=True)
class Pinned:
    """The address to which every request goes, and the CA's certificate that TLS is checked by."""

    address: str
    ca: Path

    def transport(self) -> httpx.BaseTransport:
        """Return what a client of httpx sends its requests by."""
        return _Transport(self.address, verify=self._context(), trust_env=False)

    def async_transport(self, limits: httpx.Limits) -> httpx.AsyncBaseTransport:
        """Return what an asynchronous client of httpx sends its requests by."""
        return _AsyncTransport(self.address, verify=self._context(), limits=limits, trust_env=False)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca)


def _pin(request: httpx.Request, address: str) -> httpx.Request:
    # The Host header already has the name. httpx documents this extension for the name in TLS.
    request.extensions = {**request.extensions, "sni_hostname": request.url.host}
    request.url = request.url.copy_with(host=address)
    return request


class _Transport(httpx.HTTPTransport):
    def __init__(self, address: str, *, verify: ssl.SSLContext, trust_env: bool) -> None:
        super().__init__(verify=verify, trust_env=trust_env)
        self._address = address

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return super().handle_request(_pin(request, self._address))


class _AsyncTransport(httpx.AsyncHTTPTransport):
    def __init__(
        self, address: str, *, verify: ssl.SSLContext, limits: httpx.Limits, trust_env: bool
    ) -> None:
        super().__init__(verify=verify, limits=limits, trust_env=trust_env)
        self._address = address

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await super().handle_async_request(_pin(request, self._address))
