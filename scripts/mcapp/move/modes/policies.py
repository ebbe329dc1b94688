"""Lets the pod of a move reach the database, where the release has NetworkPolicies."""

from __future__ import annotations

from typing import Any

from mcapp.genvalues.values import effective
from mcapp.move.release import Deployed

_PORT = [{"port": 5432}]
_DNS = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]


def of(deployed: Deployed) -> list[dict[str, Any]]:
    """Return the policies of a move: the pod may connect to the database, and ask DNS for its name."""
    if not effective(dict(deployed.given))["networkPolicy"]["enabled"]:
        return []
    mover, database = _pods(deployed, "db-move"), _pods(deployed, "db")
    out = [{"to": [database], "ports": _PORT}, {"ports": _DNS}]
    return [
        _policy(deployed, "db-move", mover, {"policyTypes": ["Egress"], "egress": out}),
        _policy(
            deployed,
            "db-move-source",
            database,
            {"policyTypes": ["Ingress"], "ingress": [{"from": [mover], "ports": _PORT}]},
        ),
    ]


def _pods(deployed: Deployed, component: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/instance": deployed.name, "app.kubernetes.io/component": component}
    return {"podSelector": {"matchLabels": labels}}


def _policy(deployed: Deployed, name: str, chosen: dict[str, Any], rules: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": deployed.object(name), "namespace": deployed.namespace},
        "spec": {**chosen, **rules},
    }
