"""Commands that fix more than one cause."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from mcapp.cli import called
from mcapp.doctor.finding import Step
from mcapp.doctor.read.snapshot import Object, Snapshot, label, name, template
from mcapp.shell import chart, joined

# Over the socket of db's pod, with the password that the pod has: psql asks for none.
_PSQL = 'PGPASSWORD="$POSTGRES_PASSWORD" psql -Xw -U postgres "$@"'
# The api has no psql; it logs in as it always does.
_AS_APP = (
    "import os, sys, psycopg; "
    "[print(*row, sep='|') for row in psycopg.connect(os.environ['DATABASE_URL']).execute(sys.argv[1])]"
)


def helm_upgrade(snapshot: Snapshot, *flags: str) -> Step:
    """Return the upgrade by which Helm corrects the release's objects."""
    upgrade = f"helm upgrade {snapshot.release} {chart()} -n {snapshot.namespace} --reset-then-reuse-values"
    return Step(line=" ".join((upgrade, *forced(snapshot), *flags)))


def placed_anew(snapshot: Snapshot) -> tuple[Step, Step]:
    """Return the commands that write values for the nodes as they are now, and upgrade to them."""
    which = joined(("-n", snapshot.namespace, "--release", snapshot.release))
    write = Step(line=f"{called('genvalues')} --topology auto {which} --file values.yaml")
    return write, helm_upgrade(snapshot, "-f", "values.yaml")


def reset_passwords(snapshot: Snapshot) -> Step:
    """Return the command that completes the Secret and lets db use the passwords in it."""
    return helm_upgrade(snapshot, "--set", "db.auth.resetPasswords=true")


def helm_rollback(snapshot: Snapshot) -> Step:
    """Return the command that goes back to the latest revision that worked; if none is known, the upgrade."""
    if snapshot.helm is None or not snapshot.helm.good:
        return helm_upgrade(snapshot, "-f", "values.yaml")
    back = f"helm rollback {snapshot.release} {snapshot.helm.good} -n {snapshot.namespace}"
    return Step(line=" ".join((back, *forced(snapshot))))


def forced(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the flag without which Helm stops at a field that somebody else has set."""
    return ("--force-conflicts",) if snapshot.manifest.owned else ()


def psql(
    snapshot: Snapshot,
    *statements: str,
    database: str = "",
    options: str = "",
    facts: Mapping[str, Any] | None = None,
) -> Step:
    """Return the command that runs SQL as the superuser, each statement by itself: in db's pod.

    For an external database it is a line for whoever runs that server; `facts` has its database's name.
    """
    given = f'PGOPTIONS="{options}" ' if options else ""
    pod = ("exec", server(snapshot), "-n", snapshot.namespace, "-c", "postgres", "--")
    run = [word for statement in statements for word in ("-c", statement)]
    if snapshot.external:
        host, _, port = snapshot.external.rpartition(":")
        own = ((facts or {}).get("names") or {}).get("database") or "appdb"
        where = ("-h", host.strip("[]"), "-p", port, "-U", "postgres", "-d", database or own)
        return Step(line=f"{given}{shlex.join(('psql', *where, *run))}")
    words = ["-d", database or database_name(snapshot), *run]
    if snapshot.stale:
        secret, key = password_source(snapshot)
        shown = ("-o", f'go-template={{{{index .data "{key}" | base64decode}}}}')
        get = shlex.join(("kubectl", "get", "secret", secret, "-n", snapshot.namespace, *shown))
        script = f"{given}{_PSQL.replace('$POSTGRES_PASSWORD', '$(cat)')}"
        ask = ("kubectl", pod[0], "-i", *pod[1:], "sh", "-c", script, "psql", *words)
        return Step(line=f"{get} | {shlex.join(ask)}")
    return Step(kubectl=(*pod, "sh", "-c", f"{given}{_PSQL}", "psql", *words))


def database_name(snapshot: Snapshot) -> str:
    """Return the name of the release's database, as its workload has it."""
    return str(_variable(snapshot, "POSTGRES_DB").get("value", "appdb"))


def password_source(snapshot: Snapshot) -> tuple[str, str]:
    """Return the name and the key of the Secret with the superuser's password."""
    source = (_variable(snapshot, "POSTGRES_PASSWORD").get("valueFrom") or {}).get("secretKeyRef") or {}
    return str(source.get("name", "postgres-secret")), str(source.get("key", "superuser-password"))


def _variable(snapshot: Snapshot, wanted: str) -> Object:
    """Return a variable of db's container, {} where it has none of that name."""
    containers = template(snapshot.workload("db")).get("containers") or ()
    listed = [one for container in containers for one in container.get("env") or ()]
    return next((one for one in listed if one.get("name") == wanted), {})


def as_app(snapshot: Snapshot, query: str) -> Step:
    """Return the command that asks an external database as the api does."""
    api = f"deployment/{snapshot.object_name('api')}"
    return Step(kubectl=("exec", api, "-n", snapshot.namespace, "--", "python", "-c", _AS_APP, query))


def server(snapshot: Snapshot) -> str:
    """Return db's pod: in mode ha the leader's."""
    pods = snapshot.pods("db")
    leaders = [pod for pod in snapshot.ready_pods("db") if label(pod, "mcapp/role") == "primary"]
    return name((leaders or pods)[0]) if pods else f"{snapshot.object_name('db')}-0"
