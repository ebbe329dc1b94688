"""What a server holds, as the original and its copy are compared."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from mcapp.backup.fingerprint import TRANSACTION, Fingerprint, parse
from mcapp.backup.server import Server
from mcapp.backup.shell import PodShell

# What the server holds beside the application's database: roles with their passwords, other databases.
# A leader gives the members' own role its password anew.
_BESIDE = """
SELECT json_build_object(
  'roles', (SELECT json_agg(to_json(role) ORDER BY rolname) FROM pg_authid AS role
    WHERE rolname <> 'replicator'),
  'databases', (SELECT json_agg(datname ORDER BY datname) FROM pg_database));
"""


def of_copy(shell: PodShell, database: str) -> Fingerprint:
    """Return the fingerprint of the copy, which has been started."""
    (line,) = shell.sql(TRANSACTION, database)
    return parse(line)


def digest(source: Server, found: Fingerprint) -> str:
    """Return a text that is the same only for the same content, sequences, grants, roles and databases."""
    return f"{found.content} {_hash(found.document)} {_hash(source.shell.sql(_BESIDE))}"


def _hash(document: Any) -> str:
    """Return the SHA-256 of a document as JSON."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
