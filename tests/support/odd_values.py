"""Values for the chart made from its schema, with one text wherever a text may stand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft7Validator

from mcapp.config import CHART

_SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
# A key of each pattern of the schema, where the text itself may not be one.
_KEYS = {
    "^cpu$": "cpu",
    "^(memory|ephemeral-storage|hugepages-[1-9][0-9]*[KMG]i)$": "memory",
    "^requests[.]|kubernetes[.]io/": "",
    "^(app\\.kubernetes\\.io|helm\\.sh|mcapp)/": "",
    "^checksum/": "",
}
# What stands where the text is refused and something must stand: one of these fits.
_PLAIN = ("x", "/x", "10.0.0.0/8", "http://x", "30s", "1", "5Gi", "0 3 * * *", "")
# Keys whose content the schema does not know.
_FREE = {"extraManifests", "affinity", "behavior", "podSelector", "namespaceSelector", "ipBlock", "valueFrom"}


class Filled:
    """What one text makes of the schema: `taken` and `refused`, each a mapping from a path to a value."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.taken: dict[tuple[str, ...], Any] = {}
        self.refused: dict[tuple[str, ...], Any] = {}
        for key, below in _SCHEMA["properties"].items():
            self._visit(below, (key,))

    def _visit(self, schema: Mapping[str, Any], path: tuple[str, ...]) -> None:
        schema = _resolved(schema)
        if path[-1] in _FREE or "enum" in schema:
            return
        kinds = _kinds(schema)
        if "string" in kinds:
            fits = _fits(schema, self.text)
            (self.taken if fits else self.refused)[path] = self.text
        elif "array" in kinds and "items" in schema:
            self._visit_array(_resolved(schema["items"]), path)
        elif "object" in kinds:
            for key, below in schema.get("properties", {}).items():
                self._visit(below, (*path, key))
            for key, below in self._pattern_keys(schema):
                self._visit(below, (*path, key))

    def _visit_array(self, items: Mapping[str, Any], path: tuple[str, ...]) -> None:
        if "string" in _kinds(items):
            fits = _fits(items, self.text)
            (self.taken if fits else self.refused)[path] = [self.text]
        elif "object" in _kinds(items):
            self.taken[path] = [self._item(items)]

    def _item(self, schema: Mapping[str, Any]) -> Any:
        """Return an object of a list with the text in each of its texts that take it."""
        made: dict[str, Any] = {}
        required = schema.get("required", [])
        if schema.get("minProperties") == 2:
            # A volume is a name and a kind.
            made["emptyDir"] = {}
        for key, below in schema.get("properties", {}).items():
            below = _resolved(below)
            if key in _FREE:
                continue
            if "enum" in below:
                made[key] = below["enum"][-1]
            elif "string" in _kinds(below):
                made[key] = self.text if _fits(below, self.text) else _plain(below)
            elif "array" in _kinds(below) and "string" in _kinds(_resolved(below["items"])):
                made[key] = [self.text] if _fits(_resolved(below["items"]), self.text) else []
            elif key in required:
                made[key] = below.get("minimum", 1)
        return made

    def _pattern_keys(self, schema: Mapping[str, Any]) -> list[tuple[str, Any]]:
        found = []
        for pattern, below in schema.get("patternProperties", {}).items():
            key = _KEYS.get(pattern)
            if key is None and not _fits({"pattern": pattern}, "k"):
                key = "example.org/chip"
            if key is None:
                key = self.text if _fits({"pattern": pattern}, self.text) else "k"
            if key:
                found.append((key, below))
        return found


def nested(paths: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
    """Return values with each of these at its path."""
    made: dict[str, Any] = {}
    for path, value in paths.items():
        at = made
        for key in path[:-1]:
            at = at.setdefault(key, {})
        at[path[-1]] = value
    return made


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").removeprefix("#/definitions/")
    found: Mapping[str, Any] = _SCHEMA["definitions"][name] if name else schema
    return found


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def _fits(schema: Mapping[str, Any], text: str) -> bool:
    return bool(Draft7Validator(schema).is_valid(text))


def _plain(schema: Mapping[str, Any]) -> str:
    return next(text for text in _PLAIN if _fits(schema, text))
