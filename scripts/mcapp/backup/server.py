"""A release's PostgreSQL server: where it is, what it holds, and its throw-away databases."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mcapp.backup import words
from mcapp.backup.fingerprint import TRANSACTION, Fingerprint, at_snapshot, parse
from mcapp.backup.shell import PodShell, Shell, ShellError
from mcapp.errors import FailedError, UserError
from mcapp.kube.kubectl import Kubectl, reason
from mcapp.kube.pods import ready

# The key of an advisory lock; any constant, the same in every run.
_LOCK = 7_203_154_002
_SWAPS = 5
_THROW_AWAY = "mcapp_throwaway_"
# PostgreSQL cuts longer names.
_NAME_BYTES = 63
_STAMP_BYTES = 19
# The label in which Patroni has a member's role.
ROLE = "mcapp/role"
_PASSWORD = "POSTGRES_PASSWORD"  # noqa: S105 - the name of a variable


@dataclass(frozen=True)
class Release:
    """The release that a database belongs to, as a backup's manifest names it."""

    name: str
    namespace: str
    chart: str
    app: str


@dataclass(frozen=True)
class Server:
    """The server of a release, and the name of its database."""

    shell: Shell
    database: str
    release: Release

    def version(self) -> int:
        """Return server_version_num, such as 160004."""
        return int(self.shell.sql("SHOW server_version_num;")[0])

    def fingerprint(self, database: str = "", snapshot: str = "") -> Fingerprint:
        """Return what a database holds, that of the release where none is named.

        `snapshot` is one that a session has exported (pg_export_snapshot): then it is what that session sees.
        """
        statements = at_snapshot(snapshot) if snapshot else TRANSACTION
        (line,) = self.shell.sql(statements, database or self.database)
        return parse(line)

    def roles(self) -> set[str]:
        """Return the roles that the server knows."""
        return set(self.shell.sql("SELECT rolname FROM pg_roles;"))

    def free_bytes(self) -> int:
        """Return the free space on the server's volume."""
        shown = self.shell.run('df -Pk "$PGDATA"').decode().splitlines()
        return int(shown[-1].split()[3]) * 1024

    def wal_bytes(self) -> int:
        """Return how large the WAL may become: twice max_wal_size, which is a soft limit."""
        return 2 * int(self.shell.sql("SELECT pg_size_bytes(current_setting('max_wal_size'));")[0])

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the server's lock, under which throw-away databases are made and databases swapped.

        First it drops what runs that were killed have left.
        Raises FailedError while another run holds the lock.
        """
        with self.shell.session(f"SELECT pg_try_advisory_lock({_LOCK});") as got:
            if got != "t":
                raise FailedError(words.DATABASE_BUSY(), words.DATABASE_BUSY_REMEDY())
            for left in self.databases(_THROW_AWAY):
                self.drop(left)
            yield

    @contextmanager
    def throw_away(self) -> Iterator[str]:
        """Make an empty database beside the others. Afterwards it is dropped, unless it was renamed."""
        name = f"{_THROW_AWAY}{secrets.token_hex(4)}"
        self.shell.sql(f"CREATE DATABASE {quoted(name)} TEMPLATE template0;")
        try:
            yield name
        finally:
            self.drop(name)

    def databases(self, beginning: str) -> list[str]:
        """Return the names of the databases that begin so, sorted."""
        listed = self.shell.sql("SELECT datname FROM pg_database ORDER BY datname;")
        return [name for name in listed if name.startswith(beginning)]

    def kept(self) -> list[str]:
        """Return the databases that restores have kept, the oldest first."""
        return self.databases(_kept_prefix(self.database))

    def drop(self, database: str) -> None:
        """Drop a database, and end the connections to it."""
        self.shell.sql(f"DROP DATABASE IF EXISTS {quoted(database)} WITH (FORCE);")

    def swap(self, database: str, stamp: str) -> str:
        """Put another database in the place of the release's; return the old one's new name.

        One transaction renames both. Connections to the old one end.
        Raises ShellError; then nothing has changed.
        """
        old = _kept_prefix(self.database) + stamp
        statements = f"""
            SELECT FROM pg_stat_activity, LATERAL pg_terminate_backend(pid)
            WHERE datname IN ({literal(self.database)}, {literal(database)});
            BEGIN;
            ALTER DATABASE {quoted(self.database)} RENAME TO {quoted(old)};
            ALTER DATABASE {quoted(database)} RENAME TO {quoted(self.database)};
            COMMIT;
            """
        for left in reversed(range(_SWAPS)):
            try:
                self.shell.sql(statements)
                break
            except ShellError as error:
                # A client connected again between the end of the connections and the rename.
                if "being accessed by other users" not in str(error) or not left:
                    raise
        return old

    def connected(self, role: str = "app") -> bool:
        """Whether a client is connected to the release's database as this role."""
        who = f"datname = {literal(self.database)} AND usename = {literal(role)}"
        found = self.shell.sql(f"SELECT count(*) FROM pg_stat_activity WHERE {who};")  # noqa: S608
        return found != ["0"]


