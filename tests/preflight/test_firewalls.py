"""Real firewall rules between two network namespaces: each port, each way, each kind of refusal."""

from __future__ import annotations

import itertools

import pytest

from tests.support.preflight_machines import BACK, ESTABLISHED, OPEN, PROHIBITED, RESET, Pair, apply

pytestmark = [pytest.mark.netns, pytest.mark.slow]


# What a rule for a TCP port does, and what the checked machine must make of it.
TCP = {
    "passes": ("", "connected"),
    "dropped there": ("there -A INPUT -p tcp --dport {} -j DROP", "timeout"),
    "rejected there": ("there -A INPUT -p tcp --dport {} -j REJECT", "filtered"),
    "reset there": (f"there -A INPUT -p tcp --dport {{}} -j {RESET}", "refused"),
    "prohibited there": (f"there -A INPUT -p tcp --dport {{}} -j {PROHIBITED}", "filtered"),
    "dropped on leaving": ("here -A OUTPUT -p tcp --dport {} -j DROP", "timeout"),
    "answer dropped there": ("there -A OUTPUT -p tcp --sport {} -j DROP", "timeout"),
}

VXLAN = "-p udp --dport 8472"
THERE = "port.8472.udp"
UDP: dict[str, tuple[list[str], dict[str, str]]] = {
    "nothing": ([], {}),
    "dropped there": ([f"there -A INPUT {VXLAN} -j DROP"], {THERE: "timeout"}),
    "rejected there": ([f"there -A INPUT {VXLAN} -j REJECT"], {THERE: "refused"}),
    "prohibited there": ([f"there -A INPUT {VXLAN} -j {PROHIBITED}"], {THERE: "filtered"}),
    "dropped on leaving": ([f"here -A OUTPUT {VXLAN} -j DROP"], {THERE: "filtered"}),
    "echo dropped there": (["there -A OUTPUT -p udp --sport 8472 -j DROP"], {}),
    "dropped here": ([f"here -A INPUT {VXLAN} -j DROP"], {BACK: "timeout"}),
    "rejected here": ([f"here -A INPUT {VXLAN} -j REJECT"], {BACK: "refused"}),
    "prohibited here": ([f"here -A INPUT {VXLAN} -j {PROHIBITED}"], {BACK: "filtered"}),
    "dropped on leaving there": ([f"there -A OUTPUT {VXLAN} -j DROP"], {BACK: "filtered"}),
    "dropped both ways": (
        [f"there -A INPUT {VXLAN} -j DROP", f"here -A INPUT {VXLAN} -j DROP"],
        {THERE: "timeout", BACK: "timeout"},
    ),
    "only answers pass here": ([f"here {ESTABLISHED}", "here -P INPUT DROP"], {BACK: "timeout"}),
}


def cases() -> dict[str, tuple[list[str], dict[str, str]]]:
    """Rules by machine (`here` is checked, `there` its peer), and how the outcomes differ from OPEN.

    Each TCP port meets each kind of rule and 8472/udp each of its own, all four ports in one run: they do not
    touch one another. Where nothing arrives at 8472/udp there, a TCP port that passes carries the request.
    """
    table = {}
    passing, others = itertools.cycle((0, 3, 5)), itertools.cycle((1, 2, 4, 6))
    for name, (vxlan, changed) in UDP.items():
        turn = next(
            passing if any("there -A INPUT" in rule or "OUTPUT" in rule for rule in vxlan) else others
        )
        kinds = {
            port: list(TCP)[(turn + 2 * place) % len(TCP)] for place, port in enumerate((6443, 10250, 30080))
        }
        rules = [TCP[kind][0].format(port) for port, kind in kinds.items() if TCP[kind][0]]
        outcomes = {f"port.{port}.tcp": TCP[kind][1] for port, kind in kinds.items() if TCP[kind][0]}
        tcp = ", ".join(f"{port} {kind}" for port, kind in kinds.items())
        table[f"8472 {name}, {tcp}"] = ([*vxlan, *rules], {**outcomes, **changed})
    return table


@pytest.mark.usefixtures("answering")
@pytest.mark.parametrize("case", cases())
def test_each_rule_is_distinguished(pair: Pair, case: str) -> None:
    rules, different = cases()[case]
    apply(pair, rules)
    done = pair.here.preflight("agent", pair.there)
    found = {check: entry["outcome"] for check, entry in done.checks.items() if "outcome" in entry}
    assert found == OPEN | different
    # The page is for users: machines can join without it.
    failing = sorted(different.keys() - {"port.30080.tcp"})
    assert sorted(name for name, entry in done.checks.items() if entry["status"] == "fail") == failing
    assert done.code == (1 if failing else 0)
    for check in different:
        assert done.checks[check]["remedy"]


@pytest.mark.usefixtures("answering")
def test_an_arrived_packet_with_a_lost_answer_is_reported(pair: Pair) -> None:
    apply(pair, ["there -A OUTPUT -p udp --sport 8472 -j DROP"])
    lost = pair.here.preflight("agent", pair.there).checks["port.8472.udp"]
    assert "did not come back" in lost["detail"]
