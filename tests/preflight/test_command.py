"""The command line on a bare Python, its errors, and the commands that it prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from dev import ROOT
from mcapp.preflight import commands
from mcapp.preflight.commands import Machine
from mcapp.preflight.ports import Role
from tests.support.preflight_machines import PREFLIGHT


def preflight(*words: str, site: bool = True) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *([] if site else ["-S", "-E"]), str(PREFLIGHT), *words]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, env=environment)


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
        (["agent", "--peer", "lab"], "lab is no machine's IP address"),
        (["agent", "--peer", "::1"], "no machine's"),
        (["agent", "--peer", "[fd00::1]:6443"], "no machine's"),
        (["listen", "--peer", "fe80::1%eth0"], "no machine's"),
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
    assert "不是機器的 IP 位址" in preflight("agent", "--peer", "lab", "--lang", "zh-TW").stderr


def test_arguments_and_help_are_in_chinese_too() -> None:
    assert preflight("agent", "--lang", "zh-TW").stderr == (
        "錯誤：缺少必要的引數：--peer。請見 `python3 scripts/preflight.py agent --help`。\n"
    )
    assert (
        "--timeout 必須是 0.1 到 60 的數字"
        in preflight("agent", "--peer", "192.0.2.9", "--timeout=0", "--lang=zh-TW").stderr
    )
    shown = preflight("agent", "--help", "--lang", "zh-TW", site=False).stdout
    assert shown.startswith("用法：")
    assert not re.search("usage|options|show this|example:|machine", shown)


SERVER, AGENT = Machine("192.168.1.100", "laptop"), Machine("192.168.1.101", "Lab")
JOIN = (
    "curl -sfL https://get.k3s.io | K3S_URL=https://192.168.1.100:6443 K3S_TOKEN='a b' "
    "sh -s - agent --node-ip 192.168.1.101"
)


@pytest.mark.parametrize(("role", "here", "there"), [("server", SERVER, AGENT), ("agent", AGENT, SERVER)])
def test_the_commands_are_the_same_from_either_machine(role: Role, here: Machine, there: Machine) -> None:
    printed = [step.command for step in commands.steps(role, here, there, etcd=False, token="a b")]
    assert printed[0] == "curl -sfL https://get.k3s.io | sh -s - server --node-ip 192.168.1.100"
    token, join, label = printed[1:4]
    assert token == "sudo cat /var/lib/rancher/k3s/server/node-token"
    assert join == JOIN
    assert label == "sudo k3s kubectl label node lab role=database --overwrite"
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


def test_the_readme_gives_the_same_commands() -> None:
    steps = list(commands.steps("server", SERVER, AGENT, etcd=False, token="<token>"))
    for page in ("README.md", "README.zh-TW.md"):
        said = (ROOT / page).read_text()
        assert steps[1].command in said
        assert said.index("server/node-token") < said.index("K3S_TOKEN=") < said.index("label node")
        assert "--node-label" not in said


def test_with_etcd_the_peer_is_a_second_server() -> None:
    printed = [step.command for step in commands.steps("server", SERVER, AGENT, etcd=True)]
    assert printed[0].endswith("server --cluster-init --node-ip 192.168.1.100")
    assert printed[2].endswith("server --server https://192.168.1.100:6443 --node-ip 192.168.1.101")
    assert printed[3].endswith("sh -s - agent")
    assert printed[4] == "sudo k3s kubectl label node NODE-NAME role=database --overwrite"
