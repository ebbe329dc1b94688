"""Lets a server refuse writes, and take them again."""

from __future__ import annotations

from mcapp.backup.server import Server
from mcapp.errors import FailedError
from mcapp.move import words
from mcapp.wait import until

_REFUSE = """
ALTER SYSTEM SET default_transaction_read_only = on;
SELECT pg_reload_conf();
"""
_ALLOW = """
ALTER SYSTEM RESET default_transaction_read_only;
SELECT pg_reload_conf();
"""
# The setting does not concern a transaction that has begun: it could still write.
_END_TRANSACTIONS = """
SELECT FROM pg_stat_activity, LATERAL pg_terminate_backend(pid)
WHERE backend_type = 'client backend' AND xact_start IS NOT NULL AND pid <> pg_backend_pid();
"""
_SETTLE_SECONDS = 20.0


def refuse(server: Server) -> None:
    """Let a server refuse writes from now on, also those of transactions that have begun.

    Raises FailedError if it goes on taking them.
    """
    server.shell.sql(_REFUSE)
    if not until(lambda: refused(server), _SETTLE_SECONDS):
        raise FailedError(words.STILL_WRITING())
    server.shell.sql(_END_TRANSACTIONS)


def allow(server: Server) -> None:
    """Let a server take writes again."""
    server.shell.sql(_ALLOW)


def refused(server: Server) -> bool:
    """Whether a server refuses writes."""
    return server.shell.sql("SHOW default_transaction_read_only;") == ["on"]
