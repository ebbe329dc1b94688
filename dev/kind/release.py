"""The Helm release on a cluster: installed, brought up to date only where something differs, and tested."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.kind.cluster import Cluster
from dev.kind.process import logged, output, succeeds
from dev.kind.programs import command
from mcapp.config import CHART, NAMESPACE, RELEASE
from mcapp.errors import FailedError, UserError
from mcapp.messages import announce
from mcapp.progress import step

# A leader that is lost leaves two, who are more than half.
HA_NODES = 3
_ASK = (
    "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8008/cluster', timeout=5).read().decode())"
)
# The workload of every member of the database but the first.
OTHERS = "db-ha"
WAIT = ("--wait", "--timeout", "5m")
# The Jobs of `helm test`, in the order in which Helm runs them.
TESTS = ("test-chain", "test-database")


@dataclass(frozen=True)
class Release:
    """The release mcapp in namespace mcapp of one cluster."""

    cluster: Cluster

    def helm(self, *arguments: str | Path) -> str:
        """Run a quick helm command in the release's namespace and return what it printed."""
        return output([command("helm"), *arguments, "--namespace", NAMESPACE], env=self.cluster.env())

    def exists(self) -> bool:
        """Tell whether the release is installed, well or badly."""
        return succeeds([command("helm"), "status", RELEASE, "-n", NAMESPACE], env=self.cluster.env())

    def deployed(self) -> bool:
        """Tell whether the release's last revision went well."""
        status: str = json.loads(self.helm("status", RELEASE, "--output", "json"))["info"]["status"]
        return status == "deployed"

    def apply(self, values: Path) -> bool:
        """Install the release, or upgrade it where its objects would change; tell whether anything was done.

        Raises:
            UserError: Helm gives up, with what it said and the state of the pods.

        """
        if not self.exists():
            self._change("install", values, "--create-namespace")
            return True
        if self.deployed() and self._rendered(values) == self.helm("get", "manifest", RELEASE).strip():
            announce("==> Release mcapp is up to date")
            return False
        self._change("upgrade", values)
        return True

    def restart(self, *tiers: str) -> None:
        """Let the pods of these tiers start anew, as after a new image under the old tag."""
        # A release with members has no pod of the image `db`, one without has none of `db-ha`.
        unused = "db" if self.has_members() else "db-ha"
        for tier in tiers:
            if tier == unused:
                continue
            if tier == "db-ha":
                self.cluster.kubectl("-n", NAMESPACE, "rollout", "restart", f"statefulset/{OTHERS}")
            if tier in ("db", "db-ha"):
                # A rolling restart waits for a pod that crashes; there is only one pod to replace anyway.
                self.cluster.kubectl("-n", NAMESPACE, "delete", "pod", "db-0", "--ignore-not-found")
            else:
                self.cluster.kubectl("-n", NAMESPACE, "rollout", "restart", f"deployment/{tier}")

    def wait(self) -> None:
        """Wait until every tier runs what it should run.

        Raises:
            UserError: one of them does not within three minutes.

        """
        others = [f"statefulset/{OTHERS}"] if self.has_members() else []
        for workload in ("statefulset/db", *others, "deployment/api", "deployment/web"):
            self.cluster.kubectl("-n", NAMESPACE, "rollout", "status", workload, "--timeout=3m")

    def has_members(self) -> bool:
        """Tell whether the database is one of several members (db.mode ha)."""
        found = self.cluster.kubectl(
            "-n", NAMESPACE, "get", "statefulset", OTHERS, "--ignore-not-found", "-o", "name"
        )
        return bool(found.strip())

    def database_pod(self) -> str:
        """Return the pod whose PostgreSQL takes writes: of several members the leader.

        Raises:
            UserError: none leads just now, or several are said to.

        """
        if not self.has_members():
            return "db-0"
        label = "app.kubernetes.io/component=db,mcapp/role=primary"
        pods = self.cluster.get("pods", "-n", NAMESPACE, "-l", label)["items"]
        names = [str(pod["metadata"]["name"]) for pod in pods]
        if len(names) != 1:
            raise UserError(f"One pod of db should lead, and {', '.join(names) or 'none'} does.")
        return names[0]

    def wait_gone(self, seconds: float = 60) -> None:
        """Wait until no pod of the release is on its way out.

        Raises:
            UserError: one is left when the time is over.

        """
        until = time.monotonic() + seconds
        while going := [pod for pod in self.pods() if "deletionTimestamp" in pod["metadata"]]:
            if time.monotonic() > until:
                names = ", ".join(pod["metadata"]["name"] for pod in going)
                raise FailedError(f"Still on their way out: {names}.")
            time.sleep(0.2)

    def pods(self, tier: str = "web,api,db") -> list[dict[str, Any]]:
        """Return the pods of a tier, or of all of them, as Kubernetes describes them."""
        label = f"app.kubernetes.io/component in ({tier})"
        items: list[dict[str, Any]] = self.cluster.get("pods", "-n", NAMESPACE, "-l", label)["items"]
        return items

    def volume_place(self) -> tuple[str, str]:
        """Return the node that holds the volume of db-0, and the folder there."""
        name = self.cluster.get("pvc", "postgres-pvc", "-n", NAMESPACE)["spec"]["volumeName"]
        spec = self.cluster.get("pv", name)["spec"]
        (term,) = spec["nodeAffinity"]["required"]["nodeSelectorTerms"]
        (node,) = term["matchExpressions"][0]["values"]
        return node, (spec.get("hostPath") or spec.get("local"))["path"]

    def test(self) -> str:
        """Run `helm test`: a row through all three tiers, names and logins; return what the Jobs printed.

        Raises:
            UserError: something of it does not work; the message holds what the Jobs printed.

        """
        with step(f"helm test {RELEASE} -n {NAMESPACE}"):
            arguments = ("test", RELEASE, "-n", NAMESPACE, "--timeout", "90s")
            before = self._tests()
            passed = succeeds([command("helm"), *arguments], env=self.cluster.env(), timeout=120)
            # `helm test --logs` knows Pods only; the Jobs' logs tell what broke. Helm ends at the first that
            # fails, and leaves the later ones of another time in place.
            ran = [name for name, uid in self._tests().items() if before.get(name) != uid]
            logs = (
                self.cluster.kubectl("-n", NAMESPACE, "logs", f"job/{name}", "--tail=-1")
                for name in TESTS
                if name in ran
            )
            shown = "\n".join(logs)
        if not passed:
            raise FailedError(
                f"helm test failed:\n{shown}\n",
                "The README's section on what to do when it does not come up goes on from here.",
            )
        return shown

    def _tests(self) -> dict[str, str]:
        """Return the Jobs of `helm test` that are there, by name, each with its uid."""
        jobs = (item["metadata"] for item in self.cluster.get("jobs", "-n", NAMESPACE)["items"])
        return {job["name"]: job["uid"] for job in jobs if job["name"] in TESTS}

    def sql(self, statement: str) -> list[str]:
        """Run SQL as the superuser in db's pod; return a line for each row, `|` between its columns."""
        psql = (
            'PGPASSWORD="$POSTGRES_PASSWORD" psql -qtAX -v ON_ERROR_STOP=1 -U postgres -d "$POSTGRES_DB" -f -'
        )
        into = ("-n", NAMESPACE, "exec", "-i", self.database_pod(), "-c", "postgres", "--")
        shown = output([command("kubectl"), *into, "sh", "-c", psql], env=self.cluster.env(), stdin=statement)
        return shown.splitlines()

    def _rendered(self, values: Path) -> str:
        """Return the objects that an upgrade would make, the live Secret looked up."""
        shown = self.helm("upgrade", RELEASE, CHART, "-f", values, "--dry-run=server", "--output", "json")
        manifest: str = json.loads(shown)["manifest"]
        return manifest.strip()

    def _change(self, verb: str, values: Path, *flags: str) -> None:
        shown = values.name
        with step(
            f"helm {verb} {RELEASE} chart/mcapp -n {NAMESPACE} {' '.join((*flags, '-f', shown))} --wait"
        ):
            logged(
                "helm",
                [command("helm"), verb, RELEASE, CHART, "-n", NAMESPACE, *flags, "-f", values, *WAIT],
                env=self.cluster.env(),
            )


def members(release: Release) -> list[dict[str, Any]]:
    """Return the members as the leader sees them: name, role, state, lag; none where nobody leads."""
    try:
        into = ("-n", NAMESPACE, "exec", release.database_pod(), "-c", "postgres", "--")
        shown = release.cluster.kubectl(*into, "python", "-c", _ASK)
    except UserError:
        return []
    found: list[dict[str, Any]] = json.loads(shown)["members"]
    return found
