"""Validates objects by the schemas of Kubernetes, and of the projects that define kinds of their own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator, Draft202012Validator
from kubernetes_validate.utils import schema_contents
from referencing import Registry, Resource

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


def validate_native(document: Mapping[str, Any], minor: str) -> None:
    """Validate an object of a kind of Kubernetes itself, in a version such as `1.34`.

    kubernetes_validate.validate reads all schemas for each object; this reads them once.

    Raises:
        jsonschema.ValidationError: the object is wrong, or has a field that the version does not know.

    """
    group, _, version = document["apiVersion"].rpartition("/")
    file = "-".join(part for part in (document["kind"].lower(), group.partition(".")[0], version) if part)
    _native_validator(file, minor).validate(document)


def manifest(kind: str) -> Path:
    """Return the file of a kind's CustomResourceDefinition."""
    source: dict[str, str] = versions()["definitions"][kind]
    return module(source["module"]) / source["file"]


@cache
def _native_validator(file: str, minor: str) -> Draft202012Validator:
    schema = schema_contents(f"kubernetes-json-schema/v{minor}.0-local-strict/{file}.json", minor)
    return Draft202012Validator(schema, registry=_natives(minor))


@cache
def _natives(minor: str) -> Registry[Any]:
    shared = schema_contents(f"kubernetes-json-schema/v{minor}.0-local-strict/_definitions.json", minor)
    return Resource.from_contents(shared) @ Registry()


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
