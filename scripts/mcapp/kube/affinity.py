"""Node selector terms: the one parser of what a pod or a volume requires of a node's labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from mcapp.kube.nodes import Node


class Requirement(NamedTuple):
    """One requirement of a node selector term; `key` is "" for the node's name."""

    key: str
    operator: str
    values: tuple[str, ...]

    def holds(self, node: Node) -> bool:
        """Whether the node meets it."""
        return _OPERATORS[self.operator](node.labels.get(self.key) if self.key else node.name, self.values)


# A node must meet all requirements of one of the terms.
Terms: TypeAlias = tuple[tuple[Requirement, ...], ...]


def _compared(sign: int) -> Callable[[str | None, tuple[str, ...]], bool]:
    """Return the test of Gt (1) or Lt (-1): both sides must be whole numbers."""

    def holds(value: str | None, values: tuple[str, ...]) -> bool:
        try:
            return (int(value or "") - int(values[0])) * sign > 0
        except (ValueError, IndexError):
            return False

    return holds


_OPERATORS: dict[str, Callable[[str | None, tuple[str, ...]], bool]] = {
    "In": lambda value, values: value in values,
    "NotIn": lambda value, values: value not in values,
    "Exists": lambda value, _: value is not None,
    "DoesNotExist": lambda value, _: value is None,
    "Gt": _compared(1),
    "Lt": _compared(-1),
}


def parse(selector: Mapping[str, Any]) -> Terms:
    """Parse a NodeSelector (`nodeSelectorTerms`).

    Raises AttributeError, KeyError, TypeError or ValueError if it is not what Kubernetes writes.
    """
    return tuple(tuple(_requirements(term)) for term in selector.get("nodeSelectorTerms") or ())


def required_by(pod: Mapping[str, Any]) -> Terms | None:
    """Return the terms of a pod's required node affinity, None if it has none. Raises as `parse` does."""
    affinity = ((pod.get("spec") or {}).get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return None if required is None else parse(required)


def admits(terms: Terms | None, node: Node) -> bool:
    """Whether the terms admit the node: one of them holds. None admits every node, an empty term none."""
    if terms is None:
        return True
    return any(term and all(requirement.holds(node) for requirement in term) for term in terms)


def _requirements(term: Mapping[str, Any]) -> Iterator[Requirement]:
    for field, by_label in (("matchExpressions", True), ("matchFields", False)):
        for item in term.get(field) or ():
            if item["operator"] not in _OPERATORS:
                raise ValueError(item["operator"])
            values = tuple(_string(value) for value in item.get("values") or ())
            yield Requirement(_string(item["key"]) if by_label else "", item["operator"], values)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    value.encode()  # JSON can hold half a surrogate pair, which is a ValueError here
    return value
