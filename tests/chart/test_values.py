"""Values and their schema: they match, and a wrong value is refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest
import yaml
from mcapp.config import CHART
from render import HelmError, Objects, lint

Render = Callable[..., Objects]

SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
TEXT = (CHART / "values.yaml").read_text()
VALUES: dict[str, Any] = yaml.safe_load(TEXT)
# A parent chart's keys. `enabled` is its condition, without a default of ours.
PARENTS = {"global", "enabled"}


def paths(
    values: dict[str, Any], schema: dict[str, Any], at: str = ""
) -> Iterator[tuple[str, set[str], set[str]]]:
    """Yield each level that is ours: its path, the keys in the values, the keys in the schema."""
    known = schema["properties"]
    yield at, set(values), set(known)
    for key, below in known.items():
        if "properties" in below and isinstance(values.get(key), dict):
            yield from paths(values[key], below, f"{at}.{key}" if at else key)


@pytest.mark.parametrize("level", list(paths(VALUES, SCHEMA)), ids=lambda level: level[0] or "root")
def test_values_and_schema_match_both_ways(level: tuple[str, set[str], set[str]]) -> None:
    at, values, known = level
    assert values == known - ({"enabled"} if at == "" else set())


def test_the_defaults_fit_the_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    jsonschema.validate(VALUES, SCHEMA)


def _objects(schema: dict[str, Any], at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield at, schema
    for key, below in schema.get("properties", {}).items():
        yield from _objects(below, f"{at}.{key}" if at else key)


@pytest.mark.parametrize(
    ("at", "schema"), list(_objects(SCHEMA))[1:], ids=lambda item: item if isinstance(item, str) else ""
)
def test_every_value_is_described_for_a_reader(at: str, schema: dict[str, Any]) -> None:
    assert schema["description"].endswith("."), at
    if "properties" in schema and at != "global":
        assert schema["additionalProperties"] is False, at


def test_every_value_has_a_comment_that_starts_with_its_name() -> None:
    comments = [line.strip() for line in TEXT.splitlines() if line.strip().startswith("#")]
    for at, _schema in list(_objects(SCHEMA))[1:]:
        inner = "properties" in _schema and not at.endswith("resources")
        if inner or at == "enabled" or ".resources." in at:
            continue
        assert any(line.startswith(f"# {at} ") for line in comments), f"{at} has no comment"


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("topology", {"topology": None}),
    ("image", {"web": {"image": None}}),
    ("replicas", {"api": {"replicas": None}}),
    ("digest", {"web": {"image": {"digest": "sha256:abc"}}}),
    ("imageRegistry", {"global": {"imageRegistry": "my registry"}}),
    ("podLabels", {"web": {"podLabels": {"app.kubernetes.io/component": "api"}}}),
    ("podLabels", {"web": {"podLabels": {"tier": 1}}}),
    ("extraEnv", {"api": {"extraEnv": {"A": "b"}}}),
    ("extraEnv", {"api": {"extraEnv": [{"value": "b"}]}}),
    ("extraVolumeMounts", {"db": {"extraVolumeMounts": [{"name": "a"}]}}),
    ("extraVolumes", {"db": {"extraVolumes": ["a"]}}),
    ("affinity", {"db": {"affinity": []}}),
    ("topologySpreadConstraints", {"db": {"topologySpreadConstraints": []}}),
    ("topologySpreadConstraints", {"api": {"topologySpreadConstraints": ["zone"]}}),
    ("priorityClassName", {"db": {"priorityClassName": 5}}),
    ("existingSecret", {"db": {"auth": {"existingSecret": True}}}),
    ("appPassword", {"db": {"auth": {"keys": {"appPassword": ""}}}}),
    ("password", {"db": {"auth": {"password": "x"}}}),
    ("checkVolume", {"placement": {"checkVolume": "no"}}),
    ("podDisruptionBudget", {"podDisruptionBudget": {"minAvailable": 1}}),
    ("extraManifests", {"extraManifests": {"a": 1}}),
    ("nameOverride", {"nameOverride": 5}),
    ("namePrefix", {"namePrefix": "-blue"}),
    ("registry", {"db": {"image": {"registry": "a b"}}}),
    ("storageClass", {"db": {"persistence": {"storageClass": ["fast"]}}}),
    ("accessModes", {"db": {"persistence": {"accessModes": ["ReadWriteMany"]}}}),
    ("nodeSelector", {"web": {"nodeSelector": "laptop"}}),
    ("podAnnotations", {"web": {"podAnnotations": {"a": True}}}),
    ("operator", {"api": {"tolerations": [{"operator": "In"}]}}),
    ("topology", {"topology": "triple"}),
    ("topologi", {"topologi": "multi"}),
    ("nodePort", {"web": {"service": {"nodePort": 80}}}),
    ("nodePort", {"web": {"service": {"nodePort": 32768}}}),
    ("nodePort", {"web": {"service": {"nodePort": "30080"}}}),
    ("type", {"web": {"service": {"type": "LoadBalancer"}}}),
    ("replicas", {"api": {"replicas": -1}}),
    ("replicas", {"api": {"replicas": 1.5}}),
    ("replicas", {"web": {"replicas": "two"}}),
    ("replicas", {"db": {"replicas": 2}}),
    ("size", {"db": {"persistence": {"size": "five"}}}),
    ("size", {"db": {"persistence": {"size": "5GB"}}}),
    ("keep", {"db": {"persistence": {"keep": "yes"}}}),
    ("pullPolicy", {"web": {"image": {"pullPolicy": "always"}}}),
    ("repository", {"api": {"image": {"repository": "MCAPP/API"}}}),
    ("repository", {"api": {"image": {"repository": ""}}}),
    ("tag", {"db": {"image": {"tag": 16}}}),
    ("tag", {"db": {"image": {"tag": "16 "}}}),
    ("databaseNodeLabels", {"placement": {"databaseNodeLabels": {"role": "data base"}}}),
    ("databaseNodeLabels", {"placement": {"databaseNodeLabels": {"role": 1}}}),
    ("appOffDatabaseNode", {"placement": {"appOffDatabaseNode": "never"}}),
    ("namePrefix", {"namePrefix": "Blue"}),
    ("database", {"db": {"database": "app-db"}}),
    ("logLevel", {"api": {"logLevel": "verbose"}}),
    ("drainSeconds", {"api": {"drainSeconds": 1000}}),
    ("poolSize", {"api": {"poolSize": 0}}),
    ("tolerations", {"db": {"tolerations": {"key": "x"}}}),
    ("effect", {"db": {"tolerations": [{"key": "x", "effect": "Never"}]}}),
    ("memory", {"db": {"resources": {"limits": {"memory": "1 GiB"}}}}),
    ("urls", {"cluster": {"urls": ["localhost"]}}),
    ("tiers", {"cluster": {"nodes": [{"name": "a", "tiers": ["cache"]}]}}),
    ("imagePullSecrets", {"imagePullSecrets": "secret"}),
    # What does not fit together.
    ("databaseNodeLabels", {"topology": "multi", "placement": {"databaseNodeLabels": {"role": None}}}),
    ("superuserPassword", {"db": {"auth": {"existingSecret": "mine", "superuserPassword": "x"}}}),
    ("appPassword", {"db": {"auth": {"existingSecret": "mine", "appPassword": "x"}}}),
    ("appPassword", {"db": {"auth": {"keys": {"appPassword": "superuser-password"}}}}),
]


@pytest.mark.parametrize(("key", "values"), WRONG, ids=[f"{k}-{i}" for i, (k, _) in enumerate(WRONG)])
def test_a_wrong_value_is_refused_by_name(render: Render, key: str, values: dict[str, Any]) -> None:
    for refuse in (render, lint):
        with pytest.raises(HelmError, match=key):
            refuse(values)


def test_the_chart_serves_as_a_subchart(render: Render, tmp_path: Any) -> None:
    parent = tmp_path / "parent"
    (parent / "charts").mkdir(parents=True)
    (parent / "charts" / "mcapp").symlink_to(CHART)
    (parent / "Chart.yaml").write_text(
        "apiVersion: v2\nname: parent\nversion: 0.1.0\n"
        "dependencies: [{name: mcapp, version: '*', condition: mcapp.enabled}]\n"
    )
    (parent / "values.yaml").write_text("global: {site: lab}\nmcapp: {enabled: true, topology: multi}\n")
    assert ("StatefulSet", "db") in render(chart=str(parent)).names()
    assert not render({"mcapp": {"enabled": False}}, chart=str(parent)).names()
