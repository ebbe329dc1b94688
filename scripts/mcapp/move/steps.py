"""The steps of a move, in order. Each is recorded when it is done; one that is not recorded is done again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from mcapp.backup import server as servers
from mcapp.backup.server import Server
from mcapp.backup.shell import PodShell
from mcapp.errors import FailedError, UserError
from mcapp.genvalues.storage import CLAIM
from mcapp.kube.kubectl import Kubectl
from mcapp.kube.pods import is_true
from mcapp.kube.volumes import claim_like, set_policy
from mcapp.messages import announce
from mcapp.move import basebackup, content, pod, volumes, words, writes
from mcapp.move.release import Deployed
from mcapp.move.state import STEPS, Move, Record
from mcapp.progress import Meter, step
from mcapp.wait import until

_SETTLE_SECONDS = 20.0
_START_SECONDS = 300.0
_GONE_SECONDS = 120.0


@dataclass
class Mover:
    """One run of a move: the release, the record, and the move as far as it is done.

    `values` are those of the place that it goes to; `hostname` and `tolerations` are for the pod that
    mounts the new volume.
    """

    deployed: Deployed
    record: Record[Move]
    move: Move
    values: dict[str, Any]
    hostname: str
    tolerations: list[Any]

    @property
    def kubectl(self) -> Kubectl:
        """The release's kubectl."""
        return self.deployed.kubectl

    @property
    def job(self) -> str:
        """The name of the Job that mounts the new volume."""
        return self.deployed.object("db-move")

    @property
    def next_claim(self) -> str:
        """The name of the new volume's claim until the switch."""
        return f"{self.deployed.claim}-next"

    def run(self) -> Move:
        """Do the steps that are left. A run after one that was stopped goes on here.

        Raises UserError. If a step before the switch has failed, the server takes writes again.
        """
        steps: dict[str, Callable[[], Move]] = {
            "prepare": self.prepare,
            "stop writes": self.stop_writes,
            "copy": self.copy,
            "verify": self.verify,
            "switch": self.switch,
            "serve": self.serve,
        }
        for number, name in list(enumerate(STEPS, 1))[len(self.move.done) :]:
            try:
                with step(words.STEP_TITLE(number=number, count=len(STEPS), name=words.STEP[name]())):
                    self.move = self.record.save(steps[name]().after(name))
            except (UserError, KeyboardInterrupt):
                self.give_way(name)
                raise
        return self.move

    def give_way(self, name: str) -> None:
        """After a failure, allow writes if it was before the switch, else say how to go on."""
        if self.move.claim:
            announce(words.GO_ON())
        elif name != STEPS[0]:
            writes.allow(self.source())
            self.move = self.record.save(replace(self.move, done=STEPS[:1]))
            announce(words.WRITES_AGAIN())

    def prepare(self) -> Move:
        """Have a volume made on the target node; check that the image starts there and the data fit."""
        source = self.source()
        workload = volumes.must_exist(self.deployed, "statefulset", "db")
        claim = volumes.must_exist(self.deployed, "pvc", CLAIM)
        labels = {key: value for key, value in self.record.labels.items() if not key.startswith("helm.sh/")}
        self.kubectl.apply(claim_like(claim, self.next_claim, labels))
        if not self._job_runs():
            pod.remove_job(self.kubectl, self.deployed.namespace, self.job)
            job = pod.job(workload, self.job, self.next_claim, self.hostname, self.tolerations)
            self.kubectl.apply(job)
        pod.require_space(source, self.there(source))
        return self.move

    def stop_writes(self) -> Move:
        """Let the server refuse writes, here and in every copy of it. Reads go on."""
        if not self._job_runs():
            self.prepare()
        stopped = time.time()
        writes.refuse(self.source())
        return replace(self.move, stopped=stopped)

    def copy(self) -> Move:
        """Copy the server's files as they are, and check each by its checksum."""
        if not self._job_runs():
            self.prepare()
        source = self.source()
        there = self.there(source)
        basebackup.prepare(there)
        meter = Meter()
        with step(words.STEP_COPY(source=self.move.source, target=self.move.target), meter):
            basebackup.stream(source.shell, there, meter)
        basebackup.check(there)
        return self.move

    def verify(self) -> Move:
        """Start the copy where no client reaches it, and compare what it holds."""
        source = self.source()
        there = self.there(source)
        there.run('pg_ctl --pgdata="$PGDATA" --silent --mode=fast stop >/dev/null 2>&1 || true')
        there.run(pod.started())
        found = content.of_copy(there, source.database)
        there.run('pg_ctl --pgdata="$PGDATA" --wait --silent --mode=fast stop')
        live = source.fingerprint()
        if differences := live.differences(found):
            shown = [difference.text for difference in differences]
            raise FailedError(words.NOT_THE_SAME(differences=shown))
        return replace(self.move, content=content.digest(source, live))

    def switch(self) -> Move:
        """Stop the server, give its claim the other volume, and start it there by Helm."""
        if not self.move.claim:
            if not writes.refused(self.source()):
                raise FailedError(words.WRITES_MEANWHILE(), words.AGAIN())
            self.move = self.record.save(volumes.retain_both(self.deployed, self.move, self.next_claim))
        with step(words.STEP_STOP()):
            self._stop_server()
        pod.remove(self.kubectl, self.deployed.namespace, self.job, self.next_claim)
        volumes.switch(self.deployed, self.move)
        with step(words.STEP_UPGRADE(release=self.deployed.name, node=self.move.target)):
            self.deployed.upgrade(self.values)
            self.source(_START_SECONDS)
        set_policy(self.kubectl, self.move.new, self.move.policy)
        return self.move

    def serve(self) -> Move:
        """Let the server take writes in its new place."""
        server = self.source()
        # Recorded first: if this run is killed next, the way back must know that writes were possible.
        self.move = self.record.save(replace(self.move, writable=True))
        writes.allow(server)
        return replace(self.move, seconds=round(time.time() - self.move.stopped, 1))

    def source(self, seconds: float = _SETTLE_SECONDS) -> Server:
        """Return the release's server as soon as it is ready. UserError if that takes longer."""
        namespace, name = self.deployed.namespace, self.deployed.name
        return until(lambda: servers.find(self.kubectl, namespace, name), seconds, forgive=(UserError,))

    def there(self, source: Server) -> PodShell:
        """Return the shell of the pod that mounts the new volume."""
        return pod.shell(self.kubectl, self.deployed.namespace, self.job, source.shell.password)

    def _job_runs(self) -> bool:
        """Whether the Job is there and not over: it ends with its node, and after some hours."""
        job = self.kubectl.object("job", self.job, self.deployed.namespace)
        ends = ("Complete", "Failed", "FailureTarget")
        return job is not None and not any(is_true(job, end) for end in ends)

    def _stop_server(self) -> None:
        """Stop the server and wait until its pod is gone: from then on no client reaches the database."""
        if volumes.switched(self.deployed, self.move):
            return
        namespace, db = self.deployed.namespace, self.deployed.object("db")
        within = (f"--namespace={namespace}", "--ignore-not-found")
        # Deleted, and made again by Helm. Scaled to 0, the number of replicas would no longer be Helm's.
        self.kubectl.must("delete", "statefulset", db, *within, "--wait=false", "--cascade=orphan")
        self.kubectl.must("delete", "pod", f"{db}-0", *within, "--wait=false")
        both = (("statefulset", db), ("pod", f"{db}-0"))

        def gone() -> bool:
            return not any(self.kubectl.object(kind, name, namespace) for kind, name in both)

        if not until(gone, _GONE_SECONDS):
            raise FailedError(words.POD_STAYS(pod=f"{db}-0"), words.POD_STAYS_REMEDY())
