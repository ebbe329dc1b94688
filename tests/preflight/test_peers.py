"""A peer with and without a listener, one that drops all, and the remedies put to the test."""

from __future__ import annotations

import re
import shlex
import shutil
import time

import pytest

from tests.support.preflight_machines import (
    BACK,
    ESTABLISHED,
    OPEN,
    PROHIBITED,
    TO_PEER,
    Machine,
    Pair,
    apply,
)

pytestmark = [pytest.mark.netns, pytest.mark.slow]


@pytest.mark.parametrize(
    ("rules", "outcome", "status", "code"),
    [
        ([], "refused", "warn", 0),
        (["there -A INPUT -p udp --dport 8472 -j DROP"], "timeout", "fail", 1),
        ([f"there -A INPUT -p udp --dport 8472 -j {PROHIBITED}"], "filtered", "fail", 1),
    ],
)
def test_without_a_listener(pair: Pair, rules: list[str], outcome: str, status: str, code: int) -> None:
    apply(pair, rules)
    done = pair.here.preflight("server", pair.there)
    checks = done.checks
    assert (checks["peer"]["status"], checks["port.10250.tcp"]["outcome"]) == ("warn", "refused")
    assert (checks["port.10250.tcp"]["status"], checks[BACK]["status"]) == ("ok", "skipped")
    assert (checks["port.8472.udp"]["outcome"], checks["port.8472.udp"]["status"]) == (outcome, status)
    assert checks["port.6443.tcp"]["status"] == "skipped"
    assert done.code == code


def test_a_machine_that_drops_all_is_not_an_absent_one(pair: Pair) -> None:
    apply(pair, ["there -P INPUT DROP"])
    dropping = pair.here.preflight("agent", pair.there)
    assert dropping.code == 1
    assert {dropping.checks[port]["outcome"] for port in TO_PEER} == {"timeout"}
    absent = pair.here.preflight("agent", Machine("", "10.99.0.77", ""))
    assert absent.code == 3
    assert absent.checks["peer"]["status"] == "fail"


def test_the_remedies_open_exactly_what_is_shut(pair: Pair) -> None:
    apply(
        pair,
        [
            f"there {ESTABLISHED}",
            "there -A INPUT -p tcp --dport 30080 -j ACCEPT",
            "there -P INPUT DROP",
            f"here {ESTABLISHED}",
            "here -P INPUT DROP",
        ],
    )
    with pair.there.listening():
        shut = pair.here.preflight("agent", pair.there)
        assert shut.code == 1
        failing = {name: entry for name, entry in shut.checks.items() if entry["status"] == "fail"}
        assert failing.keys() == {*TO_PEER[:3], BACK}
        for name, entry in failing.items():
            command = re.search(r"`sudo ((?:iptables|nft) [^`]*)`", entry["remedy"])
            assert command is not None
            machine, other = (pair.here, pair.there) if name == BACK else (pair.there, pair.here)
            assert f" {other.address} " in command[1]
            machine.must(*shlex.split(command[1]))
        opened = pair.here.preflight("agent", pair.there)
    assert {name: entry.get("outcome") for name, entry in opened.checks.items() if name in OPEN} == OPEN
    assert opened.code == 0


@pytest.mark.skipif(not shutil.which("nft"), reason="needs nft")
def test_nft_rules_and_their_remedy(pair: Pair) -> None:
    rules = "type filter hook input priority 0; udp dport 8472 drop;"
    table = f"table inet own {{ chain incoming {{ {rules} }}; }}"
    pair.there.must("nft", table)
    try:
        with pair.there.listening():
            shut = pair.here.preflight("agent", pair.there).checks["port.8472.udp"]
            assert shut["outcome"] == "timeout"
            command = re.search(r"`sudo (nft insert rule inet own incoming [^`]*)`", shut["remedy"])
            assert command is not None
            pair.there.must(*shlex.split(command[1]))
            assert pair.here.preflight("agent", pair.there).checks["port.8472.udp"]["outcome"] == "connected"
    finally:
        pair.there.must("nft", "delete table inet own")


def test_etcd_s_ports_count_only_when_asked_for(pair: Pair) -> None:
    apply(pair, ["there -A INPUT -p tcp --dport 2379:2380 -j DROP"])
    with pair.there.listening("--etcd"):
        alone = pair.here.preflight("server", pair.there)
        assert alone.code == 0
        assert not [name for name in alone.checks if "23" in name]
        several = pair.here.preflight("server", pair.there, "--etcd")
        assert several.code == 1
        assert [several.checks[f"port.{number}.tcp"]["outcome"] for number in (6443, 2379, 2380)] == [
            "connected",
            "timeout",
            "timeout",
        ]
        assert not [
            name for name in pair.here.preflight("agent", pair.there, "--etcd").checks if "23" in name
        ]


def test_the_listener_says_whom_it_heard_and_answers_no_one_else(pair: Pair) -> None:
    with pair.there.listening("--peer", "10.99.0.50") as process:
        stranger = pair.here.preflight("agent", pair.there).checks
        assert stranger["peer"]["status"] == "warn"
        assert stranger["port.8472.udp"]["outcome"] == "timeout"
        process.terminate()
        said, _ = process.communicate(timeout=10)
    assert "Nothing came from 10.99.0.50." in said
    assert process.returncode == 1
    with pair.there.listening("--peer", pair.here.address) as process:
        assert pair.here.preflight("agent", pair.there).code == 0
        process.terminate()
        said, _ = process.communicate(timeout=10)
    assert "10.99.0.1 reached 8472/udp." in said
    assert process.returncode == 0


def test_the_listener_stops_by_itself(pair: Pair) -> None:
    started = time.monotonic()
    with pair.there.listening("--seconds", "0.5") as process:
        said, _ = process.communicate(timeout=10)
    assert said == "Nothing came from any machine.\n"
    assert process.returncode == 1
    assert time.monotonic() - started < 8
