"""Who may talk to whom, worked out from the NetworkPolicies as an engine does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

import pytest

from mcapp.genvalues.values import merge
from tests.support.render import EXTERNAL, HA, Objects

Render = Callable[..., Objects]
OFF = {"networkPolicy": {"enabled": False}}
RELEASE = {"app.kubernetes.io/name": "mcapp", "app.kubernetes.io/instance": "mcapp"}


class End(NamedTuple):
    """A pod by its labels and its namespace's, or an address outside the cluster."""

    labels: Mapping[str, str] = {}
    namespace: Mapping[str, str] = {"kubernetes.io/metadata.name": "mcapp"}
    address: str = ""


# The tiers, and the pods of the Jobs: `helm test`, and the one that changes passwords.
COMPONENTS = ("web", "api", "db", "test", "test-database", "db-passwords")
TIERS = {name: End({**RELEASE, "app.kubernetes.io/component": name}) for name in COMPONENTS}
ENDS = {
    **TIERS,
    "outside": End(address="203.0.113.9"),
    "stranger": End({"app": "other"}),
    "neighbour": End({**TIERS["web"].labels, "app.kubernetes.io/instance": "second"}),
    "namesake": End(TIERS["web"].labels, {"kubernetes.io/metadata.name": "elsewhere"}),
    "prometheus": End(
        {"app.kubernetes.io/name": "prometheus"}, {"kubernetes.io/metadata.name": "monitoring"}
    ),
    "controller": End({"app.kubernetes.io/name": "traefik"}, {"kubernetes.io/metadata.name": "kube-system"}),
    "dns": End({"k8s-app": "kube-dns"}, {"kubernetes.io/metadata.name": "kube-system"}),
}
CHAIN = [
    ("outside", "web", 8080),
    # What brings an Ingress or an HTTPRoute to life.
    ("controller", "web", 8080),
    ("web", "api", 8000),
    ("api", "db", 5432),
    ("test", "web", 8080),
    ("test-database", "db", 5432),
    ("db-passwords", "db", 5432),
]
NAMES = [(name, "dns", 53) for name in ("web", "api", "test", "test-database", "db-passwords")]


def selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    assert selector is None or set(selector) <= {"matchLabels"}
    wanted: Mapping[str, str] = (selector or {}).get("matchLabels", {})
    return wanted.items() <= labels.items()


def is_peer(peer: Mapping[str, Any], end: End) -> bool:
    if "ipBlock" in peer:
        return bool(end.address) and ip_address(end.address) in ip_network(peer["ipBlock"]["cidr"])
    if end.address:
        return False
    # Without a namespaceSelector only the policy's own namespace counts.
    same = "namespaceSelector" in peer or end.namespace == End().namespace
    return (
        same
        and selects(peer.get("namespaceSelector"), end.namespace)
        and selects(peer.get("podSelector"), end.labels)
    )


def admitted(objects: Objects, way: str, end: End, other: End, protocol: str, port: int) -> bool:
    """Tell whether the policies about `end` let it be reached by (Ingress) or reach (Egress) the other."""
    policies = [
        document["spec"]
        for document in objects
        if document["kind"] == "NetworkPolicy"
        and way in document["spec"]["policyTypes"]
        and not end.address
        and end.namespace == End().namespace
        and selects(document["spec"]["podSelector"], end.labels)
    ]
    rules = [rule for spec in policies for rule in spec.get(way.lower(), [])]
    peers = "from" if way == "Ingress" else "to"
    return not policies or any(
        (peers not in rule or any(is_peer(peer, other) for peer in rule[peers]))
        and any((p.get("protocol", "TCP"), p["port"]) == (protocol, port) for p in rule["ports"])
        for rule in rules
    )


def reaches(objects: Objects, source: str, target: str, port: int, protocol: str = "TCP") -> bool:
    one, other = ENDS[source], ENDS[target]
    out = admitted(objects, "Egress", one, other, protocol, port)
    return out and admitted(objects, "Ingress", other, one, protocol, port)


@pytest.mark.parametrize(("source", "target", "port"), CHAIN)
@pytest.mark.parametrize("values", [{}, OFF], ids=["on", "off"])
def test_the_chain_is_open(
    render: Render, values: dict[str, Any], source: str, target: str, port: int
) -> None:
    assert reaches(render(values), source, target, port)


@pytest.mark.parametrize(("source", "target", "port"), NAMES)
@pytest.mark.parametrize("protocol", ["UDP", "TCP"])
def test_names_can_be_asked_for(render: Render, source: str, target: str, port: int, protocol: str) -> None:
    assert reaches(render(), source, target, port, protocol)


REFUSED = [
    *((source, target, port) for source in ENDS for target, port in (("api", 8000), ("db", 5432))),
    *((source, "web", 8080) for source in ("web", "api", "db", "test-database")),
    *((source, "web", 8081) for source in ("outside", "stranger", "test")),
    *((tier, "outside", port) for tier in TIERS for port in (53, 443, 5432)),
    *((tier, "stranger", 8080) for tier in TIERS),
    ("db", "dns", 53),
    ("web", "api", 5432),
    ("api", "db", 22),
]


