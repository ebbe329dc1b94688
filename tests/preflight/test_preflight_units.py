"""The tables of preflight that need no second machine: ports, host, firewall rules, frames, commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from mcapp.config import CHART
from mcapp.messages import translate
from mcapp.preflight import commands, firewall, machine, network, peer, ports, protocol
from mcapp.preflight.checks import Outcome, Status
from mcapp.preflight.commands import Machine
from mcapp.preflight.ports import Port, Role
from mcapp.preflight.probes import Probe
from mcapp.preflight.protocol import SIZE, Answer, Request
from tests.support.preflight_machines import PREFLIGHT

RUN, NONCE = "0" * 32, "f" * 32


def preflight(*words: str, site: bool = True) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *([] if site else ["-S", "-E"]), str(PREFLIGHT), *words]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, env=environment)


@pytest.mark.parametrize(
    ("source", "target", "etcd", "expected"),
    [
        ("agent", "server", False, "6443/tcp 10250/tcp 8472/udp"),
        ("server", "agent", False, "10250/tcp 8472/udp"),
        ("agent", "server", True, "6443/tcp 10250/tcp 8472/udp"),
        ("server", "agent", True, "10250/tcp 8472/udp"),
        ("server", "server", True, "6443/tcp 10250/tcp 8472/udp 2379/tcp 2380/tcp"),
    ],
)
def test_required_ports(source: Role, target: Role, etcd: bool, expected: str) -> None:
    assert " ".join(map(str, ports.required(source, target, etcd))) == expected


@pytest.mark.parametrize("port", [*ports.listened(etcd=True)])
def test_every_port_has_a_reason(port: Port) -> None:
    assert port in ports.REASONS


@pytest.mark.parametrize(
    ("role", "etcd"), [("server", False), ("server", True), ("agent", False), ("agent", True)]
)
def test_bound_ports(role: Role, etcd: bool) -> None:
    numbers = {port.number for port in ports.bound(role, etcd)}
    assert {8472, 10250, 30080} <= numbers
    assert (6443 in numbers) == (role == "server")
    assert (2379 in numbers) == (role == "server" and etcd)


# -- frames -------------------------------------------------------------------------------------------


def test_a_request_survives_its_frame() -> None:
    request = Request(RUN, NONCE, "back")
    packed = protocol.pack_request(request)
    assert len(packed) == SIZE
    assert protocol.unpack_request(packed) == request


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"preflight": 1, "run": RUN, "nonce": NONCE},
        {"preflight": 2, "run": RUN, "nonce": NONCE, "ask": "echo"},
        {"preflight": 1, "run": RUN, "nonce": NONCE, "ask": "echo", "more": 1},
        {"preflight": 1, "run": RUN, "nonce": NONCE[1:], "ask": "echo"},
        {"preflight": 1, "run": RUN, "nonce": 7, "ask": "echo"},
        {"preflight": 1, "run": RUN, "nonce": NONCE, "ask": "shell"},
        {"preflight": 1, "run": RUN, "nonce": NONCE, "ask": ["echo"]},
        [],
        None,
    ],
)
def test_no_requests(fields: Any) -> None:
    assert protocol.unpack_request(json.dumps(fields).encode().ljust(SIZE)) is None


@pytest.mark.parametrize("data", [b"", b"[" * SIZE, b"\xff" * SIZE, b" " * SIZE, b"{" * SIZE * 100])
def test_bytes_that_are_nothing(data: bytes) -> None:
    assert protocol.unpack_request(data) is None
    assert protocol.unpack_answer(data) is None


def test_the_longest_answer_is_no_longer_than_a_request() -> None:
    every = tuple(map(str, ports.listened(etcd=True)))
    answer = Answer(NONCE, "h" * 300, 1795470000.1234567, "f" * 80, every, every, "filtered")
    packed = protocol.pack_answer(answer)
    assert len(packed) <= SIZE
    assert protocol.unpack_answer(packed) == answer._replace(host="h" * 64)


@pytest.mark.parametrize(
    "change",
    [{"time": "now"}, {"host": 1}, {"got": "8472/udp"}, {"got": [1]}, {"back": "eaten"}, {"nonce": ""}],
)
def test_no_answers(change: dict[str, object]) -> None:
    sound = json.loads(protocol.pack_answer(Answer(NONCE, "h", 1.0, "none", (), (), "")))
    assert protocol.unpack_answer(json.dumps(sound).encode()) is not None
    assert protocol.unpack_answer(json.dumps(sound | change).encode()) is None


# -- the machine --------------------------------------------------------------------------------------


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


BUILTIN = f"lib/modules/{os.uname().release}/modules.builtin"


@pytest.mark.parametrize(
    ("files", "status", "words"),
    [
        ({"proc/modules": "vxlan 151552 0 - Live 0x0\n"}, "ok", "running kernel"),
        ({"sys/module/vxlan/refcnt": "0"}, "ok", "running kernel"),
        ({BUILTIN: "kernel/drivers/net/vxlan/vxlan.ko\n"}, "ok", "built into"),
        ({"proc/modules": "ip6_vxlan_not 1 0 - Live 0x0\n"}, "fail", "has no module"),
        ({}, "fail", "has no module"),
    ],
)
def test_modules(tmp_path: Path, files: dict[str, str], status: str, words: str) -> None:
    found = {check.id: check for check in machine.modules(tree(tmp_path, files))}
    assert found.keys() == {"module.vxlan", "module.br_netfilter", "module.overlay"}
    vxlan = found["module.vxlan"]
    assert vxlan.status == status
    assert words in translate(vxlan.detail, "en")
    assert (vxlan.remedy is not None) == (status == "fail")


def test_modules_by_their_traces(tmp_path: Path) -> None:
    files = {"proc/filesystems": "nodev\toverlay\n", "proc/sys/net/bridge/bridge-nf-call-iptables": "1"}
    found = {check.id: check.status for check in machine.modules(tree(tmp_path, files))}
    assert found == {"module.vxlan": "fail", "module.br_netfilter": "ok", "module.overlay": "ok"}


V1 = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t1\t1\npids\t1\t1\t1\nmemory\t0\t1\t{}\n"


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ({"sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n"}, "ok"),
        ({"sys/fs/cgroup/cgroup.controllers": "cpuset cpu io pids\n"}, "fail"),
        ({"proc/cgroups": V1.format(1)}, "warn"),
        ({"proc/cgroups": V1.format(0)}, "fail"),
        ({}, "fail"),
    ],
)
def test_cgroups(tmp_path: Path, files: dict[str, str], status: str) -> None:
    assert machine.cgroups(tree(tmp_path, files)).status == status


@pytest.mark.parametrize(
    ("rows", "status"), [("", "ok"), ("/dev/sda2 partition 999 0 -2\n/swap\\040file file 1 0 -3\n", "warn")]
)
def test_swap(tmp_path: Path, rows: str, status: str) -> None:
    assert machine.swap(tree(tmp_path, {"proc/swaps": f"Filename Type Size\n{rows}"})).status == status


@pytest.mark.parametrize(
    ("role", "mib", "cpus", "expected"),
    [
        ("server", 4000, 4, ("ok", "ok")),
        ("server", 1975, 2, ("ok", "ok")),
        ("server", 1000, 1, ("warn", "warn")),
        ("agent", 1000, 1, ("ok", "ok")),
        ("agent", 400, 1, ("warn", "ok")),
    ],
)
def test_memory_and_processors(
    tmp_path: Path, role: Role, mib: int, cpus: int, expected: tuple[str, str]
) -> None:
    root = tree(tmp_path, {"proc/meminfo": f"MemTotal:       {mib * 1024} kB\nMemFree: 1 kB\n"})
    assert (machine.memory(role, root).status, machine.processors(role, cpus).status) == expected


@pytest.mark.parametrize(
    ("total", "free", "status"), [(100, 50, "ok"), (100, 9.5, "warn"), (100, 10.1, "ok"), (20, 4.9, "fail")]
)
def test_disk(total: float, free: float, status: str) -> None:
    found = machine.Space(Path("/"), int(total * machine.GIB), int(free * machine.GIB))
    assert machine.disk(found).status == status


def test_the_disk_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert machine.space(tmp_path / "rancher" / "k3s").folder == tmp_path


def test_the_disk_is_what_the_chart_asks_for() -> None:
    size = yaml.safe_load((CHART / "values.yaml").read_text())["db"]["persistence"]["size"]
    assert size == f"{machine.VOLUME_BYTES // machine.GIB}Gi"


@pytest.mark.parametrize(
    ("own", "other", "status"),
    [
        ("laptop", "lab", "ok"),
        ("laptop", None, "skipped"),
        ("Laptop", "laptop", "fail"),
        ("localhost.localdomain", "lab", "fail"),
        ("my_laptop", "lab", "fail"),
        ("-x", None, "fail"),
    ],
)
def test_hostname(own: str, other: str | None, status: str) -> None:
    assert machine.hostname(own, other).status == status


# -- the network --------------------------------------------------------------------------------------

ROUTES = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT"
WIRED = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0"
WIRELESS = "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0"
HALF = "tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([WIRELESS, WIRED], "eth0"),
        ([WIRELESS], "wlan0"),
        ([HALF], ""),
        ([WIRED.replace("0003", "0002")], ""),
        ([], ""),
    ],
)
def test_the_default_route(rows: list[str], expected: str) -> None:
    assert network.default_interface([ROUTES, *rows]) == expected


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


# -- what the probes mean -----------------------------------------------------------------------------


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


# -- the command line ---------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["--help"], ["server", "--help"], ["listen", "--help"]])
def test_it_runs_on_a_bare_python_and_its_help_has_an_example(words: list[str]) -> None:
    done = preflight(*words, site=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "example:\n  python3 scripts/preflight.py " in done.stdout


def test_it_needs_no_package() -> None:
    done = preflight("server", "--peer", "127.0.0.1", site=False)
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "required"),
        (["agent"], "--peer"),
        (["agent", "--peer", "lab"], "lab is no machine's IPv4 address"),
        (["agent", "--peer", "::1"], "IPv4"),
        (["agent", "--peer", "127.0.0.1"], "no machine's"),
        (["agent", "--peer", "224.0.0.1"], "no machine's"),
        (["listen", "--peer", "0.0.0.0"], "no machine's"),  # noqa: S104
        (["agent", "--peer", "\x1b[2J"], r"\x1b"),
        (["agent", "--peer", "192.0.2.99", "--timeout", "0"], "--timeout must be"),
        (["agent", "--peer", "192.0.2.99", "--timeout", "nan"], "--timeout must be"),
        (["listen", "--seconds", "1e9"], "--seconds must be"),
        (["agent", "--peer", "192.0.2.99", "--print-commands", "--token-file", "/no"], "/no cannot be read"),
        (["agent", "--pee", "192.0.2.99"], "--peer"),
    ],
)
def test_wrong_input_ends_in_a_sentence(words: list[str], said: str) -> None:
    done = preflight(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_errors_are_in_chinese_too() -> None:
    assert "不是機器的 IPv4 位址" in preflight("agent", "--peer", "lab", "--lang", "zh-TW").stderr


# -- the printed commands -----------------------------------------------------------------------------

SERVER, AGENT = Machine("192.168.1.100", "laptop"), Machine("192.168.1.101", "Lab")
JOIN = (
    "curl -sfL https://get.k3s.io | K3S_URL=https://192.168.1.100:6443 K3S_TOKEN='a b' "
    "sh -s - agent --node-ip 192.168.1.101 --node-label role=database"
)


@pytest.mark.parametrize(("role", "here", "there"), [("server", SERVER, AGENT), ("agent", AGENT, SERVER)])
def test_the_commands_are_the_same_from_either_machine(role: Role, here: Machine, there: Machine) -> None:
    printed = [step.command for step in commands.steps(role, here, there, etcd=False, token="a b")]
    assert printed[0] == "curl -sfL https://get.k3s.io | sh -s - server --node-ip 192.168.1.100"
    assert JOIN in printed
    assert "sudo k3s kubectl label node lab role=database --overwrite" in printed
    assert f"scp dist/mcapp-images.tar {there.address}:" in printed
    assert sum("k3s ctr images import" in command for command in printed) == 2
    for command in printed:
        subprocess.run(["sh", "-n", "-c", command], check=True)


def test_a_nameless_agent_is_labelled_by_its_address() -> None:
    printed = [
        step.command for step in commands.steps("server", SERVER, Machine("192.168.1.101"), etcd=False)
    ]
    label = next(command for command in printed if " label node " in command)
    assert '.address=="192.168.1.101")' in label
    subprocess.run(["sh", "-n", "-c", label], check=True)


def test_with_etcd_the_peer_is_a_second_server() -> None:
    printed = [step.command for step in commands.steps("server", SERVER, AGENT, etcd=True)]
    assert printed[0].endswith("server --cluster-init --node-ip 192.168.1.100")
    assert printed[2].endswith("server --server https://192.168.1.100:6443 --node-ip 192.168.1.101")
    assert printed[3].endswith("agent --node-label role=database")
