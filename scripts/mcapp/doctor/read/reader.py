"""All that the doctor asks the cluster and the network. It only reads."""

from __future__ import annotations

import base64
import http.client
import json
import re
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from mcapp.doctor.read import facts
from mcapp.doctor.read.manifest import CONTENT, Manifest, newest
from mcapp.doctor.read.snapshot import Object, Snapshot
from mcapp.doctor.words import POD_SILENT
from mcapp.errors import Exit, UnreachableError, UserError
from mcapp.kube.kubectl import Kubectl, reason
from mcapp.kube.release import Look, look_at, query
from mcapp.messages import translate

KINDS = (
    *("nodes", "persistentvolumes", "storageclasses", "deployments", "replicasets", "statefulsets", "pods"),
    *("services", "endpointslices", "persistentvolumeclaims", "resourcequotas", "networkpolicies", "events"),
)
_FORBIDDEN = re.compile(r'cannot (?:list|get|create) resource "([\w/]+)"')
_FOLDER = Path(__file__).parent
# Imports that are one text with the probe, or stand at its beginning.
_JOINED = re.compile(r"^from (?:__future__|mcapp\.doctor\.read\.wide) import .*\n", re.MULTILINE)
_OUTSIDE_SECONDS = 3.0
# Asked of an address that has just kept a question waiting.
_TOUCH_SECONDS = 1.2
# curl's exit codes; what is not here counts as failed.
_CURL = {0: "connected", 7: "refused", 28: "timeout"}


class Answer(NamedTuple):
    """The result of a read: its content, or why there is none."""

    content: Any
    why: str = ""