@pytest.mark.parametrize(("source", "target", "port"), [pair for pair in REFUSED if pair not in CHAIN])
def test_everything_else_is_refused_by_the_policies(
    render: Render, source: str, target: str, port: int
) -> None:
    assert not reaches(render(), source, target, port)
    assert reaches(render(OFF), source, target, port)


def test_no_policy_is_made_when_they_are_off(render: Render) -> None:
    assert not [kind for kind, _ in render(OFF).names() if kind == "NetworkPolicy"]


def test_the_policies_are_about_the_pods_that_there_are(render: Render) -> None:
    objects = render()
    pods = [d["spec"]["template"]["metadata"]["labels"] for d in objects if "template" in d.get("spec", {})]
    assert len(pods) == len(TIERS)
    for tier, end in TIERS.items():
        assert any(end.labels.items() <= labels.items() for labels in pods), tier
    ports = {
        tier: objects.pod(tier)["containers"][0]["ports"][0]["containerPort"] for tier in ("web", "api", "db")
    }
    assert ports == {"web": 8080, "api": 8000, "db": 5432}


def test_other_servers_may_answer_for_names(render: Render) -> None:
    anybody = render({"networkPolicy": {"dnsPeers": []}})
    assert reaches(anybody, "api", "outside", 53, "UDP")
    assert not reaches(anybody, "api", "outside", 443)
    cache = render({"networkPolicy": {"dnsPeers": [{"ipBlock": {"cidr": "203.0.113.0/24"}}]}})
    assert reaches(cache, "api", "outside", 53, "UDP")
    assert not reaches(cache, "api", "dns", 53, "UDP")


def _external(host: str, **more: Any) -> dict[str, Any]:
    return merge(EXTERNAL, {"db": {"external": {"host": host, "port": 6432, **more}}})


def test_an_external_database_at_an_address_is_all_that_api_may_ask(render: Render) -> None:
    objects = render(_external("203.0.113.9"))
    assert reaches(objects, "api", "outside", 6432)
    assert not reaches(objects, "api", "outside", 5432)
    assert not reaches(objects, "api", "outside", 443)
    assert reaches(objects, "test-database", "outside", 6432)
    assert not reaches(objects, "web", "outside", 6432)
    assert not reaches(render(_external("203.0.113.10")), "api", "outside", 6432)
    assert not reaches(render(_external("2001:db8::1")), "api", "outside", 6432)


def test_an_external_database_by_name_opens_its_port_to_every_address(render: Render) -> None:
    objects = render(_external("pg.lab.example"))
    assert reaches(objects, "api", "outside", 6432)
    assert not reaches(objects, "api", "outside", 443)


def test_peers_say_where_an_external_database_is(render: Render) -> None:
    peers = [{"ipBlock": {"cidr": "203.0.113.0/24"}}]
    assert reaches(render(_external("pg.lab.example", peers=peers)), "api", "outside", 6432)
    elsewhere = [{"ipBlock": {"cidr": "198.51.100.0/24"}}]
    for host in ("pg.lab.example", "203.0.113.9"):
        assert not reaches(render(_external(host, peers=elsewhere)), "api", "outside", 6432)
    stranger = [{"podSelector": {"matchLabels": {"app": "other"}}}]
    assert reaches(render(_external("db", peers=stranger)), "api", "stranger", 6432)


SCRAPED = {"metrics": {"serviceMonitor": {"enabled": True}}}
OWN = {"metrics": {"scrapers": [{"podSelector": {"matchLabels": {"app": "other"}}}]}}


@pytest.mark.parametrize(
    ("values", "scrapers"),
    [
        ({}, set()),
        (SCRAPED, {"prometheus"}),
        (OWN, {"stranger"}),
        ({"metrics": {**SCRAPED["metrics"], **OWN["metrics"]}}, {"stranger"}),
    ],
)
def test_only_who_scrapes_may_ask_api_besides_web(
    render: Render, values: dict[str, Any], scrapers: set[str]
) -> None:
    objects = render(values)
    assert {source for source in ENDS if reaches(objects, source, "api", 8000)} == {"web", *scrapers}
    assert not any(
        reaches(objects, "prometheus", target, port) for target, port in (("db", 5432), ("api", 22))
    )


def test_members_talk_to_each_other_and_to_the_api_server(render: Render) -> None:
    ha = render(HA)
    for port in (5432, 8008):
        assert reaches(ha, "db", "db", port)
        assert not reaches(render(), "db", "db", port)
    assert reaches(ha, "api", "db", 5432)
    for port in (443, 6443):
        assert reaches(ha, "db", "outside", port)
        assert not reaches(ha, "api", "outside", port)
    for source in ("web", "api", "stranger", "neighbour", "test"):
        assert not reaches(ha, source, "db", 8008)
    assert not reaches(ha, "db", "outside", 5432)
    assert not reaches(ha, "db", "api", 8000)


def test_peers_say_where_the_api_server_is(render: Render) -> None:
    peers = [{"ipBlock": {"cidr": "198.51.100.7/32"}}]
    elsewhere = render(merge(HA, {"networkPolicy": {"apiServerPeers": peers}}))
    assert not reaches(elsewhere, "db", "outside", 443)
    there = [{"ipBlock": {"cidr": "203.0.113.9/32"}}]
    assert reaches(render(merge(HA, {"networkPolicy": {"apiServerPeers": there}})), "db", "outside", 443)
