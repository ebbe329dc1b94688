"""Rules of firewalls, the commands that open a port, and what the results of the probes mean."""

from __future__ import annotations

from typing import Any

import pytest

from mcapp.messages import translate
from mcapp.preflight import firewall, peer, ports
from mcapp.preflight.checks import Outcome, Status
from mcapp.preflight.ports import Port
from mcapp.preflight.probes import Probe
from mcapp.preflight.protocol import Answer

NONCE = "f" * 32
ACCEPTING = "-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n"


@pytest.mark.parametrize(
    ("rules", "denies"),
    [
        (ACCEPTING, False),
        (ACCEPTING.replace("INPUT ACCEPT", "INPUT DROP"), True),
        (f"{ACCEPTING}-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n", False),
        (f"{ACCEPTING}-A INPUT -p udp -j REJECT --reject-with icmp-port-unreachable\n", True),
        (
            f"{ACCEPTING}-N own\n-A INPUT -j own\n-A own --comment 'a b' -g more\n-A more -j DROP\n",
            True,
        ),
        (f"{ACCEPTING}-N own\n-A FORWARD -j own\n-A own -j DROP\n", False),
        ("", False),
    ],
)
def test_iptables_rules(rules: str, denies: bool) -> None:
    assert firewall.iptables_input(rules) == denies


def ruleset(policy: str, *expressions: dict[str, Any], hook: str = "input") -> dict[str, Any]:
    place = {"family": "inet", "table": "filter"}
    chain = {**place, "name": "input", "type": "filter", "hook": hook, "policy": policy}
    rules = [{"rule": {**place, "chain": "input", "expr": [expression]}} for expression in expressions]
    more = {
        "rule": {
            **place,
            "chain": "more",
            "expr": [{"reject": {"type": "icmpx", "expr": "port-unreachable"}}],
        }
    }
    return {"nftables": [{"metainfo": {}}, {"table": place}, {"chain": chain}, *rules, more]}


@pytest.mark.parametrize(
    ("rules", "denies"),
    [
        (ruleset("accept"), False),
        (ruleset("drop"), True),
        (ruleset("drop", hook="forward"), False),
        (ruleset("accept", {"accept": None}), False),
        (ruleset("accept", {"drop": None}), True),
        (ruleset("accept", {"jump": {"target": "more"}}), True),
        (ruleset("accept", {"xt": {"type": "target", "name": "REJECT"}}), True),
        ({"nftables": []}, False),
    ],
)
def test_nft_rules(rules: dict[str, Any], denies: bool) -> None:
    assert firewall.nft_input(rules) == (("inet", "filter", "input") if denies else None)


@pytest.mark.parametrize("kind", firewall.COMMANDED)
@pytest.mark.parametrize("port", ports.listened(etcd=True))
def test_a_port_is_opened_to_one_peer_alone(kind: str, port: Port) -> None:
    command = firewall.opening(kind, port, "192.168.1.101")
    assert command.startswith("sudo ")
    for part in ("192.168.1.101", str(port.number), port.proto):
        assert part in command


@pytest.mark.parametrize("kind", firewall.COMMANDED)
def test_no_peer_s_remedy_opens_vxlan_to_the_world(kind: firewall.Kind) -> None:
    found = firewall.Firewall(kind, firewall.NftChain("inet", "own", "in") if kind == "nft" else None)
    told = firewall.check(found, (ports.VXLAN, ports.API), "192.168.1.101")
    assert told.remedy is not None
    opened = [command for command in translate(told.remedy, "en").split("; ") if "8472" in command]
    assert opened
    assert all("192.168.1.101" in command for command in opened)


def survey(**changes: Any) -> peer.Survey:
    tcp = {port: Probe(Outcome.CONNECTED) for port in ports.listened(etcd=True) if port.proto == "tcp"}
    answer = Answer(NONCE, "lab", 0.0, "ufw", tuple(map(str, ports.listened(etcd=False))), (), "")
    found = {
        "peer": "192.168.1.101",
        "source": "192.168.1.100",
        "tcp": tcp,
        "forward": Probe(Outcome.TIMEOUT),
        "back": Probe(Outcome.CONNECTED),
        "answer": answer,
    }
    return peer.Survey(**{**found, **changes})


def judged(found: peer.Survey) -> dict[str, Any]:
    none = firewall.Firewall("none")
    return {check.id: check for check in peer.judge(found, "agent", etcd=False, firewall=none)}


@pytest.mark.parametrize(
    ("told", "parts"),
    [
        ("ufw", ["sudo ufw allow from 192.168.1.100 to any port 8472 proto udp"]),
        ("firewalld", ['source address="192.168.1.100" port port="8472" protocol="udp"']),
        (
            "nft inet own incoming",
            ["sudo nft insert rule inet own incoming ip saddr 192.168.1.100 udp dport"],
        ),
        ("nft inet own $(reboot)", ["ufw allow from", "nft insert rule inet filter input"]),
        ("rm -rf /", ["ufw allow from", "firewall-cmd", "nft insert rule inet filter input"]),
        ("none", ["ufw allow from", "firewall-cmd", "nft insert rule inet filter input"]),
    ],
)
def test_the_remedy_suits_the_peer_s_firewall(told: str, parts: list[str]) -> None:
    found = survey()
    assert found.answer is not None
    vxlan = judged(survey(answer=found.answer._replace(firewall=told)))["port.8472.udp"]
    remedy = translate(vxlan.remedy, "en")
    assert all(part in remedy for part in parts)
    assert "rm -rf" not in remedy
    assert "reboot" not in remedy


def test_silence_beside_a_running_k3s_proves_nothing() -> None:
    found = judged(survey(answer=None, back=None))
    assert found["port.8472.udp"].status is Status.WARN
    assert found["port.6443.tcp"].status is Status.OK


@pytest.mark.parametrize(
    ("skew", "status"),
    [(0.4, "ok"), (-1.9, "ok"), (30.0, "warn"), (-30.0, "warn"), (61.0, "fail"), (-9e9, "fail")],
)
def test_clocks(skew: float, status: str) -> None:
    assert peer.clock(survey(skew=skew)).status == status
