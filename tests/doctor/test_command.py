"""The command line, the report, what happens without rights or without a cluster, and what --fix runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from dev import ROOT
from mcapp.doctor import cli as doctor
from mcapp.errors import Exit, UserError
from mcapp.messages import LANGS
from tests.support.doctor_recording import Replay, ReplayedKubectl, load, replay


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the command read this recording."""

    def use(document: dict[str, Any]) -> None:
        monkeypatch.setattr(doctor, "Reader", lambda *_: replay(document))

    return use


def _without(document: dict[str, Any], *kinds: str) -> dict[str, Any]:
    """Return the recording as one without the right to read these kinds would have it."""
    forbidden = {"Node": "nodes", "PersistentVolume": "persistentvolumes", "StorageClass": "storageclasses"}
    line = 'Error (Forbidden): User "v" cannot list resource "{}" in API group "" at the cluster scope'
    for call, answer in document["calls"].items():
        if call.startswith("get nodes,"):
            items = answer["out"]["items"]
            answer["out"]["items"] = [item for item in items if forbidden.get(item["kind"]) not in kinds]
            answer["code"] = 1
            answer["err"] = "\n".join(line.format(kind) for kind in kinds)
    return document


CLUSTER_WIDE = ("nodes", "persistentvolumes", "storageclasses")


@pytest.mark.parametrize(
    "cause",
    [
        *("no-labelled-node", "node-cordoned", "node-tainted", "node-full", "volume-affinity"),
        *("service-selector", "overlay-blocked", "password-rejected", "image-missing"),
    ],
)
def test_a_viewer_of_the_namespace_finds_it_too(
    recorded: Any, capsys: pytest.CaptureFixture[str], cause: str
) -> None:
    recorded(_without(load(cause), *CLUSTER_WIDE))
    assert doctor.TOOL.main(["--settle", "0", "--output", "json"]) is Exit.DIFFERS
    found = json.loads(capsys.readouterr().out)
    assert found["cause"] == cause
    assert any("nodes" in reason for reason in found["left_out"])


def test_what_may_not_be_read_is_listed(recorded: Any, capsys: pytest.CaptureFixture[str]) -> None:
    document = _without(load("healthy"), *CLUSTER_WIDE)
    for call, answer in document["calls"].items():
        if call.startswith(("exec", "logs")):
            resource = "pods/exec" if call.startswith("exec") else "pods/log"
            answer.update(
                code=1, out="", err=f'Error: User "v" cannot create resource "{resource}" in API group'
            )
    recorded(document)
    assert doctor.TOOL.main(["--settle", "0", "--lang", "en"]) is Exit.OK
    out = capsys.readouterr().out
    for part in ("nodes", "network from inside a pod", "logs", "db's disk", "outside access"):
        assert re.search(rf"^Left out: .*{part}", out, re.MULTILINE), part


def test_who_may_read_nothing_is_not_told_that_all_is_well(recorded: Any) -> None:
    document = load("healthy")
    for call, answer in document["calls"].items():
        if call.startswith("get nodes,"):
            line = 'Error from server (Forbidden): {0} is forbidden: User "v" cannot list resource "{0}"'
            lines = [line.format(kind) for kind in call.split()[1].split(",")]
            answer.update(code=1, out={"items": []}, err="\n".join(lines))
    recorded(document)
    with pytest.raises(UserError, match=r"\(403\)") as caught:
        doctor.TOOL.main(["--settle", "0", "--lang", "en"])
    assert caught.value.code is Exit.UNREACHABLE


def test_the_arguments_are_checked() -> None:
    with pytest.raises(UserError) as caught:
        doctor.TOOL.main(["--yes"])
    assert caught.value.code is Exit.USAGE


