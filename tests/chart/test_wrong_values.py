"""A wrong value is refused by its key, by every command of Helm's that takes values."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.render import HelmError, install, lint, render
from tests.support.wrong_values import WRONG, Wrong

pytestmark = pytest.mark.slow
COMMANDS: dict[str, Callable[[dict[str, Any]], object]] = {
    "template": render,
    "lint": lint,
    "install": install,
}


@pytest.mark.parametrize("wrong", WRONG, ids=[wrong["says"] for wrong in WRONG])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_value_is_refused_by_name(command: str, wrong: Wrong) -> None:
    with pytest.raises(HelmError, match=re.escape(wrong["says"])):
        COMMANDS[command](wrong["values"])


@pytest.mark.parametrize("command", COMMANDS)
def test_all_that_does_not_fit_together_is_told_at_once(command: str) -> None:
    values = {"api": {"extraEnv": [{"name": "PGUSER"}], "resources": {"limits": {"memory": "64Mi"}}}}
    with pytest.raises(HelmError, match=r"(?s)/api/extraEnv.*/api/resources/limits/memory"):
        COMMANDS[command](values)


RIGHT = [
    {"placement": {"databaseNodeLabels": {"role": None}}},
    {"web": {"service": {"type": "ClusterIP"}}},
    {"api": {"resources": {"limits": {"cpu": 0.05, "nvidia.com/gpu": 1}, "requests": {"cpu": "50m"}}}},
    {"db": {"resources": {"limits": {"memory": "1Gi"}, "requests": {"memory": "1024Mi"}}}},
    {"db": {"auth": {"existingSecret": "mine", "keys": {"appPassword": "APP", "superuserPassword": "ROOT"}}}},
    {"api": {"tolerations": [{"operator": "Exists"}, {"key": "a"}]}},
    {"api": {"autoscaling": {"minReplicas": 3, "maxReplicas": 3}, "resources": {"requests": {"cpu": None}}}},
    {"metrics": {"serviceMonitor": {"interval": "90s", "scrapeTimeout": "1m30s"}}},
    {"ingress": {"hosts": ["*.lab", "1-lab", "a.b1"], "tls": [{"secretName": "wildcard"}]}},
    {"api": {"extraVolumeMounts": [{"name": "tmp", "mountPath": "/cache", "subPath": "cache"}]}},
]


@pytest.mark.parametrize("values", RIGHT, ids=str)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_right_value_beside_a_wrong_one_is_taken(command: str, values: dict[str, Any]) -> None:
    COMMANDS[command](values)
