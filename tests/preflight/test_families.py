"""Both IP versions: addresses as users write them, a listener and probes on ::1, IPv6 in namespaces."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mcapp.preflight import commands, datagrams, family, firewall, network, ports, probes, protocol
from mcapp.preflight.checks import Outcome
from mcapp.preflight.commands import Machine
from mcapp.preflight.listener import Listener
from mcapp.preflight.ports import VXLAN, Port
from mcapp.preflight.protocol import Request
from tests.support.preflight_machines import BACK, OPEN, TO_PEER, Pair

ADDRESSES = {
    "192.168.1.100": "192.168.1.100",
    "fd00::100": "fd00::100",
    "[fd00::100]": "fd00::100",
    "FD00:0:0::0100": "fd00::100",
    "::ffff:192.168.1.100": "192.168.1.100",
    "2001:db8::1": "2001:db8::1",
}
NONE = [
    "lab",
    "",
    "[192.168.1.100]",
    "[fd00::1",
    "fd00::1]",
    "[fd00::1]:6443",
    "192.168.1.100:6443",
    "fd00::1/64",
]
NONE += ["::1", "::", "ff02::1", "fe80::1", "fe80::1%eth0", "127.0.0.1", "::ffff:127.0.0.1", "224.0.0.1"]
NONE += ["255.255.255.255", "0.0.0.0", "fd00::g"]  # noqa: S104 - an address that is refused


@pytest.mark.parametrize(("given", "read"), ADDRESSES.items())
def test_a_machine_s_address(given: str, read: str) -> None:
    assert family.parse(given) == read


@pytest.mark.parametrize("given", NONE)
def test_no_machine_s_address(given: str) -> None:
    assert family.parse(given) is None


def test_ipv6_is_in_brackets_where_a_port_may_follow() -> None:
    assert family.in_url("fd00::1") == "[fd00::1]"
    assert family.in_url("10.0.0.1") == "10.0.0.1"


@contextmanager
def listening(*at: Port) -> Iterator[Listener]:
    """Listen in this process until the block ends."""
    walls = {4: "nft ip filter INPUT", 6: "nft ip6 filter INPUT"}
    with Listener(at, (), "lab", walls, lambda *_: None) as listener:
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                listener.serve(0.05)

        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield listener
        finally:
            stop.set()
            serving.join()


@pytest.fixture
def free() -> Port:
    with socket.create_server(("", 0)) as taken:
        return Port(taken.getsockname()[1], "tcp")


needs_ipv6 = pytest.mark.skipif(family.IPV6 not in family.present(), reason="this kernel has no IPv6")


@needs_ipv6
@pytest.mark.parametrize(("address", "wall"), [("127.0.0.1", "nft ip "), ("::1", "nft ip6 ")])
def test_the_listener_answers_in_each_version(free: Port, address: str, wall: str) -> None:
    request = Request(protocol.token(), protocol.token(), "echo")
    assert probes.source_towards(address) == address
    with listening(free, VXLAN) as listener:
        assert listener.taken == []
        probe = probes.tcp(address, free, request, timeout=2, source=address)
        both = datagrams.exchange(address, VXLAN, request.run, timeout=2, source=address, ask_back=None)
    assert probe.outcome is Outcome.CONNECTED
    assert probe.answer is not None
    assert probe.answer.firewall.startswith(wall)
    # The listener has the port here, so that the way back cannot be tested.
    assert (both.forward.outcome, both.back) == (Outcome.CONNECTED, None)
    assert set(listener.received) == {address}


@needs_ipv6
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_port_where_nobody_listens_is_refused(free: Port, address: str) -> None:
    request = Request(protocol.token(), protocol.token(), "echo")
    assert probes.tcp(address, free, request, timeout=2, source=address).outcome is Outcome.REFUSED


@needs_ipv6
@pytest.mark.parametrize("holder", [family.IPV4, family.IPV6])
def test_a_port_that_is_taken_in_one_version_is_taken(free: Port, holder: family.Family) -> None:
    with holder.open(socket.SOCK_STREAM) as held:
        held.bind(("", free.number))
        held.listen()
        with listening(free) as listener:
            assert (listener.taken, listener.listening) == ([free], [])


SERVER, AGENT = Machine("fd00::100", "laptop"), Machine("fd00::101", "lab")


def test_the_commands_of_an_ipv6_cluster() -> None:
    printed = [step.command for step in commands.steps("server", SERVER, AGENT, etcd=False)]
    pods, services = ports.CLUSTER_NETWORKS6
    assert printed[0].endswith(f"server --node-ip fd00::100 --cluster-cidr {pods} --service-cidr {services}")
    assert "scp dist/mcapp-images.tar '[fd00::101]:'" in printed
    joins = next(command for command in printed if " agent " in command)
    assert "K3S_URL='https://[fd00::100]:6443'" in joins
    assert "cidr" not in joins
    for command in printed:
        subprocess.run(["bash", "-n", "-c", command], check=True)
        assert shlex.split(command)


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("ufw", "ufw allow from fd00::1 to any port 8472 proto udp"),
        ("firewalld", 'rule family="ipv6" source address="fd00::1"'),
        ("nft", "nft insert rule inet filter input ip6 saddr fd00::1 udp dport 8472 accept"),
        ("iptables", "ip6tables -I INPUT -s fd00::1 -p udp --dport 8472 -j ACCEPT"),
    ],
)
def test_a_port_is_opened_to_an_ipv6_address(kind: str, part: str) -> None:
    assert part in firewall.opening(kind, VXLAN, "fd00::1")


def test_the_chain_is_that_of_the_version() -> None:
    chains = [
        {"chain": {"family": kind, "table": "filter", "name": "INPUT", "hook": "input", "policy": "drop"}}
        for kind in ("ip", "ip6")
    ]
    found = [firewall.nft_input({"nftables": chains}, version) for version in (4, 6)]
    assert found == [("ip", "filter", "INPUT"), ("ip6", "filter", "INPUT")]


NOWHERE = "00000000000000000000000000000000"
ROUTE6 = f"{NOWHERE} 00 {NOWHERE} 00 fe800000000000000000000000000001 {{}} 00000001 00000000 {{}} {{}}"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("00000400", "00450003", "wlan0"), ("00000064", "00450003", "eth0")], "eth0"),
        ([("ffffffff", "00200200", "lo")], ""),
        ([("00000400", "00000201", "eth0")], ""),
        ([], ""),
    ],
)
def test_the_default_route_of_ipv6(rows: list[tuple[str, str, str]], expected: str) -> None:
    assert network.default_interface6([ROUTE6.format(*row) for row in rows]) == expected


HERE6, THERE6 = "fd99::1", "fd99::2"


@pytest.fixture
def pair6(pair: Pair) -> Iterator[Pair]:
    """The two machines, by addresses of IPv6."""
    if not Path("/proc/net/if_inet6").exists():
        pytest.skip("this kernel has no IPv6")
    both = Pair(
        *(machine._replace(address=address) for machine, address in zip(pair, (HERE6, THERE6), strict=True))
    )
    for machine in both:
        machine.must("ip", "-6", "address", "add", f"{machine.address}/64", "dev", "eth0", "nodad")
        machine.must("ip", "-6", "route", "add", "default", "dev", "eth0")
    yield both
    for machine in both:
        machine.must("sh", "-c", "ip6tables -P INPUT ACCEPT && ip6tables -F")
        machine.must("ip", "-6", "route", "delete", "default")
        machine.must("ip", "-6", "address", "delete", f"{machine.address}/64", "dev", "eth0")


@pytest.mark.netns
@pytest.mark.slow
def test_two_machines_by_ipv6(pair6: Pair) -> None:
    with pair6.there.listening():
        done = pair6.here.preflight("agent", pair6.there._replace(address=f"[{THERE6}]"))
    assert {name: entry.get("outcome") for name, entry in done.checks.items() if name in OPEN} == OPEN
    assert done.checks["interfaces"]["detail"] == f"flannel will take eth0 ({HERE6})."
    assert done.code == 0


@pytest.mark.netns
@pytest.mark.slow
def test_without_a_listener_by_ipv6(pair6: Pair) -> None:
    done = pair6.here.preflight("agent", pair6.there)
    assert {done.checks[port]["outcome"] for port in TO_PEER} == {"refused"}
    assert f"preflight.py listen --peer {HERE6}`" in done.checks["peer"]["remedy"]
    absent = pair6.here.preflight("agent", pair6.there._replace(address="fd99::77"))
    assert absent.code == 3


RULES6 = {
    "timeout": "DROP",
    "refused": "REJECT --reject-with tcp-reset",
    "filtered": "REJECT --reject-with icmp6-adm-prohibited",
}


@pytest.mark.netns
@pytest.mark.slow
def test_rules_of_ipv6_and_their_remedies(pair6: Pair) -> None:
    places = dict(zip(RULES6, (6443, 10250, 30080), strict=True))
    for outcome, number in places.items():
        pair6.there.must(*f"ip6tables -A INPUT -p tcp --dport {number} -j {RULES6[outcome]}".split())
    pair6.here.must(*["ip6tables", "-A", "INPUT", "-p", "udp", "--dport", "8472", "-j", "DROP"])
    with pair6.there.listening():
        shut = pair6.here.preflight("agent", pair6.there).checks
        assert {outcome: shut[f"port.{number}.tcp"]["outcome"] for outcome, number in places.items()} == {
            outcome: outcome for outcome in places
        }
        assert (shut["port.8472.udp"]["outcome"], shut[BACK]["outcome"]) == ("connected", "timeout")
        for name in (*(f"port.{number}.tcp" for number in places.values()), BACK):
            command = re.search(r"`sudo ((?:ip6tables|nft) [^`]*)`", shut[name]["remedy"])
            assert command is not None, shut[name]["remedy"]
            machine = pair6.here if name == BACK else pair6.there
            machine.must(*shlex.split(command[1]))
        opened = pair6.here.preflight("agent", pair6.there).checks
    assert {name: entry.get("outcome") for name, entry in opened.items() if name in OPEN} == OPEN
