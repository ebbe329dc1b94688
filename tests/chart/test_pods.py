"""What a user may add to or change in the pods of each tier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dev.kind.versions import app_version
from tests.support.render import Objects

Render = Callable[..., Objects]
TIERS = ("web", "api", "db")
TAG = app_version()
DIGEST = "sha256:" + "0" * 64


def workload(objects: Objects, tier: str) -> dict[str, Any]:
    return objects.one("StatefulSet" if tier == "db" else "Deployment", tier)


def image(objects: Objects, tier: str) -> str:
    name: str = objects.pod(tier)["containers"][0]["image"]
    return name


def test_the_default_images(render: Render) -> None:
    assert [image(render(), tier) for tier in TIERS] == [
        f"mcapp/web:{TAG}",
        f"mcapp/api:{TAG}",
        "postgres:16",
    ]


def test_a_registry_for_all_and_one_of_its_own(render: Render) -> None:
    values = {"global": {"imageRegistry": "lab:5000"}, "db": {"image": {"registry": "other.example"}}}
    objects = render(values)
    assert image(objects, "web") == f"lab:5000/mcapp/web:{TAG}"
    assert image(objects, "db") == "other.example/postgres:16"
    images = {
        document["metadata"]["name"]: document["spec"]["template"]["spec"]["containers"][0]["image"]
        for document in objects
        if document["kind"] == "Job"
    }
    assert images == {
        "test-chain": f"lab:5000/mcapp/api:{TAG}",
        "test-database": f"lab:5000/mcapp/api:{TAG}",
        "db-passwords": "other.example/postgres:16",
    }


@pytest.mark.parametrize("tier", TIERS)
def test_a_digest_wins_over_the_tag(render: Render, tier: str) -> None:
    assert image(render({tier: {"image": {"digest": DIGEST}}}), tier).endswith(f"@{DIGEST}")


@pytest.mark.parametrize("tier", TIERS)
def test_what_is_added_reaches_this_tier_and_no_other(render: Render, tier: str) -> None:
    added = {
        "podLabels": {"team": "lab"},
        "podAnnotations": {"note": "mine"},
        "priorityClassName": "high",
        "extraEnv": [{"name": "EXTRA", "value": "1"}],
        "extraVolumes": [{"name": "more", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "more", "mountPath": "/more"}],
    }
    objects = render({tier: added})
    for other in TIERS:
        template = workload(objects, other)["spec"]["template"]
        pod, meta = template["spec"], template["metadata"]
        container = pod["containers"][0]
        seen = (
            meta["labels"].get("team") == "lab",
            meta.get("annotations", {}).get("note") == "mine",
            pod.get("priorityClassName") == "high",
            {"name": "EXTRA", "value": "1"} in container["env"],
            {"name": "more", "emptyDir": {}} in pod["volumes"],
            {"name": "more", "mountPath": "/more"} in container["volumeMounts"],
        )
        assert set(seen) == {other == tier}
    assert "team" not in workload(objects, tier)["spec"]["selector"]["matchLabels"]


@pytest.mark.parametrize("tier", TIERS)
def test_an_affinity_of_ones_own_replaces_that_of_the_topology(render: Render, tier: str) -> None:
    own: dict[str, Any] = {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}
    assert render({"topology": "multi", tier: {"affinity": own}}).pod(tier)["affinity"] == own


def test_pods_spread_over_the_nodes_unless_told_otherwise(render: Render) -> None:
    (constraint,) = render().pod("api")["topologySpreadConstraints"]
    assert constraint["whenUnsatisfiable"] == "ScheduleAnyway"
    own = [{"maxSkew": 2, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}]
    assert render({"api": {"topologySpreadConstraints": own}}).pod("api")["topologySpreadConstraints"] == own


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"imagePullSecrets": ["regcred"]}, ["regcred"]),
        ({"imagePullSecrets": [{"name": "regcred"}]}, ["regcred"]),
        ({"global": {"imagePullSecrets": [{"name": "site"}]}}, ["site"]),
        (
            {"global": {"imagePullSecrets": ["site", "regcred"]}, "imagePullSecrets": ["regcred"]},
            ["site", "regcred"],
        ),
    ],
)
def test_pull_secrets_reach_every_pod(render: Render, values: dict[str, Any], names: list[str]) -> None:
    templates = [d["spec"]["template"] for d in render(values) if "template" in d.get("spec", {})]
    assert len(templates) == len(TIERS) + len(("test-chain", "test-database", "db-passwords"))
    for template in templates:
        assert template["spec"]["imagePullSecrets"] == [{"name": name} for name in names]


@pytest.mark.parametrize("tier", TIERS)
def test_every_pod_is_restricted(render: Render, tier: str) -> None:
    pod = render().pod(tier)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }


def test_no_probe_of_life_asks_the_database(render: Render) -> None:
    for tier in ("web", "api"):
        container = render().pod(tier)["containers"][0]
        for probe in ("startupProbe", "livenessProbe"):
            # Both answer it themselves: tests/api and tests/page ask it while nobody is behind them.
            assert container[probe]["httpGet"] == {"path": "/healthz", "port": "http"}
    ready = render().pod("db")["containers"][0]["readinessProbe"]["exec"]["command"]
    assert ready == ["sh", "/etc/mcapp/postgres/ready.sh", "appdb"]
    script = render().one("ConfigMap", "postgres-init")["data"]["ready.sh"]
    assert script.endswith('exec pg_isready -q -h 127.0.0.1 -U postgres -d "$1"\n')
    plain = render({"db": {"tls": {"mode": "off"}}}).pod("db")["containers"][0]["readinessProbe"]
    assert plain["exec"]["command"] == [
        "pg_isready",
        "-q",
        "-h",
        "127.0.0.1",
        "-U",
        "postgres",
        "-d",
        "appdb",
    ]
