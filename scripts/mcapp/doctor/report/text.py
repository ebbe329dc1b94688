"""A diagnosis in words for a terminal, and as plain data for programs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from mcapp.cli import called
from mcapp.doctor import words
from mcapp.doctor.causes import LAYERS
from mcapp.doctor.finding import Diagnosis, Finding, Hop, Step
from mcapp.kube.kubectl import Kubectl
from mcapp.messages import Lang, Text, plain, translate

# The tools that remedies name, each as the user calls it.
TOOLS = ("genvalues", "move")
_COLUMN = 11
# A cluster of many nodes has something to say of each. `--output json` has it all.
_SHOWN = 20


def command(step: Step, kubectl: Kubectl) -> str:
    """Return a step as the user types it, for the cluster that was asked."""
    if step.line:
        return step.line
    return shlex.join([*kubectl.command_words, *kubectl.flags, *step.kubectl])


def steps(finding: Finding, kubectl: Kubectl, lang: Lang) -> list[str]:
    """Return the remedy's commands, each with its machine where it is for one."""
    return [
        command(step, kubectl) + (f"   # {translate(words.ON_NODE(node=step.on), lang)}" if step.on else "")
        for step in finding.steps
    ]


def evidence(finding: Finding, lang: Lang) -> list[str]:
    """Return the evidence, a line for each."""
    return cut([f"{plain(item.source)}: {plain(item.line)}" for item in finding.evidence], lang)


def cut(lines: list[str], lang: Lang) -> list[str]:
    """Return the first lines, and how many are left out."""
    more = len(lines) - _SHOWN
    return [*lines[:_SHOWN], translate(words.AND_MORE(count=more), lang)] if more > 0 else lines


def hop(item: Hop, lang: Lang) -> str:
    """Put a hop in words."""
    names = {"user": translate(words.USER(), lang), "dns": "DNS"}
    source, target = (names.get(end, end) for end in (item.source, item.target))
    return translate(words.HOP(source=source, target=target, ms=f"{item.ms:g}"), lang)


def problem(finding: Finding, lang: Lang) -> str:
    """Say what is wrong."""
    return translate(Text(finding.about.problem, finding.parts), lang)


def remedy(finding: Finding, lang: Lang) -> str:
    """Say what to do."""
    tools = {tool: called(tool) for tool in TOOLS}
    return translate(Text(finding.about.remedy, {**tools, **finding.parts}), lang)


def lines(diagnosis: Diagnosis, kubectl: Kubectl, lang: Lang) -> Iterator[str]:
    """Yield the diagnosis line by line."""
    for layer in LAYERS:
        state = translate(words.STATE[diagnosis.states[layer]](), lang)
        notes = "; ".join(translate(item, lang) for item in diagnosis.notes.get(layer, ()))
        yield f"{layer:{_COLUMN}} {state:{_COLUMN + 2}} {notes}".rstrip()
    yield ""
    if diagnosis.finding:
        yield from _fault(diagnosis.finding, kubectl, lang)
    else:
        yield translate(words.HEALTHY(), lang)
        if diagnosis.hops:
            yield translate(words.HOPS(hops="; ".join(hop(item, lang) for item in diagnosis.hops)), lang)
    for item in diagnosis.warnings:
        yield translate(words.WARNING(what=item), lang)
    for item in diagnosis.left_out:
        yield translate(words.LEFT_OUT(why=item), lang)
    yield translate(words.TOOK(seconds=f"{diagnosis.seconds:.1f}"), lang)


def _fault(finding: Finding, kubectl: Kubectl, lang: Lang) -> Iterator[str]:
    yield translate(words.LAYER_IS(layer=words.LAYER[finding.about.layer]()), lang)
    yield translate(words.CAUSE_IS(cause=finding.cause), lang)
    yield f"  {problem(finding, lang)}"
    yield translate(words.EVIDENCE(), lang)
    yield from (f"  {line}" for line in evidence(finding, lang))
    yield translate(words.REMEDY(), lang)
    yield f"  {remedy(finding, lang)}"
    yield from cut([f"  $ {plain(typed)}" for typed in steps(finding, kubectl, lang)], lang)


def document(diagnosis: Diagnosis, kubectl: Kubectl, lang: Lang) -> dict[str, Any]:
    """Return the diagnosis as plain data; cause and layer are stable, the sentences in one language."""
    finding = diagnosis.finding
    return {
        "healthy": finding is None,
        "namespace": diagnosis.namespace,
        "release": diagnosis.release,
        "layer": finding.about.layer if finding else None,
        "cause": finding.cause if finding else None,
        "problem": problem(finding, lang) if finding else None,
        "remedy": remedy(finding, lang) if finding else None,
        "commands": [_typed(step, kubectl) for step in finding.steps] if finding else [],
        "fixable": bool(finding and finding.safe),
        "evidence": [{"source": e.source, "line": e.line} for e in finding.evidence] if finding else [],
        "layers": [
            {
                "layer": layer,
                "state": str(diagnosis.states[layer]),
                "seen": [translate(item, lang) for item in diagnosis.notes.get(layer, ())],
            }
            for layer in LAYERS
        ],
        "hops": [{"from": item.source, "to": item.target, "ms": item.ms} for item in diagnosis.hops],
        "warnings": [translate(item, lang) for item in diagnosis.warnings],
        "left_out": [translate(item, lang) for item in diagnosis.left_out],
        "seconds": diagnosis.seconds,
    }


def _typed(step: Step, kubectl: Kubectl) -> Mapping[str, str]:
    return {"command": command(step, kubectl), "on": step.on}
