"""The steps of a move, in order: each is recorded when it is done, and may be done again when it was not."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from mcapp.backup import server as servers
from mcapp.backup.fingerprint import TRANSACTION, Fingerprint, parse
from mcapp.backup.server import Server
from mcapp.backup.shell import PodShell, Shell, ShellError
from mcapp.errors import FailedError, UserError
from mcapp.kube.kubectl import Kubectl
from mcapp.messages import announce
from mcapp.move import pod
from mcapp.move.release import Deployed
from mcapp.move.state import STEPS, Move, Record
from mcapp.progress import Meter, step

_READ_ONLY = """
ALTER SYSTEM SET default_transaction_read_only = on;
SELECT pg_reload_conf();
"""
_READ_WRITE = """
ALTER SYSTEM RESET default_transaction_read_only;
SELECT pg_reload_conf();
"""
# A transaction that has begun may write whatever the setting says, also if it has not yet.
_END_TRANSACTIONS = """
SELECT FROM pg_stat_activity, LATERAL pg_terminate_backend(pid)
WHERE backend_type = 'client backend' AND xact_start IS NOT NULL AND pid <> pg_backend_pid();
"""
# What the server holds beside the application's database: roles with their passwords, other databases.
_BESIDE = """
SELECT json_build_object(
  'roles', (SELECT json_agg(to_json(role) ORDER BY rolname) FROM pg_authid AS role),
  'databases', (SELECT json_agg(datname ORDER BY datname) FROM pg_database));
