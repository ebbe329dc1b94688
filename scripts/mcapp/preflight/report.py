"""Reports the checks and the commands, in sentences and as documents for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mcapp.errors import Exit
from mcapp.messages import Lang, translate
from mcapp.preflight import words
from mcapp.preflight.checks import Check, Status
from mcapp.preflight.commands import Step
from mcapp.preflight.listener import Listener

_SPOKEN = {
    Status.OK: words.STATUS_OK,
    Status.WARN: words.STATUS_WARN,
    Status.FAIL: words.STATUS_FAIL,
    Status.SKIPPED: words.STATUS_SKIPPED,
}


def document(role: str, peer: str, checks: Sequence[Check], lang: Lang) -> dict[str, Any]:
    """Return the checks for programs; only `detail` and `remedy` depend on the language."""
    return {"role": role, "peer": peer, "checks": [_entry(check, lang) for check in checks]}


def _entry(check: Check, lang: Lang) -> dict[str, Any]:
    outcome = {"outcome": check.outcome.value} if check.outcome else {}
    remedy = translate(check.remedy, lang) if check.remedy else ""
    return {
        "id": check.id,
        "status": check.status.value,
        **outcome,
        "detail": translate(check.detail, lang),
        "remedy": remedy,
    }


def lines(checks: Sequence[Check], lang: Lang) -> Iterator[str]:
    """Yield a line for each check, its remedy below it, and a summary."""
    for check in checks:
        outcome = f" [{check.outcome.value}]" if check.outcome else ""
        spoken = translate(_SPOKEN[check.status](), lang)
        yield f"{spoken}  {check.id}{outcome}: {translate(check.detail, lang)}"
        if check.remedy:
            yield f"      -> {translate(check.remedy, lang)}"
    counted = {status: sum(check.status is status for check in checks) for status in Status}
    key = words.SUM_FAIL if counted[Status.FAIL] else words.SUM_OK
    yield translate(key(fails=counted[Status.FAIL], warnings=counted[Status.WARN]), lang)


def code(checks: Sequence[Check], silent: bool) -> Exit:
    """Return the exit code: a peer that does not answer at all comes first."""
    if silent:
        return Exit.UNREACHABLE
    return Exit.DIFFERS if any(check.status is Status.FAIL for check in checks) else Exit.OK


def step_lines(steps: Sequence[Step], lang: Lang) -> Iterator[str]:
    """Yield the commands as a shell script's lines: comments say where and why."""
    for number, step in enumerate(steps, 1):
        yield f"# {number}. {translate(step.machine, lang)}: {translate(step.purpose, lang)}"
        yield step.command
    policy = words.STEP_POLICY()
    yield f"# {translate(policy, lang)}"


def step_document(role: str, peer: str, steps: Sequence[Step], lang: Lang) -> dict[str, Any]:
    """Return the commands for programs."""
    told = [
        {
            "machine": translate(step.machine, lang),
            "purpose": translate(step.purpose, lang),
            "command": step.command,
        }
        for step in steps
    ]
    return {"role": role, "peer": peer, "commands": told}


def heard(listener: Listener) -> dict[str, Any]:
    """Return what the listener received, for programs."""
    return {
        "listening": [str(port) for port in listener.listening],
        "taken": [str(port) for port in listener.taken],
        "received": [{"from": source, "ports": ports} for source, ports in listener.received.items()],
        "ignored": dict(listener.ignored),
    }
