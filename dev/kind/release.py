"""The Helm release on a cluster: install it, upgrade it where an object would change, test it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from dev.kind.client import Client
from dev.kind.process import logged, output, succeeds
from dev.kind.programs import command
from mcapp import wait
from mcapp.config import CHART, RELEASE
from mcapp.errors import FailedError, UserError
from mcapp.kube import release as kube_release
from mcapp.kube.kubectl import Kubectl
from mcapp.messages import announce
from mcapp.move.modes.members import ASK
from mcapp.progress import step

# Two of three members are a majority when the leader is lost.
HA_NODES = 3
WAIT = ("--wait", "--timeout", "5m")
# The Jobs of `helm test`, in the order in which Helm runs them.
TESTS = ("test-chain", "test-database")

# After Helm's last word: with a helm on this machine more than its --timeout above, else a moment.
_HELM_WAITS, _NO_HELM = timedelta(minutes=6), timedelta(seconds=5)
_GONE_SECONDS = 120
_ENDING = ("--output=jsonpath={.metadata.deletionTimestamp}|{.status.conditions[*].message}",)


def helm_runs() -> bool:
    """Tell whether a helm runs on this machine, which has the cluster to itself."""
    for comm in Path("/proc").glob("[0-9]*/comm"):
        # A process may end meanwhile.
        with suppress(OSError):
            if comm.read_text().strip() == "helm":
                return True
    return False


@dataclass(frozen=True)
class Release(Client):
    """A release by name, with the objects of its namespace."""

    name: str = RELEASE

    def helm(self, verb: str, *arguments: str | Path, stdin: str | None = None) -> str:
        """Run a quick helm command, such as `history` or `get manifest`, on the release.

        Returns its standard output, stripped.

        Raises:
            UserError: Helm fails; the message holds what it said.

        """
        return output(self._helm(verb, *arguments), env=self.cluster.env(), stdin=stdin)

    def upgrade(self, *settings: str, chart: Path = CHART, flags: Iterable[str] = ()) -> None:
        """Upgrade the release with these settings, as `api.replicas=3`, over the values that it has.

        Raises:
            UserError: Helm fails; the message holds what it said.

        """
        values = [word for setting in settings for word in ("--set", setting)]
        self.helm("upgrade", chart, "--reset-then-reuse-values", *values, *flags)

    def exists(self) -> bool:
        """Tell whether the release is installed, whatever its state."""
        return succeeds(self._helm("status"), env=self.cluster.env())

    def settle(self) -> str:
        """End what an earlier run has left half-done, and return Helm's word for the release, "" if none.

        A namespace that is being deleted is waited for, and so is another helm on this machine. An uninstall
        that was cut off is finished: claims and Secrets stay, as in any other uninstall.

        Raises:
            FailedError: the namespace stays, or kubectl fails; the message holds what it said.

        """
        self._await_namespace()
        kubectl = Kubectl(str(command("kubectl")), str(self.cluster.kubeconfig))
        patience = _HELM_WAITS if helm_runs() else _NO_HELM
        status = kube_release.settle(kubectl, self.namespace, self.name, patience)
        if status == kube_release.UNINSTALLING:
            with step(f"helm uninstall {self.name}: an earlier one was cut off"):
                self.helm("uninstall", "--wait")
            return ""
        return status

    def _await_namespace(self) -> None:
        def ending() -> str:
            shown = self.cluster.kubectl("get", "namespace", self.namespace, "--ignore-not-found", *_ENDING)
            since, _, told = shown.partition("|")
            return (told or since) if since else ""

        if not ending():
            return
        with step(f"Waiting until the old namespace {self.namespace} is gone"):
            if not wait.until(lambda: not ending(), _GONE_SECONDS, pause=1):
                raise FailedError(
                    f"Namespace {self.namespace} is being deleted, and stays: {ending()}",
                    "Remove what it names, or the finalizers of that; then run this again.",
                )

    def apply(self, values: Path) -> bool:
        """Install the release, or upgrade it where its objects would change; tell whether Helm changed it.

        Raises:
            UserError: Helm fails; the message holds what it said.

        """
        status = self.settle()
        if status in ("", "uninstalled"):
            # A history that `helm uninstall --keep-history` has kept is gone on with.
            kept = ("--replace",) if status else ()
            self._change("install", values, "--create-namespace", *kept)
            return True
        if status == "deployed" and self._rendered(values) == self.helm("get manifest").strip():
            announce(f"==> Release {self.name} is up to date")
            return False
        self._change("upgrade", values)
        return True

    def restart(self, *tiers: str) -> None:
        """Replace the pods of these tiers, as after another build of an image with the same tag."""
        is_ha = self.is_ha()
        # An install that was cut off may have made only some of them.
        there = self.kubectl("get", "deployments,statefulsets", "--output", "name").split()
        for tier in tiers:
            # `db-ha` is the image of the database in mode ha, and `db` that of one server.
            of_db = tier in ("db", "db-ha")
            workload = "statefulset.apps/db" if of_db else f"deployment.apps/{tier}"
            if workload not in there or (of_db and is_ha != (tier == "db-ha")):
                continue
            if tier == "db":
                # A rolling restart waits for a pod that crashes, and there is only one pod to replace.
                self.kubectl("delete", "pod", "db-0", "--ignore-not-found")
            else:
                self.kubectl("rollout", "restart", workload)

    def wait(self) -> None:
        """Wait until the rollout of every tier is complete.

        Raises:
            UserError: one takes more than three minutes.

        """
        for workload in ("statefulset/db", "deployment/api", "deployment/web"):
            self.kubectl("rollout", "status", workload, "--timeout=3m")

    def is_ha(self) -> bool:
        """Tell whether the database has several members (db.mode ha)."""
        chosen = ("--selector", "app.kubernetes.io/component=db,mcapp/mode=ha")
        return bool(self.kubectl("get", "statefulsets", *chosen, "--output", "name"))

    def database_pod(self) -> str:
        """Return the pod whose PostgreSQL takes writes: in mode ha the one the Service sends to.

        Raises:
            UserError: the Service sends to no pod.

        """
        if not self.is_ha():
            return "db-0"
        # Not by its label, which stays on a pod whose node is lost.
        slices = self.get("endpointslices", "--selector", "kubernetes.io/service-name=db")["items"]
        entries = [entry for item in slices for entry in item.get("endpoints") or ()]
        names = [str(entry["targetRef"]["name"]) for entry in entries if "targetRef" in entry]
        if len(names) != 1:
            raise FailedError(f"One pod of db should be the leader; these are: {', '.join(names) or 'none'}.")
        return names[0]

    def members(self) -> list[dict[str, Any]]:
        """Return the members as the leader sees them: name, role, state, lag. Without a leader: none."""
        try:
            ask = ("python", "-c", ASK, "GET", "/cluster")
            shown = self.exec(self.database_pod(), *ask, container="postgres")
        except UserError:
            return []
        members: list[dict[str, Any]] = json.loads(shown)["members"]
        return members

    def wait_gone(self, seconds: float = 60) -> None:
        """Wait until no pod of a tier is terminating.

        Raises:
            UserError: one still is when the time is over.

        """
        if not wait.until(lambda: not self._terminating(), seconds):
            raise FailedError(f"Still terminating: {', '.join(self._terminating())}.")

    def _terminating(self) -> list[str]:
        metadata = (pod["metadata"] for pod in self.pods())
        return [pod["name"] for pod in metadata if "deletionTimestamp" in pod]

    def pods(self, tier: str = "web,api,db") -> list[dict[str, Any]]:
        """Return the pods of a tier, or of all tiers, as Kubernetes describes them."""
        label = f"app.kubernetes.io/component in ({tier})"
        items: list[dict[str, Any]] = self.get("pods", "--selector", label)["items"]
        return items

    def volume_place(self) -> tuple[str, str]:
        """Return the node that holds the volume of a single server, and the volume's folder there."""
        name = self.get("pvc", "postgres-pvc")["spec"]["volumeName"]
        spec = self.cluster.get("pv", name)["spec"]
        (term,) = spec["nodeAffinity"]["required"]["nodeSelectorTerms"]
        (node,) = term["matchExpressions"][0]["values"]
        return node, (spec.get("hostPath") or spec.get("local"))["path"]

    def test(self) -> str:
        """Run `helm test`: a row through all three tiers, names and logins. Return the log of the Jobs.

        Raises:
            UserError: a Job fails; the message holds the log.

        """
        with step(f"helm test {self.name} -n {self.namespace}"):
            before = self._tests()
            words = self._helm("test", "--timeout", "90s")
            passed = succeeds(words, env=self.cluster.env(), timeout=120)
            # `helm test --logs` reads the logs of Pods only, and these are Jobs. Helm stops at the first Job
            # that fails, and the later Jobs of an earlier run are still there.
            ran = [name for name, uid in self._tests().items() if before.get(name) != uid]
            shown = "\n".join(self.logs(f"job/{name}", "--tail=-1") for name in TESTS if name in ran)
        if not passed:
            raise FailedError(
                f"helm test failed:\n{shown}\n",
                "The README's section on what to do when it does not come up has the next steps.",
            )
        return shown

    def sql(self, statement: str) -> list[str]:
        """Run SQL as the superuser in db's pod; return a line for each row, `|` between its columns."""
        psql = (
            'PGPASSWORD="$POSTGRES_PASSWORD" psql -qtAX -v ON_ERROR_STOP=1 -U postgres -d "$POSTGRES_DB" -f -'
        )
        return self.exec(
            self.database_pod(), "sh", "-c", psql, container="postgres", stdin=statement
        ).splitlines()

    def _tests(self) -> dict[str, str]:
        """Return the Jobs of `helm test` that exist: the uid by name."""
        jobs = (item["metadata"] for item in self.get("jobs")["items"])
        return {job["name"]: job["uid"] for job in jobs if job["name"] in TESTS}

    def _rendered(self, values: Path) -> str:
        """Return the manifest that an upgrade would apply, rendered with the live Secret."""
        shown = self.helm("upgrade", CHART, "--values", values, "--dry-run=server", "--output", "json")
        manifest: str = json.loads(shown)["manifest"]
        return manifest.strip()

    def _change(self, verb: str, values: Path, *flags: str) -> None:
        options = " ".join((*flags, "-f", values.name))
        with step(f"helm {verb} {self.name} chart/mcapp -n {self.namespace} {options} --wait"):
            words = self._helm(verb, CHART, *flags, "--values", values, *WAIT)
            logged("helm", words, env=self.cluster.env())

    def _helm(self, verb: str, *arguments: str | Path) -> list[str | Path]:
        return [command("helm"), *verb.split(), self.name, *arguments, "--namespace", self.namespace]
