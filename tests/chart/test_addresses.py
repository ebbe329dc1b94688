"""An address is an address, in IPv4 and in IPv6, and any other host is a name."""

from __future__ import annotations

import ipaddress
import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft7Validator

from mcapp.config import CHART
from mcapp.genvalues.values import merge
from tests.support.render import EXTERNAL, HA, OPTIONS, HelmError, Objects, evaluated

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


def test_the_chart_reads_addresses_as_python_does() -> None:
    ranges = ["".join(pair) for pair in itertools.product(TEXTS, LENGTHS)]
    asked = [*(("addressBits", text) for text in TEXTS), *(("isRange", text) for text in ranges)]
    told = evaluated(f'include "mcapp.{helper}" {json.dumps(text)}' for helper, text in asked)
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
        ("pg.lab", None),
        ("pg1", None),
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


NO_HOSTS = [
    *(
        "10.0.0.256",
        "010.0.0.1",
        "10.0.0",
        "10",
        "0x7f.1",
        "0x7f000001",
        "1.2.3.4.5",
        "a.1",
        "a.0x",
        "10.0.0.1.",
        "pg.lab.",
    ),
    *(
        "PG.lab",
        "pg_1.lab",
        "_pg",
        "[::1]",
        "[2001:db8::7]",
        "fe80::1%eth0",
        "10.0.0.1%eth0",
        "-pg",
        "pg-",
        "a..b",
        ".a",
    ),
    *(
        "10.0.0.1/32",
        "pg lab",
        "pg:5432",
        "::ffff:10.0.0.256",
        "1::2::3",
        f"{'a' * 64}.lab",
        "pg\tlab",
    ),
]
HOSTS = [
    "10.0.0.1",
    "255.255.255.255",
    "::1",
    "::ffff:10.0.0.1",
    "db",
    "pg-1.lab",
    "1.lab",
    "0x7f.lab",
    f"{'a' * 63}.lab",
]


def by_schema(hosts: list[str], *path: str) -> list[str]:
    """Return those of the hosts that the schema takes at this key. Helm would need minutes for all."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    for key in path:
        schema = schema[key]
    return [host for host in hosts if Draft7Validator(schema).is_valid(host)]


def test_a_host_is_an_address_or_a_name_and_nothing_between() -> None:
    host = ("properties", "db", "properties", "external", "properties", "host")
    # What looks like an IPv6 address is left to a template.
    assert by_schema([*NO_HOSTS, *HOSTS], *host) == ["::ffff:10.0.0.256", "1::2::3", *HOSTS]


@pytest.mark.parametrize("kind", ["ingress", "httpRoute", "tls"])
def test_a_host_name_of_the_page_is_no_address(render: Render, kind: str) -> None:
    names = [host for host in HOSTS if ":" not in host and not bits(host)]
    hosts = [*NO_HOSTS, "*", "*.*.lab", "*lab", "pg.lab\n", *names, "*.lab"]
    # An HTTPRoute has room for 16 names.
    parts = [hosts] if kind != "httpRoute" else [hosts[at : at + 16] for at in range(0, len(hosts), 16)]
    taken = []
    for part in parts:
        kinds: dict[str, tuple[dict[str, Any], str]] = {
            "ingress": ({"ingress": {"hosts": part}}, "ingress/hosts"),
            "tls": ({"ingress": {"tls": [{"hosts": part}]}}, "ingress/tls/0/hosts"),
            "httpRoute": ({"httpRoute": {"hostnames": part}}, "httpRoute/hostnames"),
        }
        values, key = kinds[kind]
        with pytest.raises(HelmError) as refused:
            # Another wrong value, since there may be no wrong host among them.
            render({**values, "topology": "none"})
        numbers = set(re.findall(rf"at '/{key}/(\d+)'", str(refused.value)))
        taken += [host for number, host in enumerate(part) if str(number) not in numbers]
    assert taken == [*names, "*.lab"]


def test_a_registry_is_no_half_of_an_address() -> None:
    right = ["", "10.0.0.1:5000", "registry.lab", "localhost:5000", "lab", "registry.lab/a/b", "1.lab:80"]
    wrong = [
        "10.0.0.256:5000",
        "0x7f.1",
        "1.2.3",
        "a..b",
        "lab.",
        "-lab",
        "lab//a",
        "lab/A",
        "lab:port",
        "lab:123456",
    ]
    for path in (
        ("definitions", "image", "properties", "registry"),
        ("properties", "global", "properties", "imageRegistry"),
    ):
        assert by_schema([*wrong, *right], *path) == right


RANGES = [
    *(
        "0.0.0.0/0",
        "10.0.0.0/8",
        "10.1.2.3/8",
        "10.0.0.0/9",
        "10.128.0.0/9",
        "11.0.0.0/8",
        "10.0.0.1/32",
        "255.255.255.255/32",
    ),
    *(
        "::/0",
        "2001:db8::/32",
        "2001:DB8:8000::/33",
        "2001:db9::/33",
        "::1/128",
        "1:2:3:4:5:6:7:8/128",
        "1:2::/32",
    ),
    *(
        "::ffff:10.0.0.0/104",
        "::ffff:10.1.0.0/112",
        "64:ff9b::10.0.0.1/128",
        "64:ff9b::/96",
        "1::/16",
        "::8/125",
    ),
]


def test_what_a_range_leaves_out_lies_in_it(render: Render) -> None:
    pairs = list(itertools.product(RANGES, RANGES))
    peers = [{"ipBlock": {"cidr": whole, "except": [part]}} for whole, part in pairs]
    with pytest.raises(HelmError) as refused:
        render({"networkPolicy": {"apiServerPeers": peers}})
    told = set(re.findall(r"apiServerPeers/(\d+)/ipBlock/except", str(refused.value)))
    nets = {text: ipaddress.ip_network(text, strict=False) for text in RANGES}
    for number, (whole, part) in enumerate(pairs):
        within = nets[whole].version == nets[part].version and nets[part].prefixlen > nets[whole].prefixlen
        right = within and nets[part].subnet_of(nets[whole])  # type: ignore[arg-type]
        assert (str(number) not in told) == right, (whole, part)
