"""Input that is no node inventory or no values ends in a sentence, never in a traceback."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dev.local.kube_objects import CONTROL_PLANE, Object, listing, node, pod, service, storage_class
from mcapp.errors import Exit, UserError
from mcapp.genvalues.placement import decide
from mcapp.genvalues.plan import Asked
from mcapp.kube.inventory import MAX_BYTES, from_objects
from tests.support.genvalues_call import Run

GOOD = json.dumps(listing(node("laptop", "10.0.0.1")))

WRONG = {
    "empty": (b"", "is empty"),
    "blanks": (b" \n ", "is empty"),
    "not JSON": (b"NAME  STATUS\nlaptop  Ready\n", "is not JSON"),
    "YAML": (b"kind: List\nitems: []\n", "is not JSON"),
    "truncated": (GOOD[:-40].encode(), "is not JSON"),
    "not text": (b"\x80\xff\x00\x01", "is not JSON"),
    "nested without end": (b"[" * 200_000, "is not JSON"),
    "a number": (b"7", "says no kind"),
    "a list": (b"[]", "says no kind"),
    "no kind": (b'{"items": []}', "says no kind"),
    "no items": (b'{"kind": "List"}', "holds List and no node"),
    "an empty list": (b'{"kind": "List", "items": []}', "holds no node"),
    "an empty NodeList": (b'{"kind": "NodeList", "items": []}', "holds no node"),
    "pods": (json.dumps(listing(pod("a", "b", "1", "1Gi"))).encode(), "holds Pod and no node"),
    "a PodList": (b'{"kind": "PodList", "items": [{"metadata": {"name": "a"}}]}', "holds Pod and no node"),
    "one pod": (json.dumps(pod("a", "b", "1", "1Gi")).encode(), "holds Pod and no node"),
    "an item that is none": (b'{"kind": "List", "items": [7]}', "items[0] is no Kubernetes object"),
    "the same name twice": (json.dumps(listing(node("a"), node("a"))).encode(), "holds the node a twice"),
    "a node without a name": (b'{"kind": "Node", "metadata": {}}', "metadata.name"),
    "half a character": (b'{"kind": "Node", "metadata": {"name": "\\ud800"}}', "not what Kubernetes writes"),
    "labels that are a list": (b'{"kind":"Node","metadata":{"name":"a","labels":[]}}', "Node a: labels"),
    "a number as the network of pods": (
        b'{"kind":"Node","metadata":{"name":"a"},"spec":{"podCIDRs":[7]}}',
        "Node a: spec.podCIDRs",
    ),
    "a taint of no effect": (
        b'{"kind":"Node","metadata":{"name":"a"},"spec":{"taints":[{"key":"k"}]}}',
        "Node a: spec.taints",
    ),
}


@pytest.mark.parametrize(("content", "told"), WRONG.values(), ids=WRONG.keys())
def test_wrong_nodes_file(run: Run, content: bytes, told: str) -> None:
    Path("nodes.json").write_bytes(content)
    done = run("--nodes-file", "nodes.json")
    assert (done.code, done.out) == (Exit.USAGE, "")
    assert told in done.err
    assert "kubectl get nodes -o json" in done.err
    assert [path.name for path in Path().iterdir()] == ["nodes.json"]


def test_too_large_a_file_is_not_read_through(run: Run) -> None:
    with Path("nodes.json").open("wb") as stream:
        stream.truncate(100 * 1024 * 1024)
    done = run("--nodes-file", "nodes.json")
    assert done.code is Exit.USAGE
    assert f"is larger than {MAX_BYTES >> 20} MiB" in done.err


def test_absent_file_and_folder(run: Run) -> None:
    assert "Cannot read nowhere.json: No such file" in run("--nodes-file", "nowhere.json").err
    assert "Is a directory" in run("--nodes-file", ".").err


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(node("laptop", "10.0.0.1")),
        json.dumps({"kind": "NodeList", "items": [{**node("laptop", "10.0.0.1"), "kind": "Node"}]}),
        "\ufeff" + GOOD,
    ],
    ids=["one node", "NodeList", "byte order mark"],
)
def test_other_ways_to_write_nodes(run: Run, content: str) -> None:
    Path("nodes.json").write_text(content)
    assert run("--nodes-file", "nodes.json").values["cluster"]["nodes"][0]["name"] == "laptop"


def test_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "in").write_text(GOOD)
    with (tmp_path / "in").open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert run("--nodes-file", "-").values["topology"] == "single"


HOSTILE = [
    'x"\ntopology: multi\n#',
    "x\n---\nkind: Secret",
    "{{ .Release.Name }}",
    "*anchor",
    "!!python/object:os.system",
    "y",
    "null",
    "1e3",
    "0o17",
    "0x1F",
    "2026-01-01",
    "~",
    " spaces ",
    "# not a comment",
    "\x1b[31mred",
    "a\u2028b",
    "\u202eright to left",
    "鍵盤\U0001f600",
    # Helm's own YAML writes the next as it is, which not every reader takes back.
    "a\x85b",
    "x" * 5000,
    "a: b" * 40,
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_strings_stay_strings(run: Run, name: str) -> None:
    of = [
        node("laptop", "10.0.0.1", labels=CONTROL_PLANE),
        node(name, "10.0.0.2", labels={"role": "database", name: name}, taints=[f"k=v{name}:NoSchedule"]),
        service(name, 30080),
    ]
    done = run(of=of)
    assert done.values["topology"] == "multi"
    assert [entry["name"] for entry in done.values["cluster"]["nodes"]] == sorted(["laptop", name])
    assert done.values["db"]["tolerations"][0]["value"] == f"v{name}"
    assert all(line.isprintable() for line in done.out.splitlines())
    assert set(done.values) == {"topology", "placement", "cluster", "web", "db"}


def test_hostile_strings_stay_strings_for_helm_too(run: Run, render_file: Any) -> None:
    """All in one rendering: each is a node's name and the value of a taint that db tolerates."""
    names = HOSTILE[:-3]
    of = [
        node("laptop", "10.0.0.1", labels=CONTROL_PLANE),
        *(
            node(name, "10.0.0.2", labels={"role": "database"}, taints=[f"k=v{name}:NoSchedule"])
            for name in names
        ),
    ]
    assert run("--set", "db.mode=standalone", of=of).code is Exit.OK
    specs = render_file(Path("values-multi.yaml").read_text())
    assert specs["db"]["tolerations"] == [
        {"key": "k", "operator": "Equal", "value": f"v{name}", "effect": "NoSchedule"}
        for name in sorted(names)
    ]


