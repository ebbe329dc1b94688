"""Validates objects of kinds that Kubernetes does not have itself, by the definitions of their projects."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator

from dev.kind.programs import module
from dev.kind.versions import versions

KINDS = frozenset(versions()["definitions"])


def validate(document: Mapping[str, Any]) -> None:
    """Validate an object of one of KINDS by its definition.

    Raises:
        jsonschema.ValidationError: the object is wrong, or has a field that the API server would drop.

    """
    group, _, version = document["apiVersion"].partition("/")
    _validator(document["kind"], group, version).validate(document)


def manifest(kind: str) -> Path:
    """Return the file of a kind's CustomResourceDefinition."""
    source: dict[str, str] = versions()["definitions"][kind]
    return module(source["module"]) / source["file"]


@cache
def _validator(kind: str, group: str, version: str) -> Draft7Validator:
    spec = yaml.load(manifest(kind).read_text(), yaml.CSafeLoader)["spec"]
    assert (spec["names"]["kind"], spec["group"]) == (kind, group)
    (schema,) = [
        served["schema"]["openAPIV3Schema"] for served in spec["versions"] if served["name"] == version
    ]
    return Draft7Validator(_strict(schema))


def _strict(schema: Any) -> Any:
    """Return the schema with no unknown fields allowed, except where it defines none, as in metadata."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: _strict(value) for key, value in schema.items()}
    open_to_more = schema.get("x-kubernetes-preserve-unknown-fields", False)
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" and not open_to_more:
        strict.setdefault("additionalProperties", False)
    return strict
