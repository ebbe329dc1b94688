"""Resolves the services' names, logs in to the database as the api does, and tries a wrong password.

Runs as a Job of `helm test` on the api's image: Python with psycopg. Exits 1 at the first fault.
"""

from __future__ import annotations

import os
import socket
import sys
import time

import psycopg
from psycopg.conninfo import conninfo_to_dict

TIMEOUT_SECONDS = 5
# A network plugin knows a new pod a moment after its start, and a NetworkPolicy refuses the pod until then.
ADMITTED_SECONDS = 20


def look_up(name: str) -> str:
    """Return the IP address of a name."""
    try:
        return str(socket.getaddrinfo(name, None)[0][4][0])
    except OSError as error:
        raise SystemExit(f"FAIL the name {name} does not resolve: {error}") from error


def log_in(password: str, **more: str) -> psycopg.Connection[tuple[object, ...]]:
    """Open a connection as the api does, but with this password, and perhaps at one address only."""
    return psycopg.connect(
        os.environ["DATABASE_URL"],
        password=password,
        connect_timeout=TIMEOUT_SECONDS,
        autocommit=True,
        **more,
    )


def passed(what: str, started: float) -> None:
    """Print a step that passed, with its time in milliseconds."""
    print(f"ok   {what} ({(time.monotonic() - started) * 1000:.0f} ms)", flush=True)


def wait_until_admitted() -> None:
    """Wait until the database's port accepts a connection, at most ADMITTED_SECONDS."""
    found = conninfo_to_dict(os.environ["DATABASE_URL"])
    until = time.monotonic() + ADMITTED_SECONDS
    while time.monotonic() < until:
        try:
            socket.create_connection((str(found["host"]), int(found.get("port") or 5432)), 2).close()
        except OSError:
            time.sleep(0.5)
        else:
            return


def right_password() -> str:
    """Expect that the Secret's password opens the database; return the IP address that answered."""
    started = time.monotonic()
    user = os.environ["PGUSER"]
    try:
        with log_in(os.environ["PGPASSWORD"]) as connection:
            address, answered = f"{connection.info.host}:{connection.info.port}", connection.info.hostaddr
    except psycopg.OperationalError as error:
        told = f"FAIL the Secret's password does not open the database: {error}"
        if os.environ["PGPASSWORD"].splitlines() != [os.environ["PGPASSWORD"]]:
            told += "\n     It holds a line break: `echo` adds one, `printf '%s'` does not."
        raise SystemExit(told) from error
    passed(f"{address} accepts the right password of {user}", started)
    return answered


def wrong_password(address: str) -> None:
    """Expect that the server at this address asks for a password and refuses a wrong one."""
    started = time.monotonic()
    try:
        # At another address of the name there may be no server, or not yet a way.
        log_in(f"not {os.environ['PGPASSWORD']}", hostaddr=address).close()
    except psycopg.OperationalError as error:
        # The message depends on the server's language. That the server used the password does not.
        if error.pgconn is None or not error.pgconn.used_password:
            raise SystemExit(f"FAIL a wrong password was not even looked at: {error}") from error
        passed("a wrong password is refused", started)
        return
    raise SystemExit(
        "FAIL a wrong password is accepted: whoever reaches the database gets in.\n"
        "     Its pg_hba.conf has a line with `trust`, or one like it, where scram-sha-256 belongs."
    )


def main(names: list[str]) -> None:
    """Run every step; the names are those of the services."""
    for name in names:
        started = time.monotonic()
        passed(f"{name} is {look_up(name)}", started)
    wait_until_admitted()
    wrong_password(right_password())


if __name__ == "__main__":
    main(sys.argv[1:])
