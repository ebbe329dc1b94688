"""The results of a probe from one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mcapp.doctor.read.snapshot import Object, name, node_of


@dataclass(frozen=True, slots=True)
class View:
    """Results in the shape that probe.py prints, from a pod of the api or (None) from this machine."""

    pod: Object | None
    results: Mapping[str, Any]

    @property
    def where(self) -> str:
        """The place in words."""
        return f"in pod/{name(self.pod)}" if self.pod else "from this machine"

    @property
    def source(self) -> str:
        """The pod as kubectl names it, "" for this machine."""
        return f"pod/{name(self.pod)}" if self.pod else ""

    @property
    def node(self) -> str:
        """The pod's node, "" for this machine."""
        return node_of(self.pod) if self.pod else ""

    def part(self, group: str) -> Mapping[str, Any]:
        """Return one group of results, {} where nothing was asked."""
        found: Mapping[str, Any] = self.results.get(group) or {}
        return found

    def http(self, key: str) -> Mapping[str, Any]:
        """Return one HTTP answer, {} where nothing was asked."""
        found: Mapping[str, Any] = self.part("http").get(key) or {}
        return found

    def body(self, key: str) -> str:
        """Return the body of one HTTP answer."""
        return str(self.http(key).get("body", ""))


def said(found: Mapping[str, Any]) -> str:
    """Put one result of the probe in words."""
    address = f" {found['address']}" if "address" in found else ""
    detail = f" ({found['detail']})" if found.get("detail") else ""
    return f"{found['outcome']}{address}{detail} after {found['ms']} ms"
