"""Backups on the release's backup volume, reached through a pod that ends with the command."""

from __future__ import annotations

import copy
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

from mcapp.backup import manifest, words
from mcapp.backup.manifest import Backup, RefusedError
from mcapp.backup.server import Server
from mcapp.backup.shell import PodShell, Shell, ShellError
from mcapp.errors import FailedError, UserError
from mcapp.kube.job import running_pod
from mcapp.kube.kubectl import Kubectl, reason
from mcapp.progress import Meter, step

_SCRIPT = 'sh "$SCRIPTS/backup.sh" '


@dataclass(frozen=True)
class Volume:
    """The volume, in a pod of the kind that the CronJob starts."""

    shell: Shell

    def create(self, server: Server) -> Backup:
        """Make a backup as the CronJob does; the oldest backups beyond backup.keep are deleted."""
        with step(words.STEP_DUMP_VOLUME(database=server.database, release=server.release.name)):
            said = self.shell.run(_SCRIPT + "create").decode()
        name = said.removeprefix("Made ").split(",")[0]
        return next(backup for backup in self.list() if backup.manifest.name == name)

    def list(self) -> list[Backup]:
        """Return the backups, the oldest first."""
        found = []
        for line in self.shell.run(_SCRIPT + "list").splitlines():
            size, _, document = line.partition(b" ")
            with manifest.skipped():
                found.append(Backup("", int(size), manifest.read(document, words.UNNAMED())))
        return found

    def checked(self, name: str) -> Backup:
        """Return a backup after a check of every byte.

        Raises:
            UserError: there is none of this name.
            RefusedError: it is damaged.

        """
        there = {backup.manifest.name: backup for backup in self.list()}
        if name not in there:
            remedy = words.THERE_ARE(names=list(there)[-3:]) if there else words.ANOTHER()
            raise UserError(words.NO_BACKUP_VOLUME(name=name), remedy)
        with step(words.STEP_CHECK_VOLUME(name=name)):
            try:
                self.shell.run(_SCRIPT + "check", NAME=name)
            except ShellError:
                raise RefusedError(name, words.CHECKSUMS(), words.ANOTHER()) from None
        return there[name]

    def meter(self, _backup: Backup) -> Meter | None:
        """Return None: the archive does not pass through here."""
        return None

    def pour(self, backup: Backup, _server: Server, script: str, _meter: Meter | None = None) -> None:
        """Run a script in the pod with the archive as its standard input."""
        archive = '"$BACKUPS/$NAME/archive.dump"'
        self.shell.run(f"{_SCRIPT} await; {{ {script}; }} <{archive}", NAME=backup.manifest.name)

    def pack(self, backup: Backup, packed: BinaryIO, meter: Meter) -> None:
        """Write a backup's folder to a file, as tar does."""
        script = 'tar --create --directory="$BACKUPS" "$NAME"'
        self.shell.stream(script, packed, meter, NAME=backup.manifest.name)


@contextmanager
def opened(kubectl: Kubectl, server: Server) -> Iterator[Volume]:
    """Start a pod that mounts the backup volume. It ends when this process ends, even if it is killed.

    Raises UserError where the release has no such volume, or the pod does not start.
    """
    where = server.release
    chosen = f"app.kubernetes.io/instance={where.name},app.kubernetes.io/component=db-backup"
    jobs = kubectl.select("cronjobs", where.namespace, chosen)
    if not jobs:
        remedy = words.NO_VOLUME_REMEDY(release=where.name, namespace=where.namespace)
        raise UserError(words.NO_VOLUME(release=where.name), remedy)
    job = _job(jobs[0])
    name = job["metadata"]["name"]
    made = kubectl.create(where.namespace, job)
    if made.returncode:
        raise FailedError(words.POD_REFUSED(why=reason(made)))
    try:
        with step(words.STEP_POD()):
            remedy = words.POD_WAITS_REMEDY(namespace=where.namespace)
            pod = running_pod(kubectl, where.namespace, name, problem=words.POD_WAITS, remedy=remedy)
        with _held(kubectl, where.namespace, pod):
            yield Volume(PodShell(server.shell.password, {}, kubectl, where.namespace, pod, "backup"))
    finally:
        kubectl.run("delete", "job", name, f"--namespace={where.namespace}", "--wait=false")


def _job(cronjob: dict[str, Any]) -> dict[str, Any]:
    """Return the CronJob's Job, but with a container that only waits while a client is attached to it."""
    spec = copy.deepcopy(cronjob["spec"]["jobTemplate"]["spec"])
    (container,) = spec["template"]["spec"]["containers"]
    # It ends when the attached client ends; if no client attaches, at the Job's deadline.
    container.update(command=["cat"], args=[], stdin=True, stdinOnce=True)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"{cronjob['metadata']['name']}-{secrets.token_hex(4)}",
            "labels": cronjob["metadata"]["labels"],
        },
        # A restore may take longer than a backup may.
        "spec": {**spec, "backoffLimit": 0, "ttlSecondsAfterFinished": 60, "activeDeadlineSeconds": 86400},
    }


@contextmanager
def _held(kubectl: Kubectl, namespace: str, pod: str) -> Iterator[None]:
    """Stay attached to a pod, which ends with this client."""
    attached = kubectl.start("attach", "--stdin", "--quiet", f"--namespace={namespace}", pod)
    try:
        yield
    finally:
        with suppress(subprocess.TimeoutExpired):
            attached.communicate(timeout=2)
        attached.kill()
        attached.wait()