@dataclass(frozen=True)
class Reader:
    """The release to read, and the kubectl to read it with."""

    kubectl: Kubectl
    namespace: str
    release: str

    def now(self) -> datetime:
        """Return this machine's time."""
        return datetime.now(UTC)

    def snapshot(self) -> Snapshot:
        """Read the release and what it needs, in one call; UnreachableError where no cluster answers."""
        wanted = ("get", ",".join(KINDS), f"--namespace={self.namespace}", "--output=json")
        with ThreadPoolExecutor(max_workers=2) as pool:
            record = pool.submit(self.helm)
            done = self.kubectl.run(*wanted)
        told = done.stderr.decode(errors="replace")
        unread = set(_FORBIDDEN.findall(told))
        # Who may not read the release itself learns nothing of its health.
        if done.returncode and (not unread or {"deployments", "pods"} <= unread):
            raise self.kubectl.failure(done)
        items = self._items(done.stdout) if done.stdout or not done.returncode else []
        helm, manifest = record.result()
        return Snapshot(self.namespace, self.release, self.now(), items, unread, manifest, helm)

    def helm(self) -> tuple[Look | None, Manifest]:
        """Read Helm's record of the release, and what it installed; None where that may not be read."""
        try:
            printed = self.kubectl.must(*query(self.namespace, self.release, CONTENT)).decode(
                errors="replace"
            )
            seen = look_at(self.kubectl, self.namespace, self.release, printed)
            return seen, newest(seen.revisions, printed)
        except UserError as error:
            return None, Manifest(why=translate(error.problem).rstrip(".。"))

    def namespace_exists(self) -> bool:
        """Whether the namespace exists; True where that may not be read."""
        done = self.kubectl.run("get", "namespace", self.namespace, "--output=name")
        return b"NotFound" not in done.stderr

    def elsewhere(self) -> list[str]:
        """Return the releases of mcapp in any namespace, as namespace/name; [] where that may not be read."""
        chosen = "--selector=app.kubernetes.io/part-of=mcapp"
        done = self.kubectl.run("get", "deployments", "--all-namespaces", chosen, "--output=json")
        if done.returncode:
            return []
        found = (item["metadata"] for item in self._items(done.stdout))
        key = "app.kubernetes.io/instance"
        return sorted({f"{m.get('namespace')}/{(m.get('labels') or {}).get(key)}" for m in found})

    def namespace_object(self) -> Object:
        """Return the namespace, {} where it may not be read."""
        done = self.kubectl.run("get", "namespace", self.namespace, "--output", "json")
        return {} if done.returncode else self.kubectl.named(done.stdout)

    def dns(self) -> list[Object]:
        """Return the cluster's own DNS: its Deployment and pods; [] where they may not be read."""
        chosen = ("--namespace=kube-system", "--selector=k8s-app=kube-dns", "--output=json")
        done = self.kubectl.run("get", "deployments,pods", *chosen)
        return [] if done.returncode else self._items(done.stdout)

    def provisioners(self) -> list[Object]:
        """Return all Deployments, among which a provisioner is; [] where they may not be read."""
        done = self.kubectl.run("get", "deployments", "--all-namespaces", "--output=json")
        return [] if done.returncode else self._items(done.stdout)

    def inside(self, pod: str, asked: dict[str, Any]) -> Answer:
        """Run the probe in a pod of the api."""
        command = ("python", "-c", probe(), json.dumps(asked))
        done = self._exec(pod, "api", *command)
        try:
            return Answer(json.loads(done.stdout))
        except ValueError:
            return Answer(None, reason(done))

    def fetch(self, pod: str, urls: dict[str, str]) -> Answer:
        """Fetch URLs in a pod of web by curl, all at once; the answers have the shape that probe.py prints.

        They are under `tcp`, those of whole packets under `wide`; `topology`, with status and body, `tasks`
        and `self` are under `http`.
        """
        words = ["--silent", "--max-time", f"{_OUTSIDE_SECONDS:g}", "--write-out", "\n%{json}\n"]
        words += ["--parallel", "--parallel-immediate"]
        for key, url in urls.items():
            words += [url, "--output", "-" if key == "topology" else "/dev/null"]
        done = self._exec(pod, "nginx", "curl", *words)
        lines = [line for line in done.stdout.decode(errors="replace").splitlines() if line.strip()]
        told = [json.loads(line) for line in lines if line.startswith('{"') and '"urlnum"' in line]
        if not told:
            return Answer(None, reason(done))
        body = "".join(line for line in lines if '"urlnum"' not in line)
        keys = {url: key for key, url in urls.items()}
        found = {keys[one["url"]]: _fetched(one) for one in told if one["url"] in keys}
        topology = {**found.pop("topology", {}), "body": body}
        page = {key: found.pop(key) for key in ("tasks", "self") if key in found}
        wide = {key.removeprefix("wide/"): found.pop(key) for key in list(found) if key.startswith("wide/")}
        return Answer({"tcp": found, "wide": wide, "http": {"topology": topology, **page}})

    def facts(self, pod: str, secret: tuple[str, str]) -> Answer:
        """Ask PostgreSQL in db's pod why its tables cannot be used: one mapping, see facts.py.

        `secret` is the name and key of the superuser's password. `stale` in the mapping: the pod has an older
        one in its environment.
        """
        words = ("sh", "-c", facts.SCRIPT, "sh", facts.SERVER, facts.INSIDE)
        where = (f"--namespace={self.namespace}", "--container=postgres")
        done = self._exec(pod, "postgres", *words)
        stale = b"password authentication failed" in done.stderr
        if stale and (password := self._password(*secret)):
            given = ("sh", "-c", f'POSTGRES_PASSWORD="$(cat)"{facts.SCRIPT}', *words[3:])
            done = self.kubectl.feed(password, "exec", "--stdin", pod, *where, "--", *given)
        found = _facts(done)
        return Answer({**found.content, "stale": stale}) if found.content else found

    def facts_outside(self, pod: str) -> Answer:
        """Ask an external database the same in a pod of the api, with the rights that the api has."""
        asked = (facts.AS_APP, f"{facts.SERVER};{facts.INSIDE}")
        return _facts(self._exec(pod, "api", "python3", "-c", *asked))

    def _password(self, name: str, key: str) -> bytes:
        """Return a value of a Secret, empty where it may not be read."""
        done = self.kubectl.run("get", "secret", name, f"--namespace={self.namespace}", "--output=json")
        try:
            return base64.b64decode(json.loads(done.stdout)["data"][key])
        except (ValueError, KeyError, TypeError):
            return b""

    def policies(self) -> list[Object]:
        """Return the NetworkPolicies of the cluster's own namespace; [] where they may not be read."""
        done = self.kubectl.run("get", "networkpolicies", "--namespace=kube-system", "--output=json")
        return [] if done.returncode else self._items(done.stdout)

    def disk(self, pod: str) -> Answer:
        """Ask `df` in db's pod: (1024-blocks, used, available, capacity) of the volume."""
        command = ("df", "-Pk", "/var/lib/postgresql/data")
        done = self._exec(pod, "postgres", *command)
        lines = done.stdout.decode(errors="replace").splitlines()
        if done.returncode or len(lines) < 2:
            return Answer(None, reason(done))
        return Answer(lines[-1].split()[1:5])

    def limits(self) -> list[Object]:
        """Return the LimitRanges of the namespace; [] where they may not be read."""
        done = self.kubectl.run("get", "limitranges", f"--namespace={self.namespace}", "--output=json")
        return [] if done.returncode else self._items(done.stdout)

    def _exec(self, pod: str, container: str, *command: str) -> subprocess.CompletedProcess[bytes]:
        """Run a program in a pod; one that gives no answer in time has failed, and the cluster has not."""
        where = (f"--namespace={self.namespace}", f"--container={container}")
        try:
            return self.kubectl.run("exec", pod, *where, "--", *command)
        except UnreachableError:
            said = translate(POD_SILENT(pod=f"pod/{pod}"))
            return subprocess.CompletedProcess((), Exit.FAILED, b"", said.encode())

    def logs(self, pod: str, *, previous: bool = False, lines: int = 60) -> Answer:
        """Return the last lines of a pod's log, or of its previous container's."""
        which = ("--previous",) if previous else ()
        done = self.kubectl.run("logs", pod, f"--namespace={self.namespace}", f"--tail={lines}", *which)
        if done.returncode:
            return Answer([], reason(done))
        return Answer(done.stdout.decode(errors="replace").splitlines())

    def recent(self) -> Answer:
        """Return what all pods of the release logged in the last ten minutes, each line with its pod."""
        chosen = f"--selector=app.kubernetes.io/part-of=mcapp,app.kubernetes.io/instance={self.release}"
        limits = ("--tail=60", "--since=10m", "--max-log-requests=30", "--prefix", "--ignore-errors")
        done = self.kubectl.run("logs", chosen, f"--namespace={self.namespace}", *limits)
        told = done.stderr.decode(errors="replace")
        # A pod that has not started has no log; kubectl still returns the logs of the others.
        if done.returncode and (_FORBIDDEN.search(told) or not done.stdout):
            return Answer([], reason(done))
        return Answer(done.stdout.decode(errors="replace").splitlines())

    def server(self) -> str:
        """Return the address of the cluster's API, as the kubeconfig has it."""
        wanted = "--output=jsonpath={.clusters[0].cluster.server}"
        return self.kubectl.run("config", "view", "--minify", wanted).stdout.decode(errors="replace")

    def outside(self, address: str, port: int, path: str) -> dict[str, Any]:
        """GET from this machine, past any proxy: outcome, ms and, where it answered, status and body."""
        began = time.perf_counter()
        try:
            connection = http.client.HTTPConnection(address, port, timeout=_OUTSIDE_SECONDS)
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read(4000).decode(errors="replace")
            found: dict[str, Any] = {"outcome": "connected", "status": answer.status, "body": body}
        except ConnectionRefusedError:
            found = {"outcome": "refused"}
        except TimeoutError:
            found = {"outcome": "timeout"}
        except (OSError, http.client.HTTPException) as error:
            found = {"outcome": "failed", "detail": f"{type(error).__name__}: {error}"}
        return {**found, "ms": round((time.perf_counter() - began) * 1000, 1)}

    def touch(self, address: str, port: int) -> str:
        """Open a TCP connection from this machine: connected, refused, timeout or failed."""
        try:
            socket.create_connection((address, port), _TOUCH_SECONDS).close()
        except ConnectionRefusedError:
            return "refused"
        except TimeoutError:
            return "timeout"
        except OSError:
            return "failed"
        return "connected"

    def _items(self, output: bytes) -> list[Object]:
        """Return the objects of a List; UnreachableError if it is not one."""
        try:
            # What has no name is no object; what is null is not there.
            listed = self.kubectl.items(output)
            return [_filled(item) for item in listed if item.get("kind") and item["metadata"].get("name")]
        except (KeyError, AttributeError):
            raise self.kubectl.odd(output) from None


