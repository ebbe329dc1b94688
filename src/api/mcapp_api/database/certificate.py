"""The server's certificate, seen in a handshake of our own: libpq does not tell what is wrong with it."""

from __future__ import annotations

import asyncio
import ssl
import struct
from contextlib import suppress

from ..settings import Settings
from .reasons import Code, Failure

# PostgreSQL's SSLRequest: its length, and a number in the place of the protocol's version.
_ASK = struct.pack("!ii", 8, 80_877_103)
_HANDSHAKE_SECONDS = 2.0
# OpenSSL's numbers (X509_V_ERR_...). What is not here has no sentence of its own.
_PROBLEMS = {
    9: "the certificate of {address} is not valid yet: is the clock of a node wrong?",
    10: "the certificate of {address} has expired",
    18: "the certificate of {address} is not from the CA given: it has signed itself",
    19: "the certificate of {address} is not from the CA given",
    20: "the certificate of {address} is not from the CA given",
    62: "the certificate of {address} is for another host name",
    64: "the certificate of {address} is for another address",
}


async def end(settings: Settings) -> float | None:
    """Return the end of the certificate as a Unix time; None where none is checked, or it cannot be seen."""
    with suppress(OSError, EOFError, TimeoutError, ValueError):
        return await _look(settings)
    return None


async def problem(settings: Settings) -> Failure | None:
    """Return what is wrong with the certificate; None where there is no sentence for it."""
    address = settings.database_address
    try:
        await _look(settings)
    except ssl.SSLCertVerificationError as error:
        known = _PROBLEMS.get(error.verify_code)
        return Failure(Code.TLS, known.format(address=address)) if known else None
    except (OSError, EOFError, TimeoutError, ValueError):
        return None
    return None


async def _look(settings: Settings) -> float | None:
    given = settings.database
    mode, host = str(given.get("sslmode", "")), str(given.get("host", ""))
    if not mode.startswith("verify-") or not host or host.startswith("/"):
        return None
    context = ssl.create_default_context(cafile=given.get("sslrootcert"))
    context.check_hostname = mode == "verify-full"
    async with asyncio.timeout(_HANDSHAKE_SECONDS):
        reader, writer = await asyncio.open_connection(host, int(given.get("port", 5432)))
        try:
            writer.write(_ASK)
            if await reader.readexactly(1) != b"S":
                return None
            await writer.start_tls(context, server_hostname=host)
            shown = writer.get_extra_info("peercert")
            return float(ssl.cert_time_to_seconds(shown["notAfter"]))
        finally:
            writer.close()