def find(kubectl: Kubectl, namespace: str, release: str) -> Server:
    """Find a release's server by its objects in the cluster.

    Raises:
        UserError: the release is not there.
        FailedError: its database is not ready.
        UnreachableError: no cluster answers.

    """
    chosen = f"app.kubernetes.io/instance={release},app.kubernetes.io/component=db"
    items = kubectl.select("statefulsets,pods", namespace, chosen)
    workload = next((item for item in items if item["kind"] == "StatefulSet"), None)
    if workload is None:
        problem = words.NO_DATABASE(release=release, namespace=namespace)
        raise UserError(problem, words.NO_DATABASE_REMEDY())
    pods = [item for item in items if item["kind"] == "Pod" and ready(item)]
    if not pods:
        raise FailedError(
            words.NOT_READY(name=workload["metadata"]["name"], namespace=namespace),
            words.NOT_READY_REMEDY(namespace=namespace, release=release),
        )
    # Of several servers, only the leader can create databases. Where members follow a server, it has no role.
    roles = [item["metadata"]["labels"].get(ROLE, "") for item in pods]
    leads = [item for item, role in zip(pods, roles, strict=True) if role == "primary"]
    leads = leads or [item for item, role in zip(pods, roles, strict=True) if not role]
    labels = workload["metadata"]["labels"]
    whose = Release(
        release,
        namespace,
        labels.get("helm.sh/chart", "-").rpartition("-")[2],
        labels.get("app.kubernetes.io/version", ""),
    )
    return in_pod(kubectl, (leads or pods)[0], whose)


def in_pod(kubectl: Kubectl, pod: dict[str, Any], whose: Release) -> Server:
    """Return the server in a pod of the release. FailedError if its password cannot be read."""
    namespace = whose.namespace
    container = next(one for one in pod["spec"]["containers"] if one["name"] == "postgres")
    variables = {one["name"]: one for one in container["env"]}
    where = variables[_PASSWORD]["valueFrom"]["secretKeyRef"]
    shell = PodShell(
        # Not the pod's own variable, which gets a changed password only at the next start.
        one_line(secret(kubectl, namespace, where["name"], where["key"]), where["name"], where["key"]),
        {"PGHOST": "127.0.0.1"},
        kubectl,
        namespace,
        pod["metadata"]["name"],
        container["name"],
    )
    return Server(shell, variables["POSTGRES_DB"]["value"], whose)


def secret(kubectl: Kubectl, namespace: str, name: str, key: str) -> str:
    """Return one value of a Secret. FailedError if it cannot be read."""
    done = kubectl.run("get", "secret", name, f"--namespace={namespace}", "--output=json")
    try:
        return base64.b64decode(json.loads(done.stdout)["data"][key]).decode()
    except (ValueError, KeyError, TypeError):
        why = reason(done) if done.returncode else words.NO_KEY(key=key)
        problem = words.NO_PASSWORD(name=name, why=why)
        raise FailedError(problem, words.NO_PASSWORD_REMEDY(namespace=namespace)) from None


def one_line(password: str, name: str, key: str) -> str:
    """Return the password of a Secret's key; FailedError if it holds a line break or a NUL."""
    if set(password) & set("\r\n\0"):
        raise FailedError(words.LINE_BREAK(name=name, key=key), words.LINE_BREAK_REMEDY())
    return password


def quoted(name: str) -> str:
    """Return a name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Return a string as SQL writes it."""
    return "E'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _kept_prefix(database: str) -> str:
    """Return how the names of databases begin that were kept for this one; _STAMP_BYTES follow."""
    middle = "_before_"
    return database[: _NAME_BYTES - len(middle) - _STAMP_BYTES] + middle
