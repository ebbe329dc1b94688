"""Why the database cannot be used: a code for programs, and words that a beginner can act on."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import psycopg


class Code(StrEnum):
    """The reason as a program reads it. `meaning` is its entry in the documentation."""

    # The server is not reached.
    DNS = "dns", "The server's host name does not resolve."
    REFUSED = "refused", "Nothing listens at the server's address."
    UNREACHABLE = "unreachable", "There is no route to the server's address."
    TIMEOUT = "timeout", "The server, or one of its answers, took too long."
    LOST = "lost", "The connection broke."
    TLS = "tls", "No TLS connection is possible as the settings ask for it."
    STARTING = "starting", "PostgreSQL is starting, or recovering."
    STOPPING = "stopping", "PostgreSQL is shutting down, or ended the connection."
    # The server answers, and refuses the login.
    PASSWORD = "password", "PostgreSQL rejects the password."
    FORBIDDEN = "forbidden", "pg_hba.conf does not admit this user from this address."
    LOGIN_DISABLED = "login-disabled", "The role, or the database, is closed to logins."
    CONNECTION_LIMIT = "connection-limit", "A limit of PostgreSQL's connections is reached."
    MISSING = "missing", "The database, or the role, does not exist."
    # The server answers, and does not do what the api needs.
    DATABASE_LOCKED = "database-locked", "Another session holds a lock on the rows or the table."
    TABLE_MISSING = "table-missing", "A table, or its whole schema, is not there."
    PERMISSION_DENIED = "permission-denied", "The role lacks a right that it needs."
    READ_ONLY = "read-only", "The database takes no writes now."
    SCHEMA = "schema", "The tables are not those that this api knows."
    MIGRATING = "migrating", "Another replica changes the tables now."
    DISK = "disk", "The database's disk is full."
    MEMORY = "out-of-memory", "PostgreSQL has no memory left."
    DATA_DAMAGED = "data-damaged", "PostgreSQL cannot read a part of its files."
    # This replica.
    BUSY = "busy", "Too many requests wait for a connection of this replica."
    OTHER = "other", "Another reason; the api's log has more."

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Code:
        """Make a member of its value and its meaning."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


class Failure(NamedTuple):
    """`code` is for programs, `reason` for people."""

    code: Code
    reason: str


