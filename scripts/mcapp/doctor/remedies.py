"""Commands that fix more than one cause."""

from __future__ import annotations

from mcapp.doctor.finding import Step
from mcapp.doctor.read.snapshot import Snapshot, label, name, template

# Over the socket of db's pod, with the password that the pod has: psql asks for none.
_PSQL = 'PGPASSWORD="$POSTGRES_PASSWORD" psql -Xw -U postgres "$@"'
# The api has no psql; it logs in as it always does.
_AS_APP = (
    "import os, sys, psycopg; "
    "[print(*row, sep='|') for row in psycopg.connect(os.environ['DATABASE_URL']).execute(sys.argv[1])]"
)


def helm_upgrade(snapshot: Snapshot, *flags: str) -> Step:
    """Return the upgrade by which Helm corrects the release's objects."""
    upgrade = f"helm upgrade {snapshot.release} chart/mcapp -n {snapshot.namespace} --reset-then-reuse-values"
    return Step(line=" ".join((upgrade, *_forced(snapshot), *flags)))


def reset_passwords(snapshot: Snapshot) -> Step:
    """Return the command that completes the Secret and lets db use the passwords in it."""
    return helm_upgrade(snapshot, "--set", "db.auth.resetPasswords=true")


def helm_rollback(snapshot: Snapshot) -> Step:
    """Return the command that goes back to the previous revision."""
    words = ("helm", "rollback", snapshot.release, "-n", snapshot.namespace, *_forced(snapshot))
    return Step(line=" ".join(words))


def _forced(snapshot: Snapshot) -> tuple[str, ...]:
    # Without it Helm stops at a field that somebody else has set.
    return ("--force-conflicts",) if snapshot.manifest.owned else ()


def psql(snapshot: Snapshot, *statements: str, database: str = "", options: str = "") -> Step:
    """Return the command that runs SQL as the superuser in db's pod, each statement by itself."""
    given = f'PGOPTIONS="{options}" ' if options else ""
    pod = ("exec", server(snapshot), "-n", snapshot.namespace, "-c", "postgres", "--")
    words = ["-d", database or database_name(snapshot)]
    for statement in statements:
        words += ["-c", statement]
    return Step(kubectl=(*pod, "sh", "-c", f"{given}{_PSQL}", "psql", *words))


def database_name(snapshot: Snapshot) -> str:
    """Return the name of the release's database, as its workload has it."""
    for one in template(snapshot.workload("db")).get("containers") or ():
        for variable in one.get("env") or ():
            if variable.get("name") == "POSTGRES_DB":
                return str(variable.get("value", "appdb"))
    return "appdb"


def as_app(snapshot: Snapshot, query: str) -> Step:
    """Return the command that asks an external database as the api does."""
    api = f"deployment/{snapshot.object_name('api')}"
    return Step(kubectl=("exec", api, "-n", snapshot.namespace, "--", "python", "-c", _AS_APP, query))


def server(snapshot: Snapshot) -> str:
    """Return db's pod: in mode ha the leader's."""
    pods = snapshot.pods("db")
    leaders = [pod for pod in pods if label(pod, "mcapp/role") == "primary"]
    return name((leaders or pods)[0]) if pods else f"{snapshot.object_name('db')}-0"
