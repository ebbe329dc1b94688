"""Which objects there are, and that Kubernetes would take each of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import ValidationError

from tests.support.definitions import KINDS, validate_native
from tests.support.render import CI_VALUES, HA, KUBERNETES, OPTIONS, Objects

Render = Callable[..., Objects]

OBJECTS = {
    ("ConfigMap", "postgres-init"),
    ("ConfigMap", "test-chain"),
    ("ConfigMap", "test-database"),
    ("Deployment", "api"),
    ("Deployment", "web"),
    ("Job", "db-passwords"),
    ("Job", "test-chain"),
    ("Job", "test-database"),
    ("NetworkPolicy", "api"),
    ("NetworkPolicy", "db"),
    ("NetworkPolicy", "db-passwords"),
    ("NetworkPolicy", "default-deny"),
    ("NetworkPolicy", "test"),
    ("NetworkPolicy", "test-database"),
    ("NetworkPolicy", "web"),
    ("PersistentVolumeClaim", "postgres-pvc"),
    ("PodDisruptionBudget", "api"),
    ("Secret", "db-ca"),
    ("Secret", "db-passwords"),
    ("Secret", "db-tls"),
    ("Secret", "postgres-secret"),
    ("Service", "api"),
    ("Service", "db"),
    ("Service", "web"),
    ("StatefulSet", "db"),
}


@pytest.mark.parametrize("file", sorted(CI_VALUES))
def test_exactly_these_objects(render: Render, file: str) -> None:
    assert render(CI_VALUES[file]).names() == OBJECTS


@pytest.mark.parametrize("minor", KUBERNETES)
def test_every_object_is_valid(render: Render, minor: str) -> None:
    # Each once: most are the same with every values file, and reading the schemas takes time.
    rendered = (document for values in (*CI_VALUES.values(), OPTIONS) for document in render(values))
    every = {json.dumps(document) for document in rendered if document["kind"] not in KINDS}
    assert len(every) > len(OBJECTS)
    for document in every:
        validate_native(json.loads(document), minor)


def test_the_validation_sees_a_wrong_field(render: Render) -> None:
    wrong = dict(render().one("Service", "web"), specc={})
    with pytest.raises(ValidationError):
        validate_native(wrong, KUBERNETES[-1])


def test_a_prefix_stands_before_every_name(render: Render) -> None:
    objects = render({"namePrefix": "blue"})
    assert objects.names() == {(kind, f"blue-{name}") for kind, name in OBJECTS}


@pytest.mark.parametrize("prefix", ["", "blue"])
def test_every_reference_leads_to_an_object(render: Render, prefix: str) -> None:
    objects = render({"namePrefix": prefix})
    names = objects.names()

    def referred(node: Any) -> set[tuple[str, str]]:
        if isinstance(node, list):
            return set().union(*(referred(item) for item in node))
        if not isinstance(node, dict):
            return set()
        found = set().union(*(referred(item) for item in node.values()))
        for key, kind, field in (
            ("configMap", "ConfigMap", "name"),
            ("secretKeyRef", "Secret", "name"),
            ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName"),
        ):
            if isinstance(node.get(key), dict):
                found.add((kind, node[key][field]))
        return found

    for document in objects:
        assert referred(document) <= names
    assert (
        "Service",
        objects.one("StatefulSet", f"{prefix}-db" if prefix else "db")["spec"]["serviceName"],
    ) in names


def test_services_select_exactly_their_tier(render: Render) -> None:
    objects = render()
    for tier in ("web", "api", "db"):
        selector = objects.one("Service", tier)["spec"]["selector"]
        kind = "StatefulSet" if tier == "db" else "Deployment"
        selected = [
            document["metadata"]["name"]
            for document in objects
            if (template := document.get("spec", {}).get("template"))
            and selector.items() <= template["metadata"]["labels"].items()
        ]
        assert selected == [tier]
        port = objects.one("Service", tier)["spec"]["ports"][0]["targetPort"]
        ports = [
            p["name"] for p in objects.one(kind, tier)["spec"]["template"]["spec"]["containers"][0]["ports"]
        ]
        assert port in ports


def test_nothing_immutable_carries_a_version(render: Render) -> None:
    for document in render():
        selector = document.get("spec", {}).get("selector", {})
        labels = selector.get("matchLabels", selector)
        assert not {"helm.sh/chart", "app.kubernetes.io/version"} & set(labels)


def test_the_names_of_the_documentation(render: Render) -> None:
    objects = render()
    web = objects.one("Service", "web")["spec"]
    assert (web["type"], web["ports"][0]["nodePort"]) == ("NodePort", 30080)
    api = objects.one("Service", "api")["spec"]
    assert (api["type"], api["ports"][0]["port"]) == ("ClusterIP", 8000)
    assert objects.one("Service", "db")["spec"]["ports"][0]["port"] == 5432
    assert objects.one("Deployment", "web")["spec"]["replicas"] == 1
    assert objects.one("Deployment", "api")["spec"]["replicas"] == 2
    claim = objects.one("PersistentVolumeClaim", "postgres-pvc")["spec"]
    assert claim["accessModes"] == ["ReadWriteOnce"]
    assert claim["resources"]["requests"]["storage"] == "5Gi"
    assert "storageClassName" not in claim
    (mount,) = [m for m in objects.pod("db")["containers"][0]["volumeMounts"] if m["name"] == "data"]
    assert mount["mountPath"].startswith("/var/lib/postgresql/")


@pytest.mark.parametrize(("given", "asked"), [("fast", "fast"), ("-", ""), ("", None), (None, None)])
def test_a_storage_class_has_three_meanings(render: Render, given: str | None, asked: str | None) -> None:
    persistence = {"persistence": {"storageClass": given}}
    values = {**HA, "db": {"mode": "ha", **persistence}, "backup": {"enabled": True, **persistence}}
    objects = render(values)
    (template,) = objects.one("StatefulSet", "db")["spec"]["volumeClaimTemplates"]
    single = render({"db": persistence}).one("PersistentVolumeClaim", "postgres-pvc")
    for claim in (template, single, objects.one("PersistentVolumeClaim", "backup-pvc")):
        assert claim["spec"].get("storageClassName") == asked


@pytest.mark.parametrize("given", [None, 0, ""])
def test_a_free_node_port_is_left_to_kubernetes(render: Render, given: object) -> None:
    ports = render({"web": {"service": {"nodePort": given}}}).one("Service", "web")["spec"]["ports"]
    assert "nodePort" not in ports[0]


def test_keys_for_yaml_anchors_are_allowed_at_the_top(render: Render) -> None:
    assert render({"x-common": {"cpu": 1}, "x-": None}).names() == OBJECTS


@pytest.mark.parametrize("keep", [True, False])
def test_data_and_passwords_are_kept_together(render: Render, keep: bool) -> None:
    objects = render({"db": {"persistence": {"keep": keep}}})
    for kind, name in (("PersistentVolumeClaim", "postgres-pvc"), ("Secret", "postgres-secret")):
        annotations = objects.one(kind, name)["metadata"].get("annotations", {})
        assert annotations.get("helm.sh/resource-policy") == ("keep" if keep else None)


@pytest.mark.parametrize("tier", ["web", "api"])
def test_a_budget_never_blocks_the_drain_of_a_single_pod(render: Render, tier: str) -> None:
    budget = ("PodDisruptionBudget", tier)
    assert budget not in render({tier: {"replicas": 1}}).names()
    objects = render({tier: {"replicas": 3}})
    assert objects.one(*budget)["spec"]["maxUnavailable"] == 1
    assert budget not in render({tier: {"replicas": 3}, "podDisruptionBudget": {"enabled": False}}).names()


def test_more_objects_come_along(render: Render) -> None:
    given = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "plain"}},
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}-text'}",
    ]
    assert render({"extraManifests": given}).names() - OBJECTS == {
        ("ConfigMap", "plain"),
        ("ConfigMap", "mcapp-text"),
    }
