"""The role with which members copy, and its password: made for a move, and taken away when it is given up."""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

from mcapp.backup.server import Server, secret
from mcapp.errors import UserError
from mcapp.genvalues.values import effective
from mcapp.move.modes import words
from mcapp.move.release import Deployed

_HBA = "host replication replicator all scram-sha-256"
_ROLE = "SELECT 'CREATE ROLE replicator LOGIN REPLICATION' WHERE to_regrole('replicator') IS NULL \\gexec\n"
# psql itself computes the SCRAM secret: no password is in a log. It waits for no replica: that may need it.
_SET = """
export PGOPTIONS='-c synchronous_commit=local'
psql --no-psqlrc --no-password --quiet --command='\\password replicator'
"""
_LET_IN = f"""
file="$PGDATA/pg_hba.conf"
grep -qxF '{_HBA}' "$file" || printf '\\n%s\\n' '{_HBA}' >> "$file"
"""
_LET_OUT = f"""
file="$PGDATA/pg_hba.conf"
grep -vxF '{_HBA}' "$file" > "$file.next" || true
cat "$file.next" > "$file"; rm "$file.next"
"""
_RELOAD = "DO 'BEGIN PERFORM pg_reload_conf(); END';"
_SLOT = """
SELECT pg_create_physical_replication_slot('{slot}', true)
WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '{slot}');
"""
_NO_SLOT = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '{slot}';"


def _auth(deployed: Deployed) -> dict[str, Any]:
    found: dict[str, Any] = effective(dict(deployed.given))["db"]["auth"]
    return found


def _secret(deployed: Deployed) -> str:
    return str(_auth(deployed)["existingSecret"] or deployed.object("postgres-secret"))


def superuser_password(deployed: Deployed) -> str:
    """Return the password of the role postgres. FailedError if it cannot be read."""
    key = _auth(deployed)["keys"]["superuserPassword"]
    return secret(deployed.kubectl, deployed.namespace, _secret(deployed), key)


def ensure_password(deployed: Deployed) -> str:
    """Return the password; the release's own Secret gets one. UserError where a user's Secret has none."""
    auth, name = _auth(deployed), _secret(deployed)
    key = auth["keys"]["replicationPassword"]
    found = deployed.kubectl.object("secret", name, deployed.namespace) or {}
    if key in (found.get("data") or {}):
        return secret(deployed.kubectl, deployed.namespace, name, key)
    if auth["existingSecret"]:
        problem = words.NO_REPLICATION_KEY(secret=name, key=key)
        raise UserError(problem, words.NO_REPLICATION_KEY_REMEDY(key=key))
    made = str(auth["replicationPassword"] or secrets.token_urlsafe(24))
    document = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": deployed.namespace},
        "data": {key: base64.b64encode(made.encode()).decode()},
    }
    deployed.kubectl.apply(document)
    return made


def give_up_password(deployed: Deployed) -> None:
    """Leave the password in the release's own Secret to Helm: it refuses to change what another has set."""
    auth = _auth(deployed)
    if not auth["existingSecret"]:
        metadata = {"name": _secret(deployed), "namespace": deployed.namespace}
        deployed.kubectl.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})


def forget_password(deployed: Deployed) -> None:
    """Take the password out of the release's own Secret: with it, the release counts as one of mode ha."""
    auth, name = _auth(deployed), _secret(deployed)
    key = auth["keys"]["replicationPassword"]
    found = deployed.kubectl.object("secret", name, deployed.namespace) or {}
    if not auth["existingSecret"] and key in (found.get("data") or {}):
        patch = json.dumps({"data": {key: None}})
        within = f"--namespace={deployed.namespace}"
        deployed.kubectl.must("patch", "secret", name, within, "--type=merge", f"--patch={patch}")


def let_in(server: Server, password: str, slot: str) -> None:
    """Let members copy from a server of mode standalone, and keep for them what they have not read."""
    server.shell.sql(_ROLE)
    set_password(server, password)
    server.shell.run(_LET_IN)
    server.shell.sql(_RELOAD + _SLOT.format(slot=slot))


def set_password(server: Server, password: str) -> None:
    """Give the members' role its password."""
    server.shell.run(_SET, stdin=f"{password}\n{password}\n".encode())


def let_out(server: Server, slot: str) -> None:
    """Undo that."""
    server.shell.run(_LET_OUT)
    server.shell.sql(_RELOAD + _NO_SLOT.format(slot=slot) + "DROP ROLE IF EXISTS replicator;")


def drop_slot(server: Server, slot: str) -> None:
    """Drop the slot, which nobody uses any more."""
    server.shell.sql(_NO_SLOT.format(slot=slot))
