"""Values and their schema match, both ways and at every level."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml

from mcapp.config import CHART

SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
TEXT = (CHART / "values.yaml").read_text()
VALUES: dict[str, Any] = yaml.safe_load(TEXT)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the part that a reference leads to, or the part itself."""
    name = schema.get("$ref", "").removeprefix("#/definitions/")
    found: dict[str, Any] = SCHEMA["definitions"][name] if name else schema
    return found


def paths(
    values: dict[str, Any], schema: dict[str, Any], at: str = ""
) -> Iterator[tuple[str, set[str], set[str]]]:
    """Yield each level that is ours: its path, the keys in the values, the keys in the schema."""
    known = schema["properties"]
    yield at, set(values), set(known)
    for key, reference in known.items():
        below = resolved(reference)
        if "properties" in below and isinstance(values.get(key), dict):
            yield from paths(values[key], below, f"{at}.{key}" if at else key)


@pytest.mark.parametrize("level", list(paths(VALUES, SCHEMA)), ids=lambda level: level[0] or "root")
def test_values_and_schema_match_both_ways(level: tuple[str, set[str], set[str]]) -> None:
    at, values, known = level
    assert values == known - ({"enabled"} if at == "" else set())


def test_no_key_can_be_removed_from_under_the_templates() -> None:
    """Helm takes null for "without this default"; only these do without."""
    every = {
        f"{at}.{key}".lstrip(".") for at, schema in _objects(SCHEMA) for key in schema.get("properties", {})
    }
    newer = SCHEMA["allOf"][0]
    # Where one of the sections is missing, a template says so.
    required = {*_required(SCHEMA), *_required(newer["if"]), *_required(newer["then"])}
    removable = every - required
    parts = ("web", "api", "db", "backup", "metrics.exporters")
    resources = {f"{part}.resources.{key}" for part in parts for key in ("limits", "requests")}
    shared = {"global", "global.imageRegistry", "global.imagePullSecrets"}
    others = {"web.service.nodePort", "placement.databaseNodeLabelsOverride"}
    classes = {f"{part}.persistence.storageClass" for part in ("db", "backup")}
    assert removable == {"enabled", *shared, *resources, *others, *classes}


def test_the_defaults_fit_the_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    jsonschema.validate(VALUES, SCHEMA)


def _objects(schema: dict[str, Any], at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield at, schema
    for key, below in schema.get("properties", {}).items():
        yield from _objects(resolved(below), f"{at}.{key}" if at else key)


def _required(schema: dict[str, Any]) -> set[str]:
    return {f"{at}.{key}".lstrip(".") for at, below in _objects(schema) for key in below.get("required", [])}


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
        assert any(line.startswith(f"# {at} -- ") for line in comments), f"{at} has no comment"
