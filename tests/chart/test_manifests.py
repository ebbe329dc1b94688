"""A wrong entry of extraManifests is refused by its number, with what is wrong in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.render import HelmError, Objects, lint

Render = Callable[..., Objects]

HEAD = "apiVersion: v1\nkind: ConfigMap\n"
NAMED = HEAD + "metadata: {name: a}\n"
FAULTS: list[tuple[Any, str]] = [
    ({}, "got no apiVersion, got no kind"),
    ({"apiVersion": "v1", "metadata": {"name": "a"}}, "got no kind"),
    ({"kind": "ConfigMap", "metadata": {"name": "a"}}, "got no apiVersion"),
    ({"apiVersion": 1, "kind": ["a"], "metadata": {"name": "a"}}, "got no apiVersion, got no kind"),
    ({"apiVersion": "v1", "kind": "ConfigMap"}, "got no metadata.name"),
    ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": ["a"]}, "got no metadata.name"),
    (HEAD + "metadata: {name: 5}", "got no metadata.name"),
    ("just a text", "got no object"),
    ("- a\n- b", "got no object"),
    ("5", "got no object"),
    (f"  {NAMED}".replace("\n", "\n  "), "got no YAML"),
    ("a: b: c", "got no YAML (error converting YAML to JSON: yaml: mapping values are not allowed"),
    ("a: [1", "got no YAML (error converting YAML to JSON: yaml: line 1"),
    (f"{NAMED}---\n{HEAD}", "got no metadata.name"),
    (f"{NAMED}---\na: [1", "got no YAML"),
    ("{{ if true }}kind: ConfigMap{{ end }}", "got no apiVersion, got no metadata.name"),
    (NAMED + "data: [a]", "got data that is no map"),
    (NAMED + "data: {port: 1}", "got data.port that is no text"),
    (NAMED + "data: {a b: c}", "got data.a b with a sign that no key may have"),
    (HEAD + "metadata: {name: postgres-init}", "got ConfigMap/postgres-init, which the chart makes itself"),
    (f"{NAMED}---\napiVersion: v1\nkind: Service\nmetadata: {{name: db}}", "got Service/db, which"),
]
FAILING = [
    ("{{ .Values.nothing.at.all }}", "nil pointer evaluating"),
    ("{{ unknown }}", 'function "unknown" not defined'),
    ("{{ if }}", "missing value for if"),
    ({"apiVersion": "v1", "kind": "{{ .Values.nothing.at.all }}"}, "nil pointer evaluating"),
]


@pytest.mark.parametrize(("entry", "fault"), FAULTS, ids=str)
def test_a_wrong_entry_is_refused_by_its_number(render: Render, entry: object, fault: str) -> None:
    for command in (render, lint):
        with pytest.raises(HelmError) as refused:
            command({"extraManifests": [NAMED, entry]})
        assert f"at '/extraManifests/1': {fault}" in str(refused.value)
        assert "'/extraManifests/0'" not in str(refused.value)


@pytest.mark.parametrize(("entry", "fault"), FAILING, ids=str)
def test_an_expression_that_fails_names_its_entry(render: Render, entry: object, fault: str) -> None:
    with pytest.raises(HelmError) as refused:
        render({"extraManifests": [NAMED, entry]})
    assert "extraManifests/1" in str(refused.value)
    assert fault in str(refused.value)
    assert "extraManifests/0" not in str(refused.value)


def test_all_wrong_entries_are_told_at_once(render: Render) -> None:
    with pytest.raises(HelmError, match=r"(?s)/extraManifests/0.*/extraManifests/2"):
        render({"extraManifests": ["5", NAMED, {"kind": "a"}]})


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        ("", []),
        ("# nothing yet", []),
        ("{{ if false }}kind: a{{ end }}", []),
        ("---\n", []),
        (f"---\n{NAMED}---\n# more\n---\n{NAMED.replace('name: a', 'name: b')}", ["a", "b"]),
        (f"{NAMED}data:\n  text: |\n    a\n    ---\n    {{{{ .Release.Name }}}}: b", ["a"]),
        ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}"}}, ["mcapp"]),
    ],
    ids=str,
)
def test_a_right_entry_stays_as_it_is(render: Render, entry: object, names: list[str]) -> None:
    more = render({"extraManifests": [entry]}).names() - render().names()
    assert sorted(name for kind, name in more if kind == "ConfigMap") == names


@pytest.mark.parametrize(
    ("values", "name", "namespace"),
    [
        ({}, "postgres-secret", "elsewhere"),
        ({"namePrefix": "blue"}, "postgres-secret", None),
        ({"db": {"auth": {"existingSecret": "postgres-secret"}}}, "postgres-secret", None),
    ],
    ids=["in another namespace", "another name by the prefix", "the user's own Secret"],
)
def test_a_name_that_the_chart_does_not_use(
    render: Render, values: dict[str, Any], name: str, namespace: str | None
) -> None:
    head = {"name": name} | ({"namespace": namespace} if namespace else {})
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": head}
    assert ("Secret", name) in render({**values, "extraManifests": [secret]}).names()


def test_every_object_of_the_least_release_is_kept_from_being_overwritten(render: Render) -> None:
    """The Job that hooks run and what an option adds are not among them."""
    for kind, name in render(
        {"networkPolicy": {"enabled": False}, "podDisruptionBudget": {"enabled": False}}
    ).names():
        if kind != "Job" and name != "db-passwords" and not name.startswith("test"):
            entry = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}
            with pytest.raises(HelmError, match=f"got {kind}/{name}, which"):
                render({"extraManifests": [entry]})


def test_a_list_of_objects_has_no_name(render: Render) -> None:
    inner = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    text = {"apiVersion": "v1", "kind": "ConfigMapList", "items": [inner]}
    with pytest.raises(KeyError):
        # The chart lets it through; this helper of the tests wants a name.
        render({"extraManifests": [text]}).names()
