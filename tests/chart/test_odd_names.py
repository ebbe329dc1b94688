"""Names and values that YAML could take for numbers and the like stay texts, or are refused by their key."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from mcapp.config import CHART
from mcapp.genvalues.values import effective, merge
from tests.support import definitions
from tests.support.odd_values import Filled, nested
from tests.support.render import EXTERNAL, HA, KUBERNETES, OPTIONS, HelmError, Objects, with_lookups

Render = Callable[..., Objects]
Path = tuple[str, ...]

ODD = ("1e3", "0x1f", "012", "on", "no", "null", "~", "2025-12-31", "1:30", "1_000", "'")
# What Helm takes as a release's name, and Kubernetes as a namespace's.
NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
SCHEMA = Draft7Validator(json.loads((CHART / "values.schema.json").read_text()))
ALL = merge(OPTIONS, {"backup": {"enabled": True}})
KEYS = ("superuserPassword", "appPassword", "replicationPassword")
SECRET = ("db", "auth", "existingSecret")


def keys_but(one: str) -> set[Path]:
    """Return the paths of the passwords' keys in their Secret but one: two that are equal are refused."""
    return {("db", "auth", "keys", key) for key in KEYS if key != one}


# In each mode: the values that make it, and where the text does not stand.
MODES: dict[str, tuple[dict[str, Any], set[Path]]] = {
    "standalone": (ALL, {SECRET, *keys_but("superuserPassword")}),
    "ha": (merge(ALL, dict(HA)), {*(("db", "auth", key) for key in KEYS), *keys_but("appPassword")}),
    "external": (merge(merge(OPTIONS, dict(EXTERNAL)), {"topology": "single"}), keys_but("")),
}


def split(text: str, mode: str) -> tuple[dict[str, Any], dict[Path, Any]]:
    """Return the mode's values with the text at each place that takes it, and the places that do not."""
    base, outside = MODES[mode]
    # Only a template can tell: no schedule, no address or range, and an IPv6 address that is none.
    outside = {*outside, ("backup", "schedule"), ("web", "trustedProxies")}
    outside |= {("db", "external", "host")} if ":" in text else set()
    filled = Filled(text)
    taken = {path: value for path, value in filled.taken.items() if path not in outside}
    refused = dict(filled.refused)
    while True:
        values = merge(base, nested(taken))
        wrong = {tuple(map(str, error.absolute_path)) for error in SCHEMA.iter_errors(effective(values))}
        moved = {path for path in taken for at in wrong if path[: len(at)] == at[: len(path)]}
        if not moved:
            assert not wrong, wrong
            return values, refused
        refused.update({path: taken.pop(path) for path in moved})


def must_be_texts(node: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each label, annotation, selector, argument, variable and datum of an object, with its path."""
    if isinstance(node, list):
        for item in node:
            yield from must_be_texts(item, at)
        return
    if not isinstance(node, dict):
        return
    for key, below in node.items():
        here = f"{at}/{key}"
        if key in ("labels", "annotations", "matchLabels", "nodeSelector", "data") or (
            key == "selector" and not {"matchLabels", "matchExpressions"} & set(below)
        ):
            yield from ((f"{here}/{name}", text) for name, text in below.items())
            yield from ((f"{here} key", name) for name in below)
        elif key in ("args", "command"):
            yield from ((here, text) for text in below)
        elif key == "value" and at.endswith("/env"):
            yield here, below
        else:
            yield from must_be_texts(below, here)


def admitted(document: dict[str, Any]) -> None:
    """Fail if the API server would not take the object for its types."""
    if document["kind"] in definitions.KINDS:
        definitions.validate(document)
    else:
        definitions.validate_native(document, KUBERNETES[-1])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("text", ODD)
def test_a_text_stays_a_text_everywhere(render: Render, text: str, mode: str) -> None:
    values, _ = split(text, mode)
    name = text if NAME.fullmatch(text) else "mcapp"
    objects = render(values, release=name, namespace=name)
    for document in objects:
        for at, found in must_be_texts(document):
            assert isinstance(found, str), (document["kind"], at, found)
        admitted(document)
        assert document["metadata"]["labels"]["app.kubernetes.io/instance"] == name
    if mode == "ha":
        (patroni,) = [d["data"]["patroni.yaml"] for d in objects if "patroni.yaml" in d.get("data", {})]
        config = yaml.safe_load(patroni)
        assert config["kubernetes"]["namespace"] == name
        assert config["kubernetes"]["labels"]["app.kubernetes.io/instance"] == name
    # The text itself arrives, and not only texts.
    assert json.dumps(list(objects)).count(f": {json.dumps(text)}") > 10


@pytest.mark.parametrize("name", [text for text in ODD if NAME.fullmatch(text)])
def test_hooks_that_go_by_the_live_objects_hold_texts_too(
    render: Render, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    """The record of Patroni that an installation resets."""
    chart = with_lookups(tmp_path_factory.mktemp("chart"))
    live: dict[str, Any] = {f"v1/Endpoints/{name}/db-config": {"metadata": {}}}
    objects = list(render({**HA, "_live": live}, release=name, namespace=name, chart=chart))
    assert ("Endpoints", "db-sync") in {(d["kind"], d["metadata"]["name"]) for d in objects}
    for document in objects:
        assert all(isinstance(found, str) for _, found in must_be_texts(document))
        admitted(document)


@pytest.mark.parametrize("text", ODD)
def test_a_text_that_does_not_fit_is_refused_by_its_key(render: Render, text: str) -> None:
    _, refused = split(text, "standalone")
    with pytest.raises(HelmError) as told:
        render(merge(MODES["standalone"][0], nested(refused)))
    pointers = ["/".join(key.replace("/", "~1") for key in path) for path in refused]
    assert not [pointer for pointer in pointers if f"at '/{pointer}" not in str(told.value)]
