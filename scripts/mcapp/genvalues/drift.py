"""What changed on the cluster since a values file was made, key by key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mcapp.genvalues import words
from mcapp.genvalues.values import Reasons, Result, load
from mcapp.messages import Text

Keys = tuple[str, ...]


class Drift(NamedTuple):
    """How a file differs from what would be written now: in sentences, and as a unified diff."""

    differs: bool
    sentences: list[Text]
    diff: str = ""


def target(file: str | None, topology: str) -> Path:
    """Return the file to check: the one that is named, else an existing file of either topology."""
    if file:
        return Path(file)
    names = [Path(f"values-{name}.yaml") for name in (topology, "single", "multi")]
    return next((name for name in names if name.exists()), names[0])


def against(path: Path, result: Result, content: str) -> Drift:
    """Compare a file with what would be written now; UserError if it is no values file."""
    if not path.exists():
        return Drift(True, [words.CHECK_ABSENT(file=str(path))])
    old = load(path)
    before = path.read_text("utf-8", "replace")
    if before == content:
        return Drift(False, [words.CHECK_SAME(file=str(path))])
    import difflib

    lines = before.splitlines(keepends=True), content.splitlines(keepends=True)
    diff = "".join(difflib.unified_diff(*lines, str(path), "now"))
    return Drift(True, compare(old, result.values, result.reasons) or [words.CHECK_WORDS()], diff)


def compare(old: Mapping[str, Any], new: Mapping[str, Any], reasons: Reasons) -> list[Text]:
    """Return a sentence for each key that differs, none if the values are the same."""
    return [*_nodes(_listed(old), _listed(new)), *_keys(_flat(old, ()), _flat(new, ()), reasons)]


def _listed(values: Mapping[str, Any]) -> dict[str, Any]:
    cluster = values.get("cluster")
    nodes = cluster.get("nodes") if isinstance(cluster, dict) else None
    if not isinstance(nodes, list):
        return {}
    return {str(node["name"]): node for node in nodes if isinstance(node, dict) and "name" in node}


def _nodes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Text]:
    for name in sorted({*old, *new}):
        before, now = old.get(name), new.get(name)
        if now is None:
            yield words.DRIFT_NODE_GONE(node=name)
        elif before is None:
            yield words.DRIFT_NODE_NEW(node=name)
        else:
            for key, changed in (("address", words.DRIFT_NODE_ADDRESS), ("tiers", words.DRIFT_NODE_TIERS)):
                if before.get(key) != now.get(key):
                    yield changed(node=name, old=_short(before.get(key)), new=_short(now.get(key)))


def _flat(values: Mapping[str, Any], path: Keys) -> dict[Keys, Any]:
    flat: dict[Keys, Any] = {}
    for key, value in values.items():
        here = (*path, str(key))
        if here == ("cluster", "nodes"):
            continue
        if isinstance(value, dict) and value:
            flat.update(_flat(value, here))
        else:
            flat[here] = value
    return flat


def _keys(old: dict[Keys, Any], new: dict[Keys, Any], reasons: Reasons) -> Iterator[Text]:
    for path in [*new, *(path for path in old if path not in new)]:
        if path in old and path in new and old[path] == new[path]:
            continue
        key = ".".join(path)
        if path not in new:
            yield words.DRIFT_REMOVED(key=key, old=_short(old[path]))
            continue
        reason = next(
            (reasons[path[:end]] for end in range(len(path), 0, -1) if path[:end] in reasons), words.GIVEN()
        )
        if path in old:
            yield words.DRIFT_CHANGED(key=key, old=_short(old[path]), new=_short(new[path]), reason=reason)
        else:
            yield words.DRIFT_ADDED(key=key, new=_short(new[path]), reason=reason)


def _short(value: Any) -> str | Text:
    if value in (None, "", [], {}):
        return words.NOTHING()
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value[:3]) + (", ..." if len(value) > 3 else "")
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return written if len(written) <= 120 else f"{written[:117]}..."
