"""Explains a plan: in sentences for people, in one document for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mcapp.genvalues import words
from mcapp.genvalues.plan import Plan
from mcapp.kube.inventory import Inventory
from mcapp.messages import Lang, Text, translate
from mcapp.words import WARNING


def sentences(plan: Plan, inventory: Inventory, lang: Lang) -> Iterator[str]:
    """Yield the plan's explanation line by line."""
    for path, reason in plan.reasons.items():
        yield f"{'.'.join(path)}: {_value(plan, path)}{translate(reason, lang)}"
    for left in plan.left:
        yield translate(left, lang)
    for tier in plan.nodes:
        yield translate(words.REPORT_TIER(tier=tier, nodes=plan.nodes[tier]), lang)
        yield from _refused(plan, tier, lang)
    if inventory.unread:
        yield translate(words.REPORT_UNREAD(kinds=list(inventory.unread)), lang)
    for warning in plan.warnings:
        yield translate(WARNING(what=warning), lang)


def _value(plan: Plan, path: tuple[str, ...]) -> str:
    value: Any = plan.values
    for key in path:
        value = value[key]
    return f"{value}. " if isinstance(value, int) else ""


def _refused(plan: Plan, tier: str, lang: Lang) -> Iterator[str]:
    """Yield a line for each group of nodes that the tier may not use for the same reasons."""
    groups: dict[str, list[str]] = {}
    for name, reasons in plan.refused[tier].items():
        groups.setdefault(translate(_all(reasons), lang), []).append(name)
    for reason, names in groups.items():
        yield "  " + translate(words.REPORT_REFUSED(tier=tier, nodes=names, reasons=reason), lang)


def _all(reasons: list[Text]) -> Text:
    head, *rest = reasons
    for reason in rest:
        head = words.AND(first=head, second=reason)
    return head


def document(plan: Plan, inventory: Inventory, lang: Lang) -> dict[str, Any]:
    """Return the plan as plain data, the sentences in one language."""
    return {
        "topology": plan.topology,
        "values": plan.values,
        "reasons": {".".join(path): translate(reason, lang) for path, reason in plan.reasons.items()},
        "left": [translate(reason, lang) for reason in plan.left],
        "nodes": plan.nodes,
        "refused": {
            tier: {name: [translate(reason, lang) for reason in reasons] for name, reasons in refused.items()}
            for tier, refused in plan.refused.items()
        },
        "unread": list(inventory.unread),
        "warnings": [translate(warning, lang) for warning in plan.warnings],
    }