@pytest.mark.parametrize("lang", LANGS)
def test_no_cluster(tmp_path: Path, lang: str) -> None:
    nowhere = {
        "clusters": [{"name": "n", "cluster": {"server": "https://127.0.0.1:1"}}],
        "current-context": "n",
    }
    nowhere["contexts"] = [{"name": "n", "context": {"cluster": "n", "user": ""}}]
    config = tmp_path / "kubeconfig"
    config.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **nowhere}))
    command = [
        sys.executable,
        str(ROOT / "scripts" / "doctor.py"),
        "--kubeconfig",
        str(config),
        "--lang",
        lang,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stdout + done.stderr
    assert done.stderr.startswith("error: " if lang == "en" else "錯誤：")
    assert "Traceback" not in done.stderr
    assert "--nodes-file" not in done.stderr


def test_no_kubectl(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError) as caught:
        doctor.TOOL.main(["--kubectl", "/nowhere/kubectl"])
    assert caught.value.code is Exit.UNREACHABLE
    assert not capsys.readouterr().out


class _Page(HTMLParser):
    """Counts tags and collects what would be loaded or run."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.foreign: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.foreign += [
            f"{tag} {name}" for name, _ in attrs if name in ("src", "href") or name.startswith("on")
        ]


def _report(tmp_path: Path, *arguments: str) -> str:
    file = tmp_path / "report.html"
    doctor.TOOL.main(["--settle", "0", "--report", str(file), *arguments])
    return file.read_text()


def test_the_report_is_one_page_in_both_languages(recorded: Any, tmp_path: Path) -> None:
    recorded(load("overlay-blocked"))
    text = _report(tmp_path)
    page = _Page()
    page.feed(text)
    assert not page.foreign
    assert {"script", "link", "img", "iframe"}.isdisjoint(page.tags)
    assert page.tags.count("section") == page.tags.count("svg") == 2
    for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        ElementTree.fromstring(svg)  # noqa: S314 - written by the test's own subject
    assert "overlay-blocked" in text
    assert "VXLAN" in text
    assert 'lang="zh-TW"' in text
    recorded(load("overlay-blocked"))
    assert _report(tmp_path, "--lang", "zh-TW").count("<section") == 1


HOSTILE = "</pre><script>alert(1)</script>\x1b[2J\u202e&lt;"


def test_hostile_names_and_lines_stay_text(
    recorded: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = load("crash-loop")
    for call, answer in document["calls"].items():
        if call.startswith("logs"):
            answer["out"] = f"{HOSTILE}\n"
    recorded(document)
    text = _report(tmp_path, "--lang", "en")
    page = _Page()
    page.feed(text)
    assert "script" not in page.tags
    assert "alert(1)" in text
    for shown in (text, capsys.readouterr().out):
        assert "\x1b" not in shown
        assert "\u202e" not in shown


def test_a_report_that_cannot_be_written(recorded: Any, tmp_path: Path) -> None:
    recorded(load("healthy"))
    with pytest.raises(UserError) as caught:
        doctor.TOOL.main(["--settle", "0", "--report", str(tmp_path / "none" / "report.html")])
    assert caught.value.code is Exit.USAGE


class _Ran(ReplayedKubectl):
    """Keeps the calls that change something, and answers them with success."""

    changes: list[tuple[str, ...]]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        if arguments[0] in ("get", "exec", "logs", "config"):
            return ReplayedKubectl.run(self, *arguments)
        self.calls.setdefault("changes", []).append(arguments)
        return subprocess.CompletedProcess(arguments, 0, b"", b"")


@pytest.mark.parametrize(
    ("cause", "change"),
    [
        ("node-cordoned", "uncordon"),
        ("service-selector", "patch service"),
        ("target-port", "patch service"),
        ("no-labelled-node", "label node"),
        ("scaled-to-zero", "scale"),
        ("dns-down", "scale"),
        ("provisioner-down", "scale"),
        ("no-default-storageclass", "patch storageclass"),
        ("image-missing", ""),
        ("node-tainted", ""),
        ("secret-missing", ""),
        ("node-not-ready", ""),
    ],
)
@pytest.mark.parametrize("yes", [True, False])
def test_only_a_safe_remedy_is_run_and_only_when_agreed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], cause: str, change: str, yes: bool
) -> None:
    document = load(cause)
    kubectl = _Ran(calls=document["calls"])
    reader = Replay(kubectl, document["namespace"], document["release"], document)
    monkeypatch.setattr(doctor, "Reader", lambda *_: reader)
    assert doctor.TOOL.main(["--settle", "0", "--fix", *(["--yes"] if yes else [])]) is Exit.DIFFERS
    ran = [" ".join(arguments) for arguments in document["calls"].get("changes", [])]
    if change and yes:
        assert len(ran) == 1
        assert ran[0].startswith(change)
    else:
        assert ran == []
    if change:
        assert f"{change.split()[0]} " in capsys.readouterr().err
