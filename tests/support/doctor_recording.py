"""Recordings of all that the doctor read from a cluster, and their replay without a cluster.

A recording with a `base` was written by hand: it is another recording with changes. `objects` are parts of
objects, which are merged into those of the same kind and name; null removes a field. `api` and `web` are
merged into what the probe and curl printed, `calls` are answers of kubectl, and `manifest` is what Helm
installed.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from mcapp.doctor.read.manifest import CONTENT, Manifest
from mcapp.doctor.read.reader import Answer, Reader
from mcapp.kube.kubectl import Kubectl
from mcapp.kube.release import Look, query

FIXTURES = Path(__file__).parents[1] / "doctor" / "fixtures"
# Fields that the doctor does not use; they would be most of the file.
_BULKY = {"managedFields", "securityContext", "startupProbe", "readinessProbe", "livenessProbe"}
_BULKY |= {"lifecycle", "volumeMounts", "topologySpreadConstraints", "resourceVersion"}
_BULKY |= {"imageID", "containerID", "generateName", "runtimeHandlers", "daemonEndpoints", "selfLink"}
_BULKY |= {"hostIPs", "podIPs", "qosClass", "dnsPolicy", "schedulerName", "terminationMessagePath"}
_BULKY |= {"terminationMessagePolicy", "serviceAccount", "serviceAccountName", "allocatedResources"}
_BULKY |= {"user", "capacity", "features", "sessionAffinity", "collisionCount"}
_LOG_LINES = 25
_IMAGES = ("mcapp/", "library/postgres")


def key(arguments: tuple[str, ...]) -> str:
    """Return the key of a call; of a command in a pod only the program, since the probe's text may change."""
    words = list(arguments)
    if "--" in words:
        end = words.index("--")
        words = words[: end + 2]
    return " ".join(words)


def trimmed(value: Any) -> Any:
    """Return a part of an object without the fields that the doctor does not use."""
    if isinstance(value, dict):
        kept = {name: trimmed(item) for name, item in value.items() if name not in _BULKY}
        if "images" in kept and isinstance(kept["images"], list):
            kept["images"] = [i for i in kept["images"] if any(w in n for n in i["names"] for w in _IMAGES)]
        return kept
    return [trimmed(item) for item in value] if isinstance(value, list) else value


_REASONS = ("Killing", "ExternalProvisioning", "SuccessfulCreate")


def _useful(item: dict[str, Any], names: set[str]) -> bool:
    if item["kind"] == "ReplicaSet":
        return bool(item["status"].get("replicas"))
    if item["kind"] != "Event":
        return True
    worth = item.get("type") != "Normal" or item.get("reason") in _REASONS
    return worth and item["involvedObject"].get("name") in names


@dataclass(frozen=True)
class RecordingKubectl(Kubectl):
    """A kubectl that records each answer."""

    calls: dict[str, Any] = field(default_factory=dict)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        done = Kubectl.run(self, *arguments)
        if arguments[:2] in (("get", "secret"), ("get", "secrets")):
            # They hold passwords.
            return done
        out: Any = done.stdout.decode(errors="replace")
        if arguments[0] == "get" and "--output=json" in arguments and out.strip():
            items = json.loads(out)["items"]
            names = {item["metadata"]["name"] for item in items}
            out = {"items": [trimmed(item) for item in items if _useful(item, names)]}
        elif arguments[0] == "logs":
            out = "\n".join(out.splitlines()[-_LOG_LINES:])
        self.calls[key(arguments)] = {
            "code": done.returncode,
            "out": out,
            "err": done.stderr.decode(errors="replace"),
        }
        return done


@dataclass(frozen=True)
class Recorder(Reader):
    """A reader that records all that it reads."""

    asked: dict[str, Any] = field(default_factory=dict)

    def now(self) -> datetime:
        found = Reader.now(self)
        self.asked["now"] = found.isoformat()
        return found

    def outside(self, address: str, port: int, path: str) -> dict[str, Any]:
        found = Reader.outside(self, address, port, path)
        self.asked.setdefault("outside", {})[f"{address}:{port}{path}"] = dict(found)
        return found

    def touch(self, address: str, port: int) -> str:
        found = Reader.touch(self, address, port)
        self.asked.setdefault("touch", {})[f"{address}:{port}"] = found
        return found

    def helm(self) -> tuple[Look | None, Manifest]:
        seen, found = Reader.helm(self)
        objects = [trimmed(item) for item in found.objects]
        self.asked["manifest"] = {"objects": objects, "owned": found.owned, "why": found.why}
        return seen, found

    def write(self, path: Path) -> None:
        """Write the recording to a file."""
        assert isinstance(self.kubectl, RecordingKubectl)
        path.parent.mkdir(parents=True, exist_ok=True)
        document = {**self.asked, "namespace": self.namespace, "release": self.release}
        path.write_text(as_json({**document, "calls": self.kubectl.calls}), encoding="utf-8")


