"""Faults between pods: Services, cluster DNS, packets that a node drops, NetworkPolicies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dev.kind.client import Client
from tests.e2e.faults.objects import deleted
from tests.e2e.faults.site import Site


@contextmanager
def service_gone(site: Site) -> Iterator[None]:
    with deleted(site, "service/db"):
        yield


@contextmanager
def _service_changed(site: Site, what: str, change: dict[str, Any]) -> Iterator[None]:
    saved = json.loads(site.saved(what))["spec"]
    site.patch(what, {"spec": change})
    try:
        yield
    finally:
        kept = {key: saved[key] for key in ("type", "selector", "ports")}
        site.patch(what, {"spec": {**kept, "externalName": None}}, "--type=merge")


@contextmanager
def wrong_selector(site: Site) -> Iterator[None]:
    with _service_changed(site, "service/api", {"selector": {"app.kubernetes.io/component": "backend"}}):
        yield


@contextmanager
def wrong_target_port(site: Site) -> Iterator[None]:
    with _service_changed(site, "service/api", {"ports": [{"port": 8000, "targetPort": 8080}]}):
        yield


@contextmanager
def wrong_port(site: Site) -> Iterator[None]:
    ports = [{"name": "http", "port": 8000, "$patch": "delete"}, {"name": "other", "port": 8001}]
    with _service_changed(site, "service/api", {"ports": ports}):
        yield


@contextmanager
def wrong_protocol(site: Site) -> Iterator[None]:
    with _service_changed(site, "service/api", {"ports": [{"port": 8000, "protocol": "UDP"}]}):
        yield


@contextmanager
def another_name(site: Site) -> Iterator[None]:
    """Without a selector, too: one remedy must bring back both."""
    change = {"type": "ExternalName", "externalName": "db.example.com", "selector": None}
    with _service_changed(site, "service/db", change):
        yield


@contextmanager
def no_dns(site: Site) -> Iterator[None]:
    system = Client(site.cluster, "kube-system")
    system.kubectl("scale", "deployment/coredns", "--replicas=0")
    try:
        system.kubectl("delete", "pod", "--selector", "k8s-app=kube-dns", "--grace-period=1")
        yield
    finally:
        system.kubectl("scale", "deployment/coredns", "--replicas=2")
        system.kubectl("rollout", "status", "deployment/coredns", "--timeout=90s")


@contextmanager
def other_domain(site: Site) -> Iterator[None]:
    """CoreDNS runs, and serves another domain than the pods ask for."""
    system = Client(site.cluster, "kube-system")
    right = system.get("configmap", "coredns")["data"]["Corefile"]

    def serve(text: str) -> None:
        change = json.dumps({"data": {"Corefile": text}})
        system.kubectl("patch", "configmap/coredns", "--type=merge", "--patch", change)
        system.kubectl("rollout", "restart", "deployment/coredns")
        system.kubectl("rollout", "status", "deployment/coredns", "--timeout=90s")

    try:
        serve(right.replace("kubernetes cluster.local", "kubernetes cluster.lan"))
        yield
    finally:
        serve(right)


@contextmanager
def rule(site: Site, node: str, *words: str) -> Iterator[None]:
    """Insert a firewall rule on a node, and delete it at the end."""
    table, chain, *rest = words
    site.on(node, "iptables", "-w", "-t", table, "-I", chain, *rest)
    try:
        yield
    finally:
        site.on(node, "iptables", "-w", "-t", table, "-D", chain, *rest)


@contextmanager
def vxlan_dropped(site: Site) -> Iterator[None]:
    with rule(site, site.lab, "filter", "INPUT", "-p", "udp", "--dport", "8472", "-j", "DROP"):
        yield


@contextmanager
def port_dropped(site: Site) -> Iterator[None]:
    with rule(site, site.lab, "raw", "PREROUTING", "-p", "tcp", "--dport", "30080", "-j", "DROP"):
        yield


@contextmanager
def policy(site: Site) -> Iterator[None]:
    """Let the chart's policy of db admit a tier `backend` instead of api."""
    saved = site.saved("networkpolicy/db")
    peer = {"podSelector": {"matchLabels": {"app.kubernetes.io/component": "backend"}}}
    site.patch("networkpolicy/db", {"spec": {"ingress": [{"from": [peer]}]}}, "--type=merge")
    try:
        yield
    finally:
        site.restore(saved)


@contextmanager
def rule_removed(site: Site) -> Iterator[None]:
    """Take api's way to db out of the chart's policy of api."""
    saved = site.saved("networkpolicy/api")
    kept = [rule for rule in site.get("networkpolicy/api")["spec"]["egress"] if _port(rule) != 5432]
    site.patch("networkpolicy/api", {"spec": {"egress": kept}}, "--type=merge")
    try:
        yield
    finally:
        site.restore(saved)


def _port(rule: dict[str, Any]) -> int:
    return next((int(port["port"]) for port in rule.get("ports") or ()), 0)


@contextmanager
def policy_gone(site: Site) -> Iterator[None]:
    """Delete the chart's policy of db: what is left is the one that lets nobody through."""
    saved = site.saved("networkpolicy/db")
    site.kubectl("delete", "networkpolicy", "db")
    try:
        yield
    finally:
        site.restore(saved)