_LOCKED = "another session holds a lock, and this request waited for it in vain"
_NOT_AS_KNOWN = "the tables are not as this api knows them: {said}"
_DAMAGED = "PostgreSQL cannot read a part of its files: {said}"
# PostgreSQL's SQLSTATE, or the first two characters of it, decides first.
_STATES = {
    "08": Failure(Code.LOST, "the connection to {address} broke"),
    "25006": Failure(
        Code.READ_ONLY, "{address} only reads now: it is a standby, is being moved, or was set so"
    ),
    "3F000": Failure(
        Code.TABLE_MISSING, "the database user has no schema: it does not exist, or is closed to the user"
    ),
    "42P01": Failure(Code.TABLE_MISSING, "a table is missing: {said}"),
    "42501": Failure(Code.PERMISSION_DENIED, "the database user lacks a permission it needs: {said}"),
    "55P03": Failure(Code.DATABASE_LOCKED, _LOCKED),
    "40001": Failure(Code.DATABASE_LOCKED, _LOCKED),
    "40P01": Failure(Code.DATABASE_LOCKED, _LOCKED),
    "53100": Failure(Code.DISK, "the disk of the database is full"),
    "53200": Failure(Code.MEMORY, "PostgreSQL has no memory left"),
    "57014": Failure(Code.TIMEOUT, "timed out: the query took too long"),
    # A trigger or a function that somebody has added.
    "P0": Failure(Code.OTHER, "the database refuses: {said}"),
    "58": Failure(Code.DATA_DAMAGED, _DAMAGED),
    "XX001": Failure(Code.DATA_DAMAGED, _DAMAGED),
    "XX002": Failure(Code.DATA_DAMAGED, _DAMAGED),
    # Columns, constraints, sequences, functions and triggers that somebody has changed.
    **dict.fromkeys(
        (
            *("09", "0A000", "22", "23", "27", "2F", "38", "39", "42703", "42704", "42804", "42809", "42883"),
            *("428C9", "42P07", "42P10", "44", "54", "55000"),
        ),
        Failure(Code.SCHEMA, _NOT_AS_KNOWN),
    ),
}
# The first of these that is a part of the message of libpq, PostgreSQL or the resolver decides: a refused
# login has no SQLSTATE in libpq.
_FRAGMENTS = (
    ("password authentication failed", Code.PASSWORD, "password rejected for the database user"),
    ("no password supplied", Code.PASSWORD, "no password given: PGPASSWORD is not set"),
    (
        "pg_hba.conf",
        Code.FORBIDDEN,
        "PostgreSQL does not admit this user from this address (pg_hba.conf)",
    ),
    (
        "is not permitted to log in",
        Code.LOGIN_DISABLED,
        "the database user may not log in: the role has NOLOGIN",
    ),
    (
        "not currently accepting connections",
        Code.LOGIN_DISABLED,
        "the database takes no connections: it has ALLOW_CONNECTIONS false",
    ),
    (
        "certificate verify failed",
        Code.TLS,
        "the certificate of {address} is not valid by the CA given",
    ),
    ("does not match host name", Code.TLS, "the certificate of {address} is for another host name"),
    ("server does not support ssl", Code.TLS, "{address} offers no TLS, which sslmode asks for"),
    ("root certificate file", Code.TLS, "the CA's certificate given cannot be read"),
    ("ssl error", Code.TLS, "the TLS handshake with {address} failed"),
    (
        "permission denied for",
        Code.PERMISSION_DENIED,
        "the database user lacks a permission it needs: {said}",
    ),
    ("failed to resolve host", Code.DNS, "the host name of {address} does not resolve"),
    ("name or service not known", Code.DNS, "the host name of {address} does not resolve"),
    ("temporary failure in name resolution", Code.DNS, "the host name of {address} does not resolve"),
    ("connection refused", Code.REFUSED, "connection refused: nothing listens at {address}"),
    ("no route to host", Code.UNREACHABLE, "no route to {address}"),
    ("network is unreachable", Code.UNREACHABLE, "the network of {address} is unreachable"),
    ("starting up", Code.STARTING, "PostgreSQL is starting"),
    ("not yet accepting connections", Code.STARTING, "PostgreSQL is starting"),
    ("in recovery mode", Code.STARTING, "PostgreSQL is recovering from a crash"),
    ("shutting down", Code.STOPPING, "PostgreSQL is shutting down"),
    ("terminating connection", Code.STOPPING, "PostgreSQL closed the connection"),
    (
        "too many clients",
        Code.CONNECTION_LIMIT,
        "PostgreSQL has no free connection: max_connections is reached",
    ),
    (
        "remaining connection slots",
        Code.CONNECTION_LIMIT,
        "PostgreSQL has no free connection: max_connections is reached",
    ),
    (
        "too many connections for",
        Code.CONNECTION_LIMIT,
        "PostgreSQL gives the api no further connection: {said}",
    ),
    ("no space left", Code.DISK, "the disk of the database is full"),
    ("could not extend file", Code.DISK, "the disk of the database is full"),
    ("does not exist", Code.MISSING, "the database does not exist, or the database user: {said}"),
    ("another replica is migrating", Code.MIGRATING, "another replica is migrating the schema"),
    ("timeout", Code.TIMEOUT, "timed out: {address} does not answer"),
    ("requests wait for a connection", Code.BUSY, "too many requests wait for the database in this replica"),
    ("couldn't get a connection", Code.BUSY, "timed out: every connection of this replica is busy"),
    ("server closed the connection", Code.LOST, "the connection to {address} broke"),
    ("connection reset", Code.LOST, "the connection to {address} broke"),
)


def explain(error: BaseException, address: str) -> Failure:
    """Return the failure behind `error`; `address` is the database's `host:port`."""
    if isinstance(error, TimeoutError):
        return Failure(Code.TIMEOUT, f"timed out: {address} does not answer")
    parts = {"address": address, "said": _said(error)}
    state = (error.sqlstate if isinstance(error, psycopg.Error) else None) or ""
    if known := _STATES.get(state) or _STATES.get(state[:2]):
        return Failure(known.code, known.reason.format_map(parts))
    message = str(error).lower()
    for fragment, code, reason in _FRAGMENTS:
        if fragment in message:
            return Failure(code, reason.format_map(parts))
    return Failure(Code.OTHER, f"{type(error).__name__}: {parts['said']}")


def is_known(error: psycopg.Error) -> bool:
    """Whether an error of a statement comes from the database's state, not from a fault of the api."""
    state = error.sqlstate or ""
    return isinstance(error, psycopg.OperationalError) or state in _STATES or state[:2] in _STATES


def _said(error: BaseException) -> str:
    """Return the first line of the message, without what libpq and PostgreSQL put before it."""
    line = next(iter(str(error).strip().splitlines()), "no message")
    return line.rpartition("FATAL:")[2].strip().rstrip(".")