def as_json(document: dict[str, Any]) -> str:
    """Return a recording as JSON with one line for each object, so that a diff shows the changed objects."""
    calls = []
    for name, answer in document["calls"].items():
        rest = {key: value for key, value in answer.items() if key != "out"}
        out = answer["out"]
        if isinstance(out, str):
            lines = json.dumps(out, ensure_ascii=False)
        else:
            items = ",\n".join(json.dumps(item, ensure_ascii=False) for item in out["items"])
            lines = f'{{"items": [\n{items}\n]}}'
        calls.append(f'{json.dumps(name)}: {json.dumps(rest, ensure_ascii=False)[:-1]}, "out": {lines}}}')
    head = json.dumps({key: value for key, value in document.items() if key != "calls"}, ensure_ascii=False)
    return head[:-1] + ', "calls": {\n' + ",\n".join(calls) + "\n}}\n"


@dataclass(frozen=True)
class ReplayedKubectl(Kubectl):
    """A kubectl that answers from a recording. Raises KeyError for a call that is not in it."""

    calls: dict[str, Any] = field(default_factory=dict)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        answer = self.calls[key(arguments)]
        out = answer["out"]
        text = out if isinstance(out, str) else json.dumps(out)
        return subprocess.CompletedProcess(arguments, answer["code"], text.encode(), answer["err"].encode())

    def feed(self, stdin: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        assert stdin
        return self.run(*arguments)


@dataclass(frozen=True)
class Replay(Reader):
    """A reader that answers from a recording."""

    kubectl: ReplayedKubectl
    document: dict[str, Any] = field(default_factory=dict)

    def now(self) -> datetime:
        return datetime.fromisoformat(self.document["now"])

    def helm(self) -> tuple[Look | None, Manifest]:
        found = self.document.get("manifest") or {}
        known = Manifest(tuple(found.get("objects", ())), found.get("owned", False), found.get("why", ""))
        # Most recordings lack Helm's record.
        if key(query(self.namespace, self.release, CONTENT)) not in self.kubectl.calls:
            return None, known
        seen, read = Reader.helm(self)
        return seen, known if found else read

    def outside(self, address: str, port: int, path: str) -> dict[str, Any]:
        return dict(self.document["outside"][f"{address}:{port}{path}"])

    def facts(self, pod: str, secret: tuple[str, str]) -> Answer:
        # Recordings in which nothing was wrong with the database may lack it.
        try:
            return Reader.facts(self, pod, secret)
        except KeyError:
            return Answer(None)

    def facts_outside(self, pod: str) -> Answer:
        try:
            return Reader.facts_outside(self, pod)
        except KeyError:
            return Answer(None)

    def namespace_object(self) -> dict[str, Any]:
        known = f"get namespace {self.namespace} --output json" in self.kubectl.calls
        return Reader.namespace_object(self) if known else {}

    def touch(self, address: str, port: int) -> str:
        found: str = self.document["touch"][f"{address}:{port}"]
        return found


def load(cause: str) -> dict[str, Any]:
    """Return a recording; the caller may change it."""
    document: dict[str, Any] = json.loads((FIXTURES / cause / "recording.json").read_text())
    return based(document) if "base" in document else document


def based(document: dict[str, Any]) -> dict[str, Any]:
    """Return a recording that was written by hand as a whole one."""
    found = load(document["base"])
    for change in document.get("objects", ()):
        _merge_object(objects(found), change)
    for call, answer in found["calls"].items():
        if call.startswith("exec api-") and "api" in document:
            answer["out"] = json.dumps(merged(json.loads(answer["out"]), document["api"]))
        elif call.startswith("exec web-") and "web" in document:
            answer["out"] = _fetched(answer["out"], document["web"])
    found["calls"] |= document.get("calls", {})
    found["outside"] = merged(found.get("outside", {}), document.get("outside", {}))
    return {**found, "manifest": document.get("manifest")}


def objects(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the objects of a recording, to change them."""
    (found,) = (a["out"]["items"] for call, a in document["calls"].items() if call.startswith("get nodes,"))
    listed: list[dict[str, Any]] = found
    return listed


def merged(value: Any, change: Any) -> Any:
    """Return a value with a change merged into it, as RFC 7396 has it."""
    if not isinstance(change, dict):
        return change
    found = dict(value) if isinstance(value, dict) else {}
    for name, one in change.items():
        found[name] = merged(found.get(name), one)
        if one is None:
            del found[name]
    return found


def _merge_object(items: list[dict[str, Any]], change: dict[str, Any]) -> None:
    name = (change["kind"], change["metadata"]["name"])
    for position, item in enumerate(items):
        if (item["kind"], item["metadata"]["name"]) == name:
            items[position] = merged(item, change)
            return
    items.append(change)


def _fetched(out: str, changes: dict[str, Any]) -> str:
    """Return curl's output with changes of its reports, by the URL; a URL that is not there is added."""
    lines, reports = [], {}
    for line in out.splitlines():
        if '"urlnum"' in line:
            report = json.loads(line)
            reports[report["url"]] = report
        else:
            lines.append(line)
    usual = {"exitcode": 0, "errormsg": None, "http_code": 200, "time_connect": 0.002, "time_total": 0.004}
    for url, change in changes.items():
        reports[url] = {**reports.get(url, {**usual, "url": url}), **change, "urlnum": 0}
    return "\n".join(
        [*lines, *(json.dumps(report, separators=(",", ":")) for report in reports.values()), ""]
    )


def replay(document: dict[str, Any]) -> Replay:
    """Make a reader of a recording."""
    kubectl = ReplayedKubectl(calls=document["calls"])
    return Replay(kubectl, document["namespace"], document["release"], document)
