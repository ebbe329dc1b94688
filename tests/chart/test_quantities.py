"""A quantity is the same as a float, an integer or a text, where it is compared, shown or passed on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.chart.test_identity import settings_of_db
from tests.support.render import HA, HelmError, Objects

Render = Callable[..., Objects]

# A template's expression, and what the two helpers make of it. A values file gives floats, --set integers.
FORMS = [
    ("268435456.0", "268435456", "256Mi"),
    ("(int64 268435456)", "268435456", "256Mi"),
    ('"268435456"', "268435456", "256Mi"),
    ('"256Mi"', "268435456", "256Mi"),
    ("5368709120.0", "5368709120", "5Gi"),
    ('"5Gi"', "5368709120", "5Gi"),
    ('"5e9"', "5000000000", "5000000000"),
    ("5000000000.0", "5000000000", "5000000000"),
    ('"012"', "12", "12"),
    ('"1.5Gi"', "1610612736", "1.5Gi"),
    ('"1E"', "1000000000000000000", "1E"),
    ('"8Pi"', "9007199254740992", "8Pi"),
    ('"250m"', "0.25", "250m"),
    ('"1000k"', "1000000", "1000k"),
]


def test_one_number_and_one_text_for_each_form(render: Render) -> None:
    lines = [
        f'  n{number}: "{{{{ include "mcapp.quantity" {form} }}}} {{{{ include "mcapp.size" {form} }}}}"'
        for number, (form, _, _) in enumerate(FORMS)
    ]
    text = "\n".join(["apiVersion: v1", "kind: ConfigMap", "metadata: {name: forms}", "data:", *lines])
    told = render({"extraManifests": [text]}).one("ConfigMap", "forms")["data"]
    expected = [f"{number} {shown}" for _, number, shown in FORMS]
    assert [told[f"n{number}"] for number in range(len(FORMS))] == expected


@pytest.mark.parametrize("size", [5368709120, "5368709120", "5Gi"])
@pytest.mark.parametrize("mode", ["standalone", "ha"])
def test_a_size_in_bytes_is_asked_for_and_shown_in_its_unit(render: Render, size: object, mode: str) -> None:
    given = {**HA, "db": {"mode": mode, "persistence": {"size": size}}}
    objects = render({**given, "backup": {"enabled": True, "persistence": {"size": size}}})
    for name in ("postgres-pvc", "backup-pvc") if mode == "standalone" else ("backup-pvc",):
        claim = objects.one("PersistentVolumeClaim", name)["spec"]
        assert claim["resources"]["requests"]["storage"] == "5Gi"
    if mode == "standalone":
        assert settings_of_db(objects)["mcapp.volume_size"] == "5Gi"
    else:
        (claim,) = objects.one("StatefulSet", "db")["spec"]["volumeClaimTemplates"]
        assert claim["spec"]["resources"]["requests"]["storage"] == "5Gi"
        patroni = objects.one("ConfigMap", "db-patroni")["data"]["patroni.yaml"]
        assert "mcapp.volume_size: 5Gi\n" in patroni


TIERS = ("web", "api", "db", "backup")


def test_every_containers_resources_are_texts_without_exponents(render: Render) -> None:
    given = {"limits": {"memory": 2684354560, "cpu": 2}, "requests": {"memory": 268435456, "cpu": 0.5}}
    objects = render(
        {tier: {"resources": given} for tier in TIERS} | {"backup": {"enabled": True, "resources": given}}
    )
    text = {"limits": {"memory": "2684354560", "cpu": "2"}, "requests": {"memory": "268435456", "cpu": "0.5"}}
    for tier in ("web", "api", "db"):
        assert objects.pod(tier)["containers"][0]["resources"] == text
    job = objects.one("CronJob", "db-backup")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert job["containers"][0]["resources"] == text


def test_no_resources_are_none(render: Render) -> None:
    objects = render({"web": {"resources": {"limits": None, "requests": None}}})
    assert objects.pod("web")["containers"][0]["resources"] == {}


@pytest.mark.parametrize(
    ("limits", "requests", "told"),
    [
        (
            {"memory": 300000000},
            {"memory": 2000000000},
            "got 300000000, want at least requests.memory (2000000000)",
        ),
        ({"memory": 300000000}, {"memory": "2G"}, "got 300000000, want at least requests.memory (2G)"),
        (
            {"memory": "300000000"},
            {"memory": 2e9},
            "got '300000000', want at least requests.memory (2000000000)",
        ),
        ({"cpu": 0.25}, {"cpu": 0.5}, "got 0.25, want at least requests.cpu (0.5)"),
    ],
)
def test_a_refusal_quotes_what_was_written(
    render: Render, limits: dict[str, Any], requests: dict[str, Any], told: str
) -> None:
    with pytest.raises(HelmError) as refused:
        render({"api": {"resources": {"limits": limits, "requests": requests}}})
    assert told in str(refused.value), json.dumps(str(refused.value))