"""
_BASEBACKUP = "pg_basebackup --no-password --pgdata=- --format=tar --wal-method=fetch --checkpoint=fast"
# All of it is read even where tar gives up: kubectl exec would wait for that for ever.
_UNPACK = 'code=0; tar --extract --directory="$PGDATA.copy" || code=$?; cat >/dev/null; exit $code'
_SETTLE_SECONDS = 20.0
_START_SECONDS = 300.0
_GONE_SECONDS = 120


@dataclass
class Mover:
    """One run of a move: the release, the record, and the move as far as it is."""

    kubectl: Kubectl
    deployed: Deployed
    record: Record
    move: Move
    values: dict[str, Any]
    hostname: str
    tolerations: list[Any]

    @property
    def job(self) -> str:
        """The name of the Job that mounts the new volume."""
        return self.deployed.object("db-move")

    @property
    def next_claim(self) -> str:
        """The name of the new volume's claim until it takes the database's."""
        return f"{self.deployed.claim}-next"

    def run(self) -> Move:
        """Do what is left; whoever is stopped and run again goes on here.

        Raises UserError. Until the switch, writes go on again then.
        """
        steps: dict[str, Callable[[], Move]] = {
            "prepare": self.prepare,
            "stop writes": self.stop_writes,
            "copy": self.copy,
            "verify": self.verify,
            "switch": self.switch,
            "serve": self.serve,
        }
        for name in STEPS[len(self.move.done) :]:
            try:
                with step(f"{STEPS.index(name) + 1}/{len(STEPS)} {name}"):
                    self.move = self.record.save(steps[name]().after(name))
            except (UserError, KeyboardInterrupt):
                self.give_way(name)
                raise
        return self.move

    def give_way(self, name: str) -> None:
        """Let writes go on after a step before the switch has failed; say what to do after a later one."""
        if self.move.claim:
            announce("    Run this again to go on from here, or --back to return.")
        elif name != STEPS[0]:
            self.source().shell.sql(_READ_WRITE)
            self.move = self.record.save(replace(self.move, done=STEPS[:1]))
            announce("    Writes go on again.")

    def prepare(self) -> Move:
        """Have a volume made on the target's node; see that the image is there, and room."""
        source = self.source()
        workload, claim = self._live("statefulset", "db"), self._live("pvc", "postgres-pvc")
        labels = {key: value for key, value in self.record.labels.items() if not key.startswith("helm.sh/")}
        self.kubectl.apply(pod.claim(claim, self.next_claim, labels))
        if not self._waits():
            pod.remove_job(self.kubectl, self.deployed.namespace, self.job)
            job = pod.job(workload, self.job, self.next_claim, self.hostname, self.tolerations)
            self.kubectl.apply(job)
        pod.require_room(source, self.there(source))
        return self.move

    def stop_writes(self) -> Move:
        """Let the server refuse writes, in this place and on every copy of it; reads go on."""
        if not self._waits():
            self.prepare()
        stopped = time.time()
        refuse_writes(self.source())
        return replace(self.move, stopped=stopped)

    def copy(self) -> Move:
        """Copy the server's files as they are, and check each against the checksum that came along."""
        if not self._waits():
            self.prepare()
        source = self.source()
        there = self.there(source)
        there.run('pg_ctl --pgdata="$PGDATA" --silent --mode=immediate stop >/dev/null 2>&1 || true')
        there.run('rm -rf "$PGDATA" "$PGDATA.copy"; mkdir -m 700 "$PGDATA.copy"')
        meter = Meter()
        with step(f"Copying from {self.move.source} to {self.move.target}", meter):
            _pipe(source.shell, there, meter)
        there.run('pg_verifybackup --quiet --exit-on-error "$PGDATA.copy"; mv "$PGDATA.copy" "$PGDATA"; sync')
        return self.move

    def verify(self) -> Move:
        """Start the copy where nobody reaches it, and compare what it holds."""
        source = self.source()
        there = self.there(source)
        there.run('pg_ctl --pgdata="$PGDATA" --silent --mode=fast stop >/dev/null 2>&1 || true')
        there.run(pod.started())
        found = fingerprint(there, source.database)
        there.run('pg_ctl --pgdata="$PGDATA" --wait --silent --mode=fast stop')
        live = source.fingerprint()
        if differences := live.differences(found):
            shown = "; ".join(map(str, differences[:3]))
            raise FailedError(f"The copy is not what the database holds: {shown}.")
        return replace(self.move, content=digest(source, live))

    def switch(self) -> Move:
        """Stop the server, give its claim the other volume, and start it there by Helm."""
        namespace, claim = self.deployed.namespace, self.deployed.claim
        if not self.move.claim:
            if self.source().shell.sql("SHOW default_transaction_read_only;") != ["on"]:
                raise FailedError("Somebody let writes go on meanwhile.", "Run this again.")
            self.move = self.record.save(self._volumes())
        with step("Stopping the database"):
            self._stop_server()
        pod.remove(self.kubectl, namespace, self.job, self.next_claim)
        live = self.kubectl.object("pvc", claim, namespace)
        if live and live["spec"].get("volumeName") != self.move.new:
            self.kubectl.must("delete", "pvc", claim, f"--namespace={namespace}", "--wait=true")
            live = None
        if live is None:
            # Kept for this claim: a volume that nobody claims would go to whoever comes first.
            owner = {"namespace": namespace, "name": claim, "uid": None, "resourceVersion": None}
            patch = json.dumps({"spec": {"claimRef": owner}})
            self.kubectl.must("patch", "pv", self.move.new, "--type=merge", f"--patch={patch}")
            self.kubectl.apply(self.move.claim)
        self._await_bound()
        with step(f"helm upgrade {self.deployed.name}: the database starts on {self.move.target}"):
            self.deployed.upgrade(self.values)
            self.source(_START_SECONDS)
        self._retain(self.move.new, self.move.policy)
        return self.move

    def serve(self) -> Move:
        """Let the server take writes in its new place."""
        server = self.source()
        # Said before it is so: the way back must know of writes that nobody lived to record.
        self.move = self.record.save(replace(self.move, writable=True))
        server.shell.sql(_READ_WRITE)
        return replace(self.move, seconds=round(time.time() - self.move.stopped, 1))

    def source(self, seconds: float = _SETTLE_SECONDS) -> Server:
        """Return the release's server, as soon as it is ready. UserError if that takes longer."""
        until = time.monotonic() + seconds
        while True:
            try:
                return servers.find(self.kubectl, self.deployed.namespace, self.deployed.name)
            except UserError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)

    def there(self, source: Server) -> PodShell:
        """Return the shell of the pod that mounts the new volume."""
        return pod.shell(self.kubectl, self.deployed.namespace, self.job, source.shell.password)

    def _waits(self) -> bool:
        """Tell whether the Job is there and not over: it ends with its node, and after some hours."""
        job = self.kubectl.object("job", self.job, self.deployed.namespace)
        over = {"Complete", "Failed", "FailureTarget"}
        return job is not None and not any(
            one["type"] in over and one["status"] == "True"
            for one in job.get("status", {}).get("conditions", ())
        )

    def _live(self, kind: str, name: str) -> dict[str, Any]:
        found = self.kubectl.object(kind, self.deployed.object(name), self.deployed.namespace)
        if found is None:
            raise FailedError(f"{kind} {self.deployed.object(name)} is gone.")
        return found

    def _volumes(self) -> Move:
        """Return the move with both volumes safe from their claims' end, and the claim to be made again."""
        live = self._live("pvc", "postgres-pvc")
        new = self.move.new or self.kubectl.object("pvc", self.next_claim, self.deployed.namespace)
        name = new if isinstance(new, str) else str((new or live)["spec"]["volumeName"])
        for volume in (self.move.old, name):
            self._retain(volume, "Retain")
        metadata = live["metadata"]
        bound = ("pv.kubernetes.io/", "volume.kubernetes.io/", "volume.beta.kubernetes.io/")
        annotations = metadata.get("annotations", {}).items()
        claim = pod.claim(live, metadata["name"], metadata["labels"])
        claim["metadata"]["annotations"] = {key: one for key, one in annotations if not key.startswith(bound)}
        claim["spec"]["volumeName"] = name
        return replace(self.move, new=name, claim=claim)

    def _retain(self, volume: str, policy: str) -> None:
        patch = f'--patch={{"spec":{{"persistentVolumeReclaimPolicy":"{policy}"}}}}'
        self.kubectl.must("patch", "pv", volume, "--type=merge", patch)

    def _stop_server(self) -> None:
        """Stop the server and wait until its pod is gone: from here on nobody reaches the database."""
        within = (f"--namespace={self.deployed.namespace}", "--ignore-not-found")
        db = self.deployed.object("db")
        live = self.kubectl.object("pvc", self.deployed.claim, self.deployed.namespace)
        if live and live["spec"].get("volumeName") == self.move.new:
            return
        # Helm makes it anew. Scaled to none it would be in the way: the count would no longer be Helm's.
        self.kubectl.must("delete", "statefulset", db, *within, "--wait=false", "--cascade=orphan")
        self.kubectl.must("delete", "pod", f"{db}-0", *within, "--wait=false")
        until = time.monotonic() + _GONE_SECONDS
        there = (("statefulset", db), ("pod", f"{db}-0"))
        while any(self.kubectl.object(kind, name, self.deployed.namespace) for kind, name in there):
            if time.monotonic() > until:
                raise FailedError(f"Pod {db}-0 does not end.", "Run this again when it has.")
            time.sleep(0.3)

    def _await_bound(self) -> None:
        until = time.monotonic() + _SETTLE_SECONDS
        while (found := self._live("pvc", "postgres-pvc")).get("status", {}).get("phase") != "Bound":
            if time.monotonic() > until:
                raise FailedError(f"Claim {found['metadata']['name']} is not bound.")
            time.sleep(0.3)


