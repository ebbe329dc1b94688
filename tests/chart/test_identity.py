"""What each tier is told about its own place, without any right to ask Kubernetes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.render import Objects

Render = Callable[..., Objects]


def settings_of_db(objects: Objects) -> dict[str, str]:
    """Return the settings that PostgreSQL is started with, by name."""
    words: list[str] = objects.pod("db")["containers"][0]["args"]
    assert set(words[::2]) == {"-c"}
    pairs = [setting.partition("=") for setting in words[1::2]]
    return {name: value for name, _, value in pairs}


@pytest.mark.parametrize("tier", ["web", "api", "db"])
def test_every_tier_knows_its_pod_and_node(render: Render, tier: str) -> None:
    pod = render().pod(tier)
    fields = {
        variable["name"]: variable["valueFrom"]["fieldRef"]["fieldPath"]
        for variable in pod["containers"][0]["env"]
        if "fieldRef" in variable.get("valueFrom", {})
    }
    assert fields == {
        "POD_NAME": "metadata.name",
        "NODE_NAME": "spec.nodeName",
        "NODE_ADDRESS": "status.hostIP",
    }
    assert pod["automountServiceAccountToken"] is False


CERTIFICATE = {
    "ssl": "on",
    "ssl_cert_file": "/etc/mcapp/db-tls/tls.crt",
    "ssl_key_file": "/etc/mcapp/db-tls/tls.key",
    "hba_file": "/etc/mcapp/postgres/pg_hba.conf",
}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"topology": "single"}, {}),
        ({"topology": "multi"}, {"mcapp.node_labels": "role=database"}),
        (
            {
                "topology": "multi",
                "placement": {"databaseNodeLabels": {"disk": "fast", "example.org/db": ""}},
            },
            {"mcapp.node_labels": "disk=fast,example.org/db=,role=database"},
        ),
        ({"namePrefix": "blue"}, {"mcapp.volume": "blue-postgres-pvc"}),
        ({"db": {"persistence": {"size": "20Gi"}}}, {"mcapp.volume_size": "20Gi"}),
    ],
)
def test_db_tells_sql_what_only_the_chart_knows(
    render: Render, values: dict[str, Any], told: dict[str, str]
) -> None:
    assert settings_of_db(render(values)) == {
        **CERTIFICATE,
        "mcapp.pod": "$(POD_NAME)",
        "mcapp.node": "$(NODE_NAME)",
        "mcapp.node_address": "$(NODE_ADDRESS)",
        "mcapp.volume": "postgres-pvc",
        "mcapp.volume_size": "5Gi",
        **told,
    }
