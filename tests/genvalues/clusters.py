"""Nodes of the clusters that the tests of genvalues share, and the plan for one."""

from __future__ import annotations

from typing import Any

from dev.local.kube_objects import CONTROL_PLANE, DATABASE, Object, node
from mcapp.genvalues.placement import decide
from mcapp.genvalues.plan import Asked, Plan
from mcapp.kube.inventory import from_objects

LAPTOP = node("laptop", "192.168.1.10", labels=CONTROL_PLANE)
LAB = node("lab", "192.168.1.20", labels=DATABASE)
TWO = [LAPTOP, LAB]
LAB2 = node("lab2", "192.168.1.21", labels=DATABASE)


def planned(of: list[Object], **asked: Any) -> Plan:
    """Return the plan for these objects; the keywords are those of Asked."""
    return decide(from_objects(of, "test", None), Asked(**asked))