VALUES = {
    "--set without =": (["--set", "foo"], "is not key=value"),
    "--set of no YAML": (["--set", "api.replicas=[1"], "is not YAML"),
    "--set of the wrong type": (["--set", "api.replicas=many"], "api.replicas: 'many' is not of type"),
    "--set of an unknown key": (["--set", "api.replica=2"], "'replica' was unexpected"),
    "--set of a section": (["--set", "web=7"], "web: 7 is not of type"),
    "--base that is absent": (["--base", "mine.yaml"], "Cannot read mine.yaml"),
    "--file in no folder": (["--file", "no/where.yaml"], "Cannot write"),
    "--file - with JSON": (["--file", "-", "--output", "json"], "leaves no room"),
    "--output of a misspelt form": (["--output", "jsno"], "--output is text or json, not jsno"),
    "--apply-labels with a file": (["--apply-labels", "a"], "needs the cluster"),
    "an option too many": (["--nope"], "unrecognized arguments"),
    "a topology that is none": (["--topology", "dual"], "invalid choice"),
    "a node that is none": (["--db-node", "lab"], "There is no node lab; the node is laptop."),
    "a port that is taken": (["--set", "web.service.nodePort=31000"], "taken by the Service default/other"),
}


@pytest.mark.parametrize(("arguments", "told"), VALUES.values(), ids=VALUES.keys())
def test_wrong_options(run: Run, arguments: list[str], told: str) -> None:
    done = run(*arguments, of=[node("laptop", "10.0.0.1"), service("other", 31000)])
    assert done.code is Exit.USAGE
    assert told in done.err
    assert not list(Path().glob("values*"))


@pytest.mark.parametrize("content", ["[1]", "a: [", "\x00", "7"])
def test_base_that_holds_no_values(run: Run, content: str) -> None:
    Path("mine.yaml").write_text(content)
    assert run("--base", "mine.yaml", of=[node("laptop")]).code is Exit.USAGE


@pytest.mark.parametrize(
    "section", ["placement", "web", "web.service", "api", "db", "db.persistence", "cluster"]
)
def test_null_would_take_a_section_from_the_chart_and_is_refused(run: Run, section: str) -> None:
    done = run("--set", f"{section}=null", of=[node("laptop", "10.0.0.1")])
    assert done.code is Exit.USAGE
    assert f"'{section.split('.')[-1]}' is a required property" in done.err


def test_base_and_set_are_merged_and_kept(run: Run) -> None:
    base = {"api": {"replicas": 3, "logLevel": "debug"}, "cluster": {"nodes": [{"name": "old"}]}}
    Path("mine.yaml").write_text(yaml.safe_dump(base))
    arguments = ("--set", "api.replicas=4", "--set", r"web.nodeSelector.kubernetes\.io/hostname=laptop")
    values = run("--base", "mine.yaml", *arguments, of=[node("laptop", "10.0.0.1")]).values
    assert values["api"] == {"replicas": 4, "logLevel": "debug"}
    assert values["web"]["nodeSelector"] == {"kubernetes.io/hostname": "laptop"}
    assert [entry["name"] for entry in values["cluster"]["nodes"]] == ["laptop"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 70000) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
WHOLE: list[Object] = [
    node("laptop", "10.0.0.1", pod_networks=["10.42.0.0/24", "fd42::/64"]),
    service("web", 30080),
    pod("a", "laptop", "1", "1Gi"),
    storage_class("local-path"),
]


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the ways to every part of a JSON document."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for key, item in below for path in paths(item, (*here, key)))]


@settings(deadline=None)
@given(st.sampled_from([path for path in paths(WHOLE) if path]), json_values)
def test_any_part_of_the_input_may_be_anything(path: tuple[Any, ...], value: Any) -> None:
    """Replace any one part of good input by anything: there is a plan or a Problem, nothing else."""
    document = json.loads(json.dumps(WHOLE))
    at = document
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    with contextlib.suppress(UserError):
        assert decide(from_objects(document, "test", None), Asked()).topology == "single"
