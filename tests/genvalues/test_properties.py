"""Whatever nodes there are: the values fit the schema, and pods can run exactly where the plan says."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dev.local.kube_objects import CONTROL_PLANE, DATABASE, ETCD, PRESSURES, Object, database_volume, node
from mcapp.config import CHART
from mcapp.errors import Exit, UserError
from mcapp.genvalues import words
from mcapp.genvalues.placement import decide
from mcapp.genvalues.plan import TIERS, Asked, Plan
from mcapp.genvalues.values import check, complete, effective
from mcapp.genvalues.valuesfile import dump
from mcapp.kube.inventory import Inventory, from_objects
from tests.support.genvalues_call import Render
from tests.support.kube_scheduler import feasible

SCHEMA = json.loads((CHART / "values.schema.json").read_text())

TAINTS = [
    "dedicated=db:NoSchedule",
    "dedicated=db:NoExecute",
    "gpu:NoSchedule",
    "slow:PreferNoSchedule",
    "CriticalAddonsOnly=true:NoExecute",
    "node-role.kubernetes.io/control-plane:NoSchedule",
    "node.kubernetes.io/unreachable:NoExecute",
]
some_nodes = st.lists(
    st.builds(
        node,
        st.text("abc01-", min_size=1, max_size=3),
        st.sampled_from(["10.0.0.1", "192.168.7.9", "fd00::5", "junk", "127.0.0.1"]),
        labels=st.sampled_from(
            [{}, CONTROL_PLANE, ETCD, DATABASE, {**CONTROL_PLANE, **DATABASE}, {"role": "x"}]
        ),
        taints=st.lists(st.sampled_from(TAINTS), max_size=2, unique=True),
        ready=st.sampled_from([True, True, True, False]),
        cordoned=st.sampled_from([False, False, False, True]),
        pressure=st.sampled_from(["", "", "", *PRESSURES]),
        arch=st.sampled_from(["amd64", "amd64", "arm64"]),
        os=st.sampled_from(["linux", "linux", "linux", "windows"]),
        cpu=st.sampled_from(["4", "100m", "60m", "10m"]),
        memory=st.sampled_from(["8Gi", "128Mi", "100Mi", "24Mi"]),
        pods=st.sampled_from(["110", "1", "0"]),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda made: str(made["metadata"]["name"]),
)
wishes = st.fixed_dictionaries(
    {"topology": st.sampled_from(["auto", "auto", "single", "multi"])},
    optional={
        "given": st.sampled_from(
            [
                {"placement": {"appOffDatabaseNode": "required"}},
                {"placement": {"appOffDatabaseNode": "preferred"}},
                {"api": {"replicas": 5}},
                {"db": {"tolerations": [{"key": "gpu", "operator": "Exists"}]}},
                {"db": {"resources": {"requests": {"cpu": "50m"}}}},
                {"placement": {"databaseNodeLabels": {"tier": "db"}}},
                {"web": {"nodeSelector": {"kubernetes.io/arch": "arm64"}}},
            ]
        )
    },
)


def cluster(data: st.DataObject) -> tuple[list[Object], Object | None, Asked]:
    """Draw nodes, a volume or none, and a request."""
    nodes = data.draw(some_nodes)
    names = [made["metadata"]["name"] for made in nodes]
    home = data.draw(st.none() | st.sampled_from([*names, "gone"]))
    chosen = data.draw(st.sampled_from(["", "", *names]))
    stored = database_volume(home) if home else []
    wish: dict[str, Any] = data.draw(wishes)
    return [*nodes, *stored], stored[1] if stored else None, Asked(db_node=chosen, **wish)


def answered(objects: list[Object], asked: Asked) -> tuple[Plan, str] | None:
    """Return the plan and the file, None where there is no place; any other Problem is a failure."""
    inventory: Inventory = from_objects(objects, "test", None)
    try:
        plan = decide(inventory, asked)
    except UserError as problem:
        if problem.code is not Exit.NO_PLACEMENT:
            raise
        return None
    result = complete(asked.given, plan.values, plan.reasons)
    check(result.values, words.SCHEMA_MADE())
    return plan, dump(result, plan.left, "en")


def as_the_chart_places(tier: str, values: Any) -> Object:
    """Say what the chart's templates make of placement, so that many clusters can be tried without helm."""
    requests = values[tier]["resources"]["requests"]
    pod: Object = {
        "nodeSelector": values[tier]["nodeSelector"],
        "tolerations": values[tier]["tolerations"],
        "containers": [{"resources": {"requests": requests}}],
    }
    labels = values["placement"]["databaseNodeLabels"].items()
    if values["topology"] != "multi":
        return pod
    if tier == "db":
        terms = [{"matchExpressions": [{"key": k, "operator": "In", "values": [v]} for k, v in labels]}]
    elif values["placement"]["appOffDatabaseNode"] == "required":
        terms = [{"matchExpressions": [{"key": k, "operator": "NotIn", "values": [v]}]} for k, v in labels]
    else:
        return pod
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    return {**pod, "affinity": {"nodeAffinity": required}}


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_valid_stable_and_schedulable_where_said(data: st.DataObject) -> None:
    objects, volume, asked = cluster(data)
    answer = answered(objects, asked)
    if answer is None:
        return
    plan, content = answer
    assert answered(list(reversed(objects)), asked) == answer
    values = yaml.safe_load(content)
    assert values == complete(asked.given, plan.values, plan.reasons).values
    seen = effective(values)
    jsonschema.validate(seen, SCHEMA)
    nodes = [made for made in objects if made["kind"] == "Node"]
    for tier in TIERS:
        mounted = volume if tier == "db" else None
        assert feasible(as_the_chart_places(tier, seen), nodes, mounted) == set(plan.nodes[tier])
        assert plan.nodes[tier]
        assert set(plan.nodes[tier]) | plan.refused[tier].keys() == {
            made["metadata"]["name"] for made in nodes
        }
    if plan.topology == "multi" and asked.topology == "auto" and not asked.db_node and volume is None:
        agents = [n for n in nodes if not n["metadata"]["labels"].keys() & ETCD.keys()]
        assert any(made["metadata"]["name"] in plan.nodes["db"] for made in agents)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_rendered_pods_run_where_said(render_file: Render, data: st.DataObject) -> None:
    objects, volume, asked = cluster(data)
    answer = answered(objects, asked)
    if answer is None:
        return
    plan, content = answer
    specs = render_file(content)
    nodes = [made for made in objects if made["kind"] == "Node"]
    for tier in TIERS:
        placed = feasible(specs[tier], nodes, volume if tier == "db" else None)
        assert placed == set(plan.nodes[tier])
