"""What the chart makes besides the three tiers when it is asked to: autoscalers, ways in, ways to watch."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from mcapp.config import CHART
from tests.chart.test_objects import OBJECTS
from tests.support import definitions
from tests.support.render import OPTIONS, Objects, notes

Render = Callable[..., Objects]

ADDED = {
    ("ConfigMap", "dashboard"),
    ("HTTPRoute", "web"),
    ("HTTPRoute", "web-redirect"),
    ("HorizontalPodAutoscaler", "api"),
    ("HorizontalPodAutoscaler", "web"),
    ("Ingress", "web"),
    ("PodDisruptionBudget", "web"),
    ("PodMonitor", "db"),
    ("PodMonitor", "web"),
    ("PrometheusRule", "alerts"),
    ("ServiceMonitor", "api"),
}


def test_exactly_these_objects_with_every_option(render: Render) -> None:
    assert render(OPTIONS).names() == OBJECTS | ADDED


def test_a_prefix_stands_before_their_names_and_targets(render: Render) -> None:
    objects = render({**OPTIONS, "namePrefix": "blue"})
    assert objects.names() == {(kind, f"blue-{name}") for kind, name in OBJECTS | ADDED}
    (rule, *_) = objects.one("Ingress", "blue-web")["spec"]["rules"]
    assert rule["http"]["paths"][0]["backend"]["service"]["name"] == "blue-web"
    assert objects.one("HTTPRoute", "blue-web")["spec"]["rules"][0]["backendRefs"][0]["name"] == "blue-web"


@pytest.mark.parametrize("kind", sorted(definitions.KINDS))
def test_what_others_define_is_valid(render: Render, kind: str) -> None:
    documents = [d for d in render(OPTIONS) if d["kind"] == kind]
    assert documents
    for document in documents:
        definitions.validate(document)
        wrongs: list[dict[str, Any]] = [
            {"specc": {}},
            {"spec": {**document["spec"], "rulez": []}},
            {"spec": []},
        ]
        for wrong in wrongs:
            with pytest.raises(jsonschema.ValidationError):
                definitions.validate({**document, **wrong})


@pytest.mark.parametrize("tier", ["web", "api"])
def test_an_autoscaler_counts_in_the_place_of_replicas(render: Render, tier: str) -> None:
    on = {"enabled": True, "minReplicas": 3, "maxReplicas": 9, "targetCPUUtilizationPercentage": 55}
    objects = render({tier: {"autoscaling": on}})
    deployment, spec = objects.one("Deployment", tier), objects.one("HorizontalPodAutoscaler", tier)["spec"]
    assert "replicas" not in deployment["spec"]
    assert spec["scaleTargetRef"] == {
        "apiVersion": deployment["apiVersion"],
        "kind": "Deployment",
        "name": tier,
    }
    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 9)
    (metric,) = spec["metrics"]
    assert metric["resource"] == {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 55}}
    assert "behavior" not in spec
    other = "api" if tier == "web" else "web"
    assert ("HorizontalPodAutoscaler", other) not in objects.names()
    assert "replicas" in objects.one("Deployment", other)["spec"]


def test_an_autoscaler_may_be_told_how_fast(render: Render) -> None:
    behavior = OPTIONS["api"]["autoscaling"]["behavior"]
    assert render(OPTIONS).one("HorizontalPodAutoscaler", "api")["spec"]["behavior"] == behavior


@pytest.mark.parametrize("tier", ["web", "api"])
@pytest.mark.parametrize(("least", "budget"), [(1, False), (2, True)])
def test_the_budget_goes_by_the_least_number(render: Render, tier: str, least: int, budget: bool) -> None:
    # As many pods as there may be say nothing of a drain while there are few.
    values = {tier: {"replicas": 3 - least, "autoscaling": {"enabled": True, "minReplicas": least}}}
    assert (("PodDisruptionBudget", tier) in render(values).names()) == budget


def test_an_ingress_without_hosts_is_for_every_name(render: Render) -> None:
    spec = render({"ingress": {"enabled": True}}).one("Ingress", "web")["spec"]
    assert set(spec) == {"rules"}
    (rule,) = spec["rules"]
    assert set(rule) == {"http"}


def test_ingress_and_route_lead_to_a_port_that_web_has(render: Render) -> None:
    objects = render(OPTIONS)
    ports = objects.one("Service", "web")["spec"]["ports"]
    ingress = objects.one("Ingress", "web")["spec"]
    assert [rule["host"] for rule in ingress["rules"]] == OPTIONS["ingress"]["hosts"]
    assert ingress["tls"] == OPTIONS["ingress"]["tls"]
    assert ingress["ingressClassName"] == "traefik"
    for rule in ingress["rules"]:
        (path,) = rule["http"]["paths"]
        assert (path["path"], path["pathType"]) == ("/", "Prefix")
        assert path["backend"]["service"]["port"]["name"] in [port["name"] for port in ports]
    route = objects.one("HTTPRoute", "web")["spec"]
    assert route["parentRefs"] == OPTIONS["httpRoute"]["parentRefs"]
    assert route["hostnames"] == OPTIONS["httpRoute"]["hostnames"]
    assert route["rules"][0]["backendRefs"][0]["port"] in [port["port"] for port in ports]


def test_a_route_of_its_own_redirects_the_listener_without_tls(render: Render) -> None:
    route = render(OPTIONS).one("HTTPRoute", "web-redirect")["spec"]
    assert route["parentRefs"] == OPTIONS["httpRoute"]["redirectParentRefs"]
    assert route["hostnames"] == OPTIONS["httpRoute"]["hostnames"]
    redirect = {"scheme": "https", "statusCode": 301}
    assert route["rules"] == [{"filters": [{"type": "RequestRedirect", "requestRedirect": redirect}]}]
    plain = {**OPTIONS, "httpRoute": {**OPTIONS["httpRoute"], "redirectParentRefs": []}}
    assert ("HTTPRoute", "web-redirect") not in render(plain).names()


def test_annotations_reach_their_object(render: Render) -> None:
    objects = render(OPTIONS)
    for kind, name, given in (
        ("Ingress", "web", OPTIONS["ingress"]["annotations"]),
        ("HTTPRoute", "web", OPTIONS["httpRoute"]["annotations"]),
        ("HTTPRoute", "web-redirect", OPTIONS["httpRoute"]["annotations"]),
        ("ConfigMap", "dashboard", OPTIONS["metrics"]["dashboard"]["annotations"]),
    ):
        assert given
        assert objects.one(kind, name)["metadata"]["annotations"] == given


def test_the_monitor_selects_the_service_of_api_alone(render: Render) -> None:
    objects = render(OPTIONS)
    monitor = objects.one("ServiceMonitor", "api")
    assert monitor["metadata"]["labels"]["release"] == "kube-prometheus-stack"
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    selected = [d for d in objects if d["kind"] == "Service" and wanted <= d["metadata"]["labels"].items()]
    assert [service["metadata"]["name"] for service in selected] == ["api"]
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["port"] in [port["name"] for port in selected[0]["spec"]["ports"]]
    assert endpoint == {"port": "http", "path": "/metrics", "interval": "15s", "scrapeTimeout": "10s"}


def test_the_dashboard_is_where_grafanas_sidecar_looks(render: Render) -> None:
    made = render(OPTIONS).one("ConfigMap", "dashboard")
    assert made["metadata"]["labels"]["grafana_dashboard"] == "1"
    file = CHART / "files" / "grafana" / "dashboard.json"
    assert json.loads(made["data"]["mcapp.json"]) == json.loads(file.read_text())


def shown(values: dict[str, Any]) -> list[str]:
    """Return the lines of NOTES.txt about the page."""
    text = notes(json.dumps(values))
    return [line.strip() for line in text.split("The page:\n", 1)[1].split("\n\n", 1)[0].splitlines()]


NODE = "http://<any node's IP>:30080"


def test_the_notes_name_every_host(render: Render) -> None:  # noqa: ARG001 - puts helm on PATH
    assert shown(dict(OPTIONS)) == [
        "http://mcapp.lab",
        "https://mcapp.example.org",
        "https://mcapp.gateway.lab",
    ]
    on: dict[str, Any] = {"ingress": {"enabled": True, "hosts": ["mcapp.lab"]}}
    assert shown(on) == ["http://mcapp.lab", NODE]
    assert shown({**on, "cluster": {"urls": ["http://10.0.0.1:30080", "http://mcapp.lab"]}}) == [
        "http://10.0.0.1:30080",
        "http://mcapp.lab",
    ]
    off = copy.deepcopy(on)
    off["ingress"]["enabled"] = False
    assert shown(off) == [NODE]


def test_the_notes_tell_where_to_look_without_a_host(render: Render) -> None:  # noqa: ARG001 - puts helm on PATH
    assert shown({"ingress": {"enabled": True}})[0] == "http://<the Ingress controller's address>"
    route = {"httpRoute": {"enabled": True, "parentRefs": [{"name": "lab"}]}}
    assert shown(route)[0] == "http://<the address of the Gateway lab>"
    route["httpRoute"]["redirectParentRefs"] = [{"name": "lab", "sectionName": "http"}]
    assert shown(route)[0] == "https://<the address of the Gateway lab>"