def probe() -> str:
    """Return the program that runs in a pod of the api, as one text."""
    wide, rest = ((_FOLDER / file).read_text(encoding="utf-8") for file in ("wide.py", "probe.py"))
    return f"{wide}\n{_JOINED.sub('', rest)}"


def _facts(done: subprocess.CompletedProcess[bytes]) -> Answer:
    """Return what facts.py's statements printed as one mapping."""
    try:
        found = facts.parsed(done.stdout.decode(errors="replace").splitlines())
    except (ValueError, TypeError):
        found = {}
    return Answer(found) if found else Answer(None, reason(done))


def _filled(value: Any) -> Any:
    """Return a part of an object without its fields that are null."""
    if isinstance(value, dict):
        return {key: _filled(one) for key, one in value.items() if one is not None}
    return [_filled(one) for one in value] if isinstance(value, list) else value


def _fetched(told: dict[str, Any]) -> dict[str, Any]:
    """Turn curl's report of one transfer into outcome, detail and ms."""
    found = {"outcome": _CURL.get(told["exitcode"], "failed"), "ms": round(told["time_total"] * 1000, 2)}
    if found["outcome"] == "timeout" and told.get("time_connect"):
        found["outcome"] = "silent"
    if told["exitcode"]:
        return {**found, "detail": told["errormsg"]}
    return {**found, "status": told["http_code"]}
