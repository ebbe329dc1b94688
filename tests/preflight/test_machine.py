"""what preflight says about a machine: its ports, interfaces and names, on real namespaces."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.preflight_machines import PREFLIGHT, Machine, Pair, Result

pytestmark = [pytest.mark.netns, pytest.mark.slow]

HOLD = """
import socket, sys, time
kind = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}[sys.argv[2]]
held = socket.socket(type=kind)
held.bind(("", int(sys.argv[1])))
if sys.argv[2] == "tcp":
    held.listen()
print("held", flush=True)
time.sleep(60)
"""


@contextmanager
def held(machine: Machine, number: int, proto: str) -> Iterator[int]:
    command = machine.command(sys.executable, "-c", HOLD, str(number), proto)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process.pid
        finally:
            process.kill()


def asked(machine: Machine, *words: str) -> Result:
    return machine.run(sys.executable, str(PREFLIGHT), *words)


@pytest.mark.parametrize(("number", "proto"), [(6443, "tcp"), (10250, "tcp"), (8472, "udp"), (30080, "tcp")])
def test_a_taken_port_is_named_with_its_holder(pair: Pair, number: int, proto: str) -> None:
    with held(pair.here, number, proto) as pid:
        done = pair.here.preflight("server", pair.there)
    entry = done.checks[f"local.{number}.{proto}"]
    assert entry["status"] == "fail"
    assert f"(pid {pid})" in entry["detail"]
    assert f"sudo kill {pid}" in entry["remedy"]
    assert done.code == 1


def test_an_agent_does_not_mind_a_taken_6443(pair: Pair) -> None:
    with held(pair.here, 6443, "tcp"):
        done = pair.here.preflight("agent", pair.there)
    assert [name for name in done.checks if name.startswith("local")] == ["local"]
    assert done.code == 0


@pytest.mark.parametrize(
    "called", [(str(PREFLIGHT),), ("-m", "mcapp", "preflight")], ids=["script", "package"]
)
def test_the_own_listener_is_no_conflict(pair: Pair, called: tuple[str, ...]) -> None:
    with pair.here.listening(called=called), pair.there.listening():
        done = pair.here.preflight("agent", pair.there)
    assert done.checks["local.8472.udp"]["status"] == "ok"
    assert done.checks["port.8472.udp"]["outcome"] == "connected"
    assert done.checks["port.8472.udp.back"]["status"] == "skipped"
    assert done.code == 0


def test_two_machines_of_one_name(pair: Pair) -> None:
    twin = pair.there._replace(name=pair.here.name)
    with twin.listening():
        done = pair.here.preflight("agent", pair.there)
    assert done.checks["hostname"]["status"] == "fail"
    assert done.code == 1


def test_no_default_route(pair: Pair) -> None:
    pair.here.must("ip", "route", "delete", "default")
    done = pair.here.preflight("agent", pair.there)
    route = done.checks["route"]
    assert (route["status"], done.code) == ("fail", 1)
    command = route["remedy"].removeprefix("Run: `sudo ").removesuffix("`")
    pair.here.must(*command.split())
    assert pair.here.preflight("agent", pair.there).checks["route"]["status"] == "ok"


def test_the_interface_that_flannel_takes(pair: Pair) -> None:
    one = pair.here.preflight("agent", pair.there).checks["interfaces"]
    assert (one["status"], one["detail"]) == ("ok", "flannel will take eth0 (10.99.0.1).")
    for words in (
        "link add wlan0 type veth peer name air",
        "address add 10.98.0.1/24 dev wlan0",
        "link set wlan0 up",
        "link set air up",
        "route replace default dev wlan0",
    ):
        pair.here.must("ip", *words.split())
    try:
        two = pair.here.preflight("agent", pair.there).checks["interfaces"]
        flags = "--node-ip 10.99.0.1 --flannel-iface eth0"
        assert two["status"] == "warn"
        assert "flannel will take wlan0 (10.98.0.1)" in two["detail"]
        assert flags in two["remedy"]
        printed = asked(
            pair.here, "agent", "--peer", "10.99.0.2", "--print-commands", "--output", "json", "--lang", "en"
        )
        joined = [
            step["command"] for step in json.loads(printed.out)["commands"] if " agent " in step["command"]
        ]
        assert joined == [
            "curl -sfL https://get.k3s.io | K3S_URL=https://10.99.0.2:6443 K3S_TOKEN=TOKEN-OF-THE-SERVER "
            f"sh -s - agent {flags}"
        ]
    finally:
        pair.here.must("ip", "link", "delete", "wlan0")
        pair.here.must("ip", "route", "replace", "default", "dev", "eth0")


STRANGE = """
import socket, sys
asking = socket.socket(type=socket.SOCK_DGRAM)
asking.settimeout(0.3)
asking.connect((sys.argv[1], 8472))
sound = bytes.fromhex(sys.argv[2])
answers = []
for data in (b"", b"x" * 512, b"{}".ljust(512), b"[" * 512, sound[:-1], sound + b" ", sound):
    asking.send(data)
    try:
        answers.append(len(asking.recv(2048)))
    except TimeoutError:
        answers.append(0)
print(answers)
"""


def test_only_sound_probes_get_an_answer_and_none_is_longer(pair: Pair) -> None:
    from mcapp.preflight.protocol import SIZE, Request, pack_request, token

    sound = pack_request(Request(token(), token(), "echo"))
    with pair.there.listening():
        done = pair.here.run(sys.executable, "-c", STRANGE, pair.there.address, sound.hex())
    answers = json.loads(done.out)
    assert answers[:-1] == [0] * 6
    assert 0 < answers[-1] <= SIZE


def test_the_report_in_words(pair: Pair) -> None:
    with pair.there.listening():
        done = asked(pair.here, "agent", "--peer", pair.there.address, "--timeout", "0.6", "--lang", "zh-TW")
    assert (done.code, done.err) == (0, "")
    assert "正常  port.8472.udp.back [connected]" in done.out
    assert "回音也已返回" in done.out
