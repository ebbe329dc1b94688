"""Helm values: read from files and options, merged as Helm does, checked against the chart's schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from mcapp import yamltext
from mcapp.config import CHART, SHOWN_CHART
from mcapp.errors import UserError
from mcapp.genvalues import rules, words
from mcapp.kube import words as kube_words
from mcapp.messages import Part, Text

Values = dict[str, Any]
Reasons = Mapping[tuple[str, ...], Text]

# Comments explain keys down to this depth; below it they would clutter labels and requests.
_DEPTH = 2
LABELS, OVERRIDE = "databaseNodeLabels", "databaseNodeLabelsOverride"


@cache
def defaults() -> Values:
    """Return the chart's own values. They are read once: do not change the result."""
    return load(CHART / "values.yaml")


def load(path: Path) -> Values:
    """Read a values file; UserError if it cannot be read, is not YAML or holds no mapping."""
    try:
        document = yamltext.load(path.read_bytes())
    except OSError as error:
        why = error.strerror or str(error)
        raise UserError(kube_words.INPUT_UNREADABLE(file=str(path), why=why), words.VALUES_REMEDY()) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problem = words.VALUES_YAML(file=str(path), why=yamltext.why(error))
        raise UserError(problem, words.VALUES_REMEDY()) from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise UserError(words.VALUES_MAPPING(file=str(path)), words.VALUES_REMEDY())
    return document


def assigned(assignments: Sequence[str]) -> Values:
    r"""Turn `key.sub=value` into values: the value is YAML, a dot inside a key is written `\.`."""
    result: Values = {}
    for assignment in assignments:
        path, equals, raw = assignment.partition("=")
        keys = [key.replace("\\.", ".") for key in re.split(r"(?<!\\)\.", path)]
        if not equals or not all(keys):
            raise UserError(words.SET_FORM(given=assignment), words.SET_REMEDY())
        try:
            value = yamltext.load(raw)
        except (yaml.YAMLError, ValueError) as error:
            problem = words.SET_YAML(given=assignment, why=yamltext.why(error))
            raise UserError(problem, words.SET_REMEDY()) from None
        for key in reversed(keys):
            value = {key: value}
        result = merge(result, value)
    return result


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> Values:
    """Return both, `over` winning; only mappings are merged, as Helm does."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        result[key] = merge(below, value) if both else value  # type: ignore[arg-type]
    return result


def given(base: Path | None, assignments: Sequence[str]) -> Values:
    """Return the user's own values: those of --set over those of --base, checked against the schema."""
    below = load(base) if base else {}
    cluster = below.get("cluster")
    if isinstance(cluster, dict):
        # The base may be an earlier result: what that read of the cluster is read again.
        below = {**below, "cluster": {key: cluster[key] for key in cluster if key not in ("nodes", "urls")}}
    wanted = merge(below, assigned(assignments))
    if wanted:
        check(wanted, words.SCHEMA_GIVEN())
    return wanted


class Result(NamedTuple):
    """Values ready to be written, in the chart's order, and the reason for each key that has one."""

    values: Values
    reasons: Reasons

    @property
    def secret(self) -> bool:
        """Whether they hold a password."""
        auth = (self.values.get("db") or {}).get("auth") or {}
        return bool(auth.get("superuserPassword") or auth.get("appPassword"))


def complete(given: Values, decided: Values, reasons: Reasons) -> Result:
    """Merge the decided values over the given ones; a given key gets a reason, too."""
    if OVERRIDE in decided.get("placement", {}):
        # It holds all labels: one that was decided against must not come back by the merge.
        placement = {key: value for key, value in given["placement"].items() if key != OVERRIDE}
        given = {**given, "placement": placement}
    told = dict(reasons)
    for path in _leaves(given, ()):
        if not any(path[:end] in reasons for end in range(1, len(path) + 1)):
            told[path] = words.GIVEN()
    return Result(_ordered(merge(given, decided), defaults()), told)


def _leaves(values: Values, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for key, value in values.items():
        if isinstance(value, dict) and value and len(path) < _DEPTH:
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key)


def _ordered(values: Values, like: Any) -> Values:
    known = like if isinstance(like, dict) else {}
    keys = [*(key for key in known if key in values), *(key for key in values if key not in known)]
    return {
        key: _ordered(values[key], known.get(key)) if isinstance(values[key], dict) else values[key]
        for key in keys
    }


def effective(values: Mapping[str, Any]) -> Values:
    """Return the values as the chart sees them: these over its defaults, without the keys that are null."""
    return _without_null(merge(defaults(), values))


def label_key(values: Mapping[str, Any]) -> str:
    """Return the key of `placement` that has the labels of db's node, in values as the chart sees them."""
    return OVERRIDE if values["placement"].get(OVERRIDE) else LABELS


def _without_null(values: Values) -> Values:
    return {
        key: _without_null(value) if isinstance(value, dict) else value
        for key, value in values.items()
        if value is not None
    }


def check(values: Values, source: Text) -> None:
    """Check the values, as the chart sees them, by its rules; UserError names the first wrong key."""
    # Imported here, since it is the slowest import: --label and many errors do not need it.
    from jsonschema import Draft7Validator
    from jsonschema.exceptions import best_match

    seen = effective(_few_nodes(values))
    # Helm's $ is the end of a text, Python's also stands before a line break there.
    schema = (
        (CHART / "values.schema.json").read_text("utf-8").replace('$"', r"\\Z" + '"').replace("$)", r"\\Z)")
    )
    error = best_match(Draft7Validator(json.loads(schema)).iter_errors(seen))
    if error is not None:
        where = ".".join(str(part) for part in error.absolute_path) or "(top)"
        raise _broken(source, where, error.message) from None
    for key, why in rules.broken(seen):
        raise _broken(source, key, why)


def _broken(source: Text, key: str, why: Part) -> UserError:
    remedy = words.SCHEMA_REMEDY(schema=str(SHOWN_CHART / "values.schema.json"))
    return UserError(words.SCHEMA(source=source, key=key, why=why), remedy)


def _few_nodes(values: Values) -> Values:
    """Keep one node of each kind: the others differ only in their names and addresses, which are strings."""
    cluster = values.get("cluster")
    if not isinstance(cluster, dict):
        return values
    nodes = cluster.get("nodes")
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        return values
    kinds = {
        (
            *node,
            type(node.get("name")),
            bool(node.get("name")),
            type(node.get("address")),
            str(node.get("tiers")),
        ): node
        for node in nodes
    }
    return {**values, "cluster": {**cluster, "nodes": list(kinds.values())}}
