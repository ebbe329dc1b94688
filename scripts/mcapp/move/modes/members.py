"""The members of mode ha as Patroni tells of them in their pods, and what it is asked to do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from mcapp.backup import server as servers
from mcapp.backup.server import ROLE, Server
from mcapp.errors import FailedError
from mcapp.kube.job import runs, waits_for
from mcapp.kube.kubectl import Kubectl, reason
from mcapp.kube.pods import ready
from mcapp.messages import Text
from mcapp.move.modes import words
from mcapp.move.release import Deployed

MODE, HA = "mcapp/mode", "ha"
CONTAINER = "postgres"
# Patroni's state of a cluster.
STATE = ("db", "db-config", "db-failover", "db-sync")
# The Services that hold it, which Helm keeps.
HOLDERS = ("db-config", "db-sync")
# Runs in a member's pod: `METHOD /path`. A change has its settings on standard input, with a password.
ASK = """
import base64, os, ssl, sys, urllib.request as u, yaml
with open("/tmp/patroni.yaml") as file:
    config = yaml.safe_load(file)
login = base64.b64encode(f"patroni:{os.environ['REPLICATION_PASSWORD']}".encode()).decode()
headers = {"Content-Type": "application/json", "Authorization": f"Basic {login}"}
context = None
if "certfile" in config["restapi"]:
    context = ssl.create_default_context(cafile=config["ctl"]["cacert"])
    # No certificate has this address, which does not leave the pod.
    context.check_hostname = False
url = f"http{'s' if context else ''}://127.0.0.1:8008{sys.argv[2]}"
body = None if sys.argv[1] == "GET" else sys.stdin.buffer.read()
request = u.Request(url, body, headers, method=sys.argv[1])
print(u.urlopen(request, timeout=60, context=context).read().decode())
"""


@dataclass(frozen=True)
class Members:
    """The pods of a release's database."""

    deployed: Deployed

    @property
    def kubectl(self) -> Kubectl:
        """The release's kubectl."""
        return self.deployed.kubectl

    def pods(self) -> list[dict[str, Any]]:
        """Return all pods of the database, members or not."""
        chosen = f"app.kubernetes.io/instance={self.deployed.name},app.kubernetes.io/component=db"
        return self.kubectl.select("pods", self.deployed.namespace, chosen)

    def claims(self) -> list[str]:
        """Return the claims that pods of the database use."""
        volumes = [volume for pod in self.pods() for volume in pod["spec"]["volumes"]]
        return [
            one["persistentVolumeClaim"]["claimName"] for one in volumes if "persistentVolumeClaim" in one
        ]

    def members(self) -> list[dict[str, Any]]:
        """Return the pods of members."""
        return [pod for pod in self.pods() if _is_member(pod)]

    def single(self) -> dict[str, Any] | None:
        """Return the pod of the one server of mode standalone."""
        return next((pod for pod in self.pods() if not _is_member(pod)), None)

    def leader(self) -> dict[str, Any] | None:
        """Return the pod that leads, or in a move leads those that follow the server."""
        roles = ("primary", "standby_leader")
        return next((pod for pod in self.members() if ready(pod) and role(pod) in roles), None)

    def server(self, pod: dict[str, Any]) -> Server:
        """Return the server in a pod."""
        whose = servers.Release(self.deployed.name, self.deployed.namespace, "", "")
        return servers.in_pod(self.kubectl, pod, whose)

    def whole(self, count: int) -> bool:
        """Whether so many members are there, each with all that the leader has."""
        found = self.members()
        return len(found) == count and all(map(_up_to_date, found)) and self.leader() is not None

    def running(self, count: int) -> bool:
        """Whether the containers of so many members run, ready or not."""
        return len([pod for pod in self.members() if runs(pod)]) == count

    def why(self) -> Text | str:
        """Return why a member does not run: what the scheduler or its node says."""
        told = [waits_for(pod) for pod in self.members() if not runs(pod)]
        return next((one for one in told if one), words.NO_POD())

    def configure(self, pod: str, settings: dict[str, Any]) -> None:
        """Change what all members share; None removes a key. FailedError if Patroni refuses."""
        self._send(pod, "PATCH", "/config", settings)

    def refuse(self, leader: dict[str, Any], value: str | None) -> None:
        """Let all members refuse writes ("on"), also one that leads next; None takes it back."""
        settings = {"postgresql": {"parameters": {"default_transaction_read_only": value}}}
        self.configure(leader["metadata"]["name"], settings)

    def switch_over(self, leader: str) -> None:
        """Let another member lead. FailedError if Patroni refuses."""
        self._send(leader, "POST", "/switchover", {"leader": leader})

    def _send(self, pod: str, method: str, path: str, document: dict[str, Any]) -> None:
        into = (f"--namespace={self.deployed.namespace}", f"--container={CONTAINER}", pod)
        command = ("exec", "--stdin", *into, "--", "python", "-c", ASK, method, path)
        done = self.kubectl.feed(json.dumps(document).encode(), *command)
        if done.returncode:
            raise FailedError(words.PATRONI_REFUSED(pod=pod, why=reason(done)))


def role(pod: dict[str, Any]) -> str:
    """Return a member's role as Patroni has written it, "" if it has not."""
    return str(pod["metadata"]["labels"].get(ROLE, ""))


def _is_member(pod: dict[str, Any]) -> bool:
    return bool(pod["metadata"]["labels"].get(MODE) == HA)


def _up_to_date(pod: dict[str, Any]) -> bool:
    """Whether a member leads, or streams from the leader."""
    status = json.loads((pod["metadata"].get("annotations") or {}).get("status") or "{}")
    streams = "streaming" in (status.get("state"), status.get("replication_state"))
    return ready(pod) and (streams or (role(pod) == "primary" and status.get("state") == "running"))
