"""A diagnosis in words for a terminal, and as plain data for machines."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from mcapp.doctor import words
from mcapp.doctor.causes import LAYERS, Words
from mcapp.doctor.finding import Diagnosis, Finding, Hop, Note, Step
from mcapp.kube.kubectl import Kubectl
from mcapp.messages import Lang, Part, fill, plain

_COLUMN = 11


def say(sentence: Words, lang: Lang, /, **parts: Part) -> str:
    """Put a sentence in words."""
    return fill(sentence, parts, lang)


def note(item: Note, lang: Lang) -> str:
    """Put a note in words."""
    return fill(item.words, item.parts, lang)


def command(step: Step, kubectl: Kubectl) -> str:
    """Return a step as it is typed, for the cluster that was asked."""
    if step.line:
        return step.line
    return shlex.join([*kubectl.words, *kubectl.flags, *step.kubectl])


def steps(finding: Finding, kubectl: Kubectl, lang: Lang) -> list[str]:
    """Return the remedy's commands, each with the machine it is for."""
    return [
        command(step, kubectl) + (f"   # {say(words.ON_NODE, lang, node=step.on)}" if step.on else "")
        for step in finding.steps
    ]


def hop(item: Hop, lang: Lang) -> str:
    """Put a hop in words."""
    names = {"user": say(words.USER, lang), "dns": "DNS"}
    source, target = (names.get(end, end) for end in (item.source, item.target))
    return say(words.HOP, lang, source=source, target=target, ms=f"{item.ms:g}")


def problem(finding: Finding, lang: Lang) -> str:
    """Say what is wrong."""
    return fill(finding.about.problem, finding.parts, lang)


def remedy(finding: Finding, lang: Lang) -> str:
    """Say what to do."""
    return fill(finding.about.remedy, finding.parts, lang)


def lines(found: Diagnosis, kubectl: Kubectl, lang: Lang) -> Iterator[str]:
    """Yield the diagnosis line by line."""
    for layer in LAYERS:
        state = say(words.STATE[found.states[layer]], lang)
        notes = "; ".join(note(item, lang) for item in found.seen.get(layer, ()))
        yield f"{layer:{_COLUMN}} {state:{_COLUMN + 2}} {notes}".rstrip()
    yield ""
    if found.finding:
        yield from _fault(found.finding, kubectl, lang)
    else:
        yield say(words.HEALTHY, lang)
        if found.hops:
            yield say(words.HOPS, lang, hops="; ".join(hop(item, lang) for item in found.hops))
    for item in found.warnings:
        yield say(words.WARNING, lang, what=note(item, lang))
    for item in found.left_out:
        yield say(words.LEFT_OUT, lang, why=note(item, lang))
    yield say(words.TOOK, lang, seconds=f"{found.seconds:.1f}")


def _fault(finding: Finding, kubectl: Kubectl, lang: Lang) -> Iterator[str]:
    yield say(words.LAYER_IS, lang, layer=say(words.LAYER[finding.about.layer], lang))
    yield say(words.CAUSE_IS, lang, cause=finding.cause)
    yield f"  {problem(finding, lang)}"
    yield say(words.EVIDENCE, lang)
    for item in finding.evidence:
        yield f"  {plain(item.source)}: {plain(item.line)}"
    yield say(words.REMEDY, lang)
    yield f"  {remedy(finding, lang)}"
    for typed in steps(finding, kubectl, lang):
        yield f"  $ {plain(typed)}"


def document(found: Diagnosis, kubectl: Kubectl, lang: Lang) -> dict[str, Any]:
    """Return the diagnosis as plain data; cause and layer are stable, the sentences in one language."""
    finding = found.finding
    return {
        "healthy": finding is None,
        "namespace": found.namespace,
        "release": found.release,
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
                "state": str(found.states[layer]),
                "seen": [note(item, lang) for item in found.seen.get(layer, ())],
            }
            for layer in LAYERS
        ],
        "hops": [{"from": item.source, "to": item.target, "ms": item.ms} for item in found.hops],
        "warnings": [note(item, lang) for item in found.warnings],
        "left_out": [note(item, lang) for item in found.left_out],
        "seconds": found.seconds,
    }


def _typed(step: Step, kubectl: Kubectl) -> Mapping[str, str]:
    return {"command": command(step, kubectl), "on": step.on}
