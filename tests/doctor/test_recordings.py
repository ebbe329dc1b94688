"""Every recorded fault: the layer, the cause, the exit code, and what is shown of it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mcapp.doctor import cli as doctor
from mcapp.doctor.causes import CAUSES
from mcapp.errors import Exit
from mcapp.messages import LANGS
from tests.e2e.faults import ELSEWHERE, FAULTS
from tests.support.doctor_recording import FIXTURES, load, replay

RECORDED = sorted(path.parent.name for path in FIXTURES.glob("*/recording.json"))
FAULTY = [name for name in RECORDED if not name.startswith("healthy")]
Call = Callable[..., tuple[Exit, str]]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run the command on a recording."""

    def run(document: dict[str, Any], *arguments: str) -> tuple[Exit, str]:
        monkeypatch.setattr(doctor, "Reader", lambda *_: replay(document))
        code = doctor.TOOL.main(["--settle", "0", *arguments])
        return code, capsys.readouterr().out

    return run


def test_every_fault_that_is_injected_is_recorded_too() -> None:
    assert {fault.cause for fault in FAULTS} <= set(RECORDED)
    assert len(FAULTY) >= 22


def test_each_cause_is_made_and_mended_on_a_cluster_or_says_why_not() -> None:
    assert {fault.cause for fault in FAULTS} | ELSEWHERE.keys() == CAUSES.keys()
    assert not {fault.cause for fault in FAULTS} & ELSEWHERE.keys()


@pytest.mark.parametrize("cause", FAULTY)
def test_a_remedy_is_what_a_shell_runs(call: Call, cause: str) -> None:
    _, out = call(load(cause), "--output", "json")
    for step in json.loads(out)["commands"]:
        done = subprocess.run(["bash", "-n", "-c", step["command"]], capture_output=True, check=False)
        assert done.returncode == 0, (step, done.stderr)
        assert not re.search(r"\b[A-Z]{4,}\b(?!=)", re.sub(r"'[^']*'", "", step["command"])), step


@pytest.mark.parametrize("cause", FAULTY)
def test_fault(call: Call, cause: str) -> None:
    code, out = call(load(cause), "--output", "json")
    found = json.loads(out)
    assert (found["cause"], found["layer"], code) == (cause, CAUSES[cause].layer, Exit.DIFFERS)
    assert found["evidence"]
    states = [layer["state"] for layer in found["layers"]]
    assert states.count("fault") == 1
    assert set(states[states.index("fault") + 1 :]) <= {"not-looked-at"}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("cause", FAULTY)
def test_it_is_reported_with_evidence_and_remedy(call: Call, cause: str, lang: str) -> None:
    _, out = call(load(cause), "--lang", lang)
    assert cause in out
    assert (
        "{" not in out.split("\n", 9)[-1].split("  $")[0].replace('{"', "").replace("{'", "")
        or "readyz" in out
    )
    assert any(line.startswith("  $ ") for line in out.splitlines())


@pytest.mark.parametrize("name", [name for name in RECORDED if name.startswith("healthy")])
def test_healthy(call: Call, name: str) -> None:
    code, out = call(load(name), "--output", "json")
    found = json.loads(out)
    assert (code, found["healthy"], found["cause"]) == (Exit.OK, True, None)
    assert {(hop["from"], hop["to"]) for hop in found["hops"]} >= {("web", "api"), ("api", "db")}


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(part)


@pytest.mark.parametrize("cause", FAULTY)
def test_events_and_log_lines_are_the_very_lines_that_were_read(call: Call, cause: str) -> None:
    document = load(cause)
    read = list(_strings(document))
    _, out = call(document, "--output", "json")
    for item in json.loads(out)["evidence"]:
        if item["source"].startswith("event") or item["source"].split()[0] == "log":
            message = item["line"].partition(": ")[2] if item["source"].startswith("event") else item["line"]
            assert any(message in text for text in read), item
