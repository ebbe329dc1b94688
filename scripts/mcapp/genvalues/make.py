"""Makes the values of a release from the nodes of a cluster."""

from __future__ import annotations

from dataclasses import dataclass

from mcapp.genvalues import placement, values, valuesfile, words
from mcapp.genvalues.plan import Asked, Plan
from mcapp.kube.inventory import Inventory
from mcapp.messages import Lang


@dataclass(frozen=True, slots=True)
class Made:
    """The plan, the values with the reasons, and the text of their file."""

    plan: Plan
    result: values.Result
    content: str


def make(inventory: Inventory, asked: Asked, lang: Lang) -> Made:
    """Return the values for a request; PlacementError or UserError where there are none for it."""
    plan = placement.decide(inventory, asked)
    result = values.complete(asked.given, plan.values, plan.reasons)
    values.check(result.values, words.SCHEMA_MADE())
    head = [words.HEAD_MADE(), words.HEAD_AGAIN(), *plan.left]
    return Made(plan, result, valuesfile.dump(result, head, lang))