def undo(mover: Mover) -> None:
    """Leave everything as it was before a move that has not been switched."""
    with step("Removing the copy"):
        mover.source().shell.sql(_READ_WRITE)
        pod.remove(mover.kubectl, mover.deployed.namespace, mover.job, mover.next_claim)
    mover.record.forget()


def returned(mover: Mover) -> Move:
    """Return the move that goes back to the volume that was kept.

    Raises UserError where something was written since: it is not on that volume.
    """
    move = mover.move
    stopped = move.stopped
    if move.finished or move.writable:
        source, stopped = mover.source(), time.time()
        try:
            refuse_writes(source)
            same = digest(source, source.fingerprint()) == move.content
        except BaseException:
            source.shell.sql(_READ_WRITE)
            raise
        if not same:
            source.shell.sql(_READ_WRITE)
            raise FailedError(
                f"Something was written since the move: it is not on the volume on {move.source}.",
                f"--discard-old, then `--to {move.source}` moves it along.",
            )
    return replace(
        move,
        to=move.source,
        source=move.target,
        target=move.source,
        old=move.new,
        new=move.old,
        topology=move.was,
        was=move.topology,
        back=True,
        writable=False,
        stopped=stopped,
        done=STEPS[:4],
        claim={**move.claim, "spec": {**move.claim["spec"], "volumeName": move.old}},
    )


def fingerprint(shell: PodShell, database: str) -> Fingerprint:
    """Return what the copy holds."""
    (line,) = shell.sql(TRANSACTION, database)
    return parse(line)


def refuse_writes(source: Server) -> None:
    """Let a server refuse writes from now on, those of transactions that have begun, too.

    Raises UserError where it goes on taking them.
    """
    source.shell.sql(_READ_ONLY)
    until = time.monotonic() + _SETTLE_SECONDS
    while source.shell.sql("SHOW default_transaction_read_only;") != ["on"]:
        if time.monotonic() > until:
            raise FailedError("The server does not stop taking writes.")
    source.shell.sql(_END_TRANSACTIONS)


def digest(source: Server, found: Fingerprint) -> str:
    """Return one text that is the same for the same content, sequences and grants, roles and databases."""
    return f"{found.content} {hash_of(found.document)} {hash_of(source.shell.sql(_BESIDE))}"


def hash_of(document: Any) -> str:
    """Return the SHA-256 of a document as JSON."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _pipe(source: Shell, there: PodShell, meter: Meter) -> None:
    """Stream the server's files from one pod into the other. ShellError if either end fails."""
    readable, writable = os.pipe()
    failed: list[ShellError] = []

    def send() -> None:
        try:
            with os.fdopen(writable, "wb") as pipe:
                source.stream(_BASEBACKUP, pipe, meter)
        except ShellError as error:
            failed.append(error)
        except BrokenPipeError:
            # The other end has its own reason to tell.
            return

    sending = threading.Thread(target=send, daemon=True)
    sending.start()
    try:
        with os.fdopen(readable, "rb") as pipe:
            there.run(_UNPACK, stdin=pipe)
    finally:
        sending.join()
        if failed:
            # What the other end says of a stream that was cut off tells nobody why.
            raise failed[0]


def discard(kubectl: Kubectl, move: Move) -> None:
    """Delete the kept volume with its data, as its class does once nobody claims it."""
    if kubectl.object("pv", move.old) is None:
        return
    patch = '--patch={"spec":{"persistentVolumeReclaimPolicy":"Delete"}}'
    kubectl.must("patch", "pv", move.old, "--type=merge", patch)
    until = time.monotonic() + _GONE_SECONDS
    while kubectl.object("pv", move.old):
        if time.monotonic() > until:
            raise FailedError(
                f"Volume {move.old} is not gone yet.", f"`kubectl describe pv {move.old}` tells why."
            )
        time.sleep(0.5)
