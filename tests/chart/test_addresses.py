"""An address is an address, in IPv4 and in IPv6, and any other host is a name."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from mcapp.genvalues.values import merge
from tests.support.render import EXTERNAL, HA, OPTIONS, HelmError, Objects

Render = Callable[..., Objects]

TEXTS = [
    *("10", "10.0", "10.0.0.1", "255.255.255.255", "256.1.1.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4 "),
    *(
        "::",
        "::1",
        "1::",
        "2001:db8::7",
        "2001:DB8:0:0:8:800:200C:417A",
        "1:2:3:4:5:6:7:8",
        "::ffff:10.0.0.1",
    ),
    *(
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1::2::3",
        ":::",
        ":1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7::",
        "12345::",
    ),
    *("1:2:3:4:5:6:7:8::", "::ffff:10.0.0.256", "g::1", "1:2:3:4:5:6:1.2.3.4", "pg.lab.example", "db", ""),
]
LENGTHS = ["", "/0", "/8", "/32", "/33", "/128", "/129", "/08", "/-1", "/x", "/"]


def bits(text: str) -> str:
    """Return the length of an address as Python reads it; empty for any other text."""
    try:
        return str(ipaddress.ip_address(text).max_prefixlen)
    except ValueError:
        return ""


def is_range(text: str) -> bool:
    address, slash, length = text.partition("/")
    # Python takes /08, and a plain address for a range of one.
    if not slash or not bits(address) or (length.startswith("0") and length != "0"):
        return False
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def test_the_chart_reads_addresses_as_python_does(render: Render) -> None:
    ranges = ["".join(pair) for pair in itertools.product(TEXTS, LENGTHS)]
    asked = [*(("addressBits", text) for text in TEXTS), *(("isRange", text) for text in ranges)]
    lines = [f'  - "{{{{ include "mcapp.{helper}" {text!r} }}}}"'.replace("'", "`") for helper, text in asked]
    text = "\n".join(["apiVersion: v1", "kind: ConfigMap", "metadata: {name: read}", "data:", *lines])
    told = render({"extraManifests": [text]}).one("ConfigMap", "read")["data"]
    expected = [*map(bits, TEXTS), *("true" if is_range(text) else "" for text in ranges)]
    assert [(one, got) for one, got in zip(asked, told, strict=True)] == list(
        zip(asked, expected, strict=True)
    )


def database_rule(objects: Objects) -> dict[str, Any]:
    """Return the rule that lets api connect to the database."""
    rule: dict[str, Any] = objects.one("NetworkPolicy", "api")["spec"]["egress"][0]
    return rule


@pytest.mark.parametrize(
    ("host", "cidr"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("2001:db8::7", "2001:db8::7/128"),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.7/128"),
        ("256.1.1.1", None),
        ("10", None),
        ("pg.lab", None),
    ],
)
def test_only_an_address_is_named_in_the_policy(render: Render, host: str, cidr: str | None) -> None:
    rule = database_rule(render(merge(EXTERNAL, {"db": {"external": {"host": host}}})))
    assert rule.get("to") == ([{"ipBlock": {"cidr": cidr}}] if cidr else None)


def test_every_service_asks_for_both_families(render: Render) -> None:
    for values in (OPTIONS, EXTERNAL):
        services = [document for document in render(values) if document["kind"] == "Service"]
        assert {service["spec"]["ipFamilyPolicy"] for service in services} == {"PreferDualStack"}
    # Patroni writes one address, of the family that Kubernetes puts first.
    families = {
        document["metadata"]["name"]: document["spec"].get("ipFamilyPolicy")
        for document in render(HA)
        if document["kind"] == "Service"
    }
    both = dict.fromkeys(("api", "db-members", "db-ro", "web"), "PreferDualStack")
    assert families == {**both, "db": "SingleStack", "db-config": None, "db-sync": None}


def test_every_list_of_peers_is_read(render: Render) -> None:
    peers = [{"podSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1/16"]}}]
    lists = {"networkPolicy": {"dnsPeers": peers, "apiServerPeers": peers}, "metrics": {"scrapers": peers}}
    external = {"db": {"external": {"peers": peers, "host": "1::2::3"}}}
    with pytest.raises(HelmError) as told:
        render(merge(merge(EXTERNAL, lists), external))
    assert "at '/db/external/host': got '1::2::3', want an IP address or a name" in str(told.value)
    for key in (
        "db/external/peers",
        "networkPolicy/dnsPeers",
        "networkPolicy/apiServerPeers",
        "metrics/scrapers",
    ):
        assert f"at '/{key}/1/ipBlock': got '10.1/16', want a range of addresses, such as" in str(told.value)
