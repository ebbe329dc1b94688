"""Why the database is unavailable, in words that a beginner can act on."""

from __future__ import annotations

from typing import NamedTuple


class Failure(NamedTuple):
    """`code` is for programs, `reason` for people."""

    code: str
    reason: str


# The first of these that is a part of the message of libpq, PostgreSQL or the resolver decides.
_FRAGMENTS = (
    ("password authentication failed", "password", "password rejected for the database user"),
    ("no password supplied", "password", "no password given: PGPASSWORD is not set"),
    (
        "no pg_hba.conf entry",
        "forbidden",
        "PostgreSQL does not admit this user from this address (pg_hba.conf)",
    ),
    (
        "certificate verify failed",
        "tls",
        "the certificate of {address} is not valid by the CA given",
    ),
    ("does not match host name", "tls", "the certificate of {address} is for another host name"),
    ("server does not support ssl", "tls", "{address} offers no TLS, which sslmode asks for"),
    ("root certificate file", "tls", "the CA's certificate given cannot be read"),
    ("ssl error", "tls", "the TLS handshake with {address} failed"),
    ("no schema has been selected", "forbidden", "the database user has no schema to make tables in"),
    ("read-only transaction", "forbidden", "{address} only reads now: it is a standby, or is being moved"),
    ("permission denied for", "forbidden", "the database user lacks a permission it needs"),
    ("failed to resolve host", "dns", "the host name of {address} does not resolve"),
    ("name or service not known", "dns", "the host name of {address} does not resolve"),
    ("temporary failure in name resolution", "dns", "the host name of {address} does not resolve"),
    ("connection refused", "refused", "connection refused: nothing listens at {address}"),
    ("no route to host", "unreachable", "no route to {address}"),
    ("network is unreachable", "unreachable", "the network of {address} is unreachable"),
    ("starting up", "starting", "PostgreSQL is starting"),
    ("not yet accepting connections", "starting", "PostgreSQL is starting"),
    ("in recovery mode", "starting", "PostgreSQL is recovering from a crash"),
    ("shutting down", "stopping", "PostgreSQL is shutting down"),
    ("terminating connection", "stopping", "PostgreSQL closed the connection"),
    ("too many clients", "busy", "PostgreSQL has no free connection: max_connections is reached"),
    ("remaining connection slots", "busy", "PostgreSQL has no free connection: max_connections is reached"),
    ("no space left", "disk", "the disk of the database is full"),
    ("could not extend file", "disk", "the disk of the database is full"),
    ("does not exist", "missing", "the database does not exist"),
    ("statement timeout", "timeout", "timed out: the query took too long"),
    ("lock timeout", "timeout", "timed out: waiting for a lock"),
    ("another replica is migrating", "migrating", "another replica is migrating the schema"),
    ("timeout", "timeout", "timed out: {address} does not answer"),
    ("requests wait for a connection", "busy", "too many requests wait for the database in this replica"),
    ("couldn't get a connection", "busy", "timed out: every connection of this replica is busy"),
    ("server closed the connection", "lost", "the connection to {address} broke"),
    ("connection reset", "lost", "the connection to {address} broke"),
)


def explain(error: BaseException, address: str) -> Failure:
    """Return the failure behind `error`; `address` is the database's `host:port`."""
    if isinstance(error, TimeoutError):
        return Failure("timeout", f"timed out: {address} does not answer")
    message = str(error).lower()
    for fragment, code, reason in _FRAGMENTS:
        if fragment in message:
            return Failure(code, reason.format(address=address))
    first_line = str(error).strip().splitlines()[:1]
    return Failure("other", f"{type(error).__name__}: {first_line[0] if first_line else 'no message'}")
