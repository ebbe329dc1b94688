"""Every command that a tool tells its user to run is parsed by a shell, and by the program that it calls."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from string import Formatter

import pytest

from dev import ROOT
from mcapp import __main__ as tools
from mcapp import cli
from mcapp.doctor import cli as doctor
from mcapp.messages import LANGS, Part, Text, translate
from mcapp.preflight.firewall import COMMANDED, opening
from mcapp.preflight.ports import VXLAN
from mcapp.shell import TOOLS, Shell, called, joined
from tests.support.doctor_recording import FIXTURES, load, replay
from tests.test_words import SENTENCES

# What fills the parts of commands; a list must become several words, and a word with a blank must stay one.
SAMPLES: dict[str, Part] = {
    "node": "lab-1",
    "label": "kubernetes.io/hostname=lab-1",
    "labels": ["role=database", "tier=db", "a=1", "b=2", "c=3", "d=4", "e=5"],
    "taints": ["gpu=yes:NoSchedule-", "dedicated:NoExecute-"],
    "options": ["--set", 'db.tolerations=[{"key": "gpu", "operator": "Exists"}]', "--set", "api.replicas=1"],
    "namespace": "lab",
    "release": "blue",
    "topology": "multi",
    "database": "mcapp_20261124t030000z",
    "claim": "backup-pvc",
    "volume": "pvc-1",
    "source": "fd00::1",
    "free": 30081,
    "pid": 4711,
    "program": Shell("mcapp doctor"),
    "flag": "--tcp",
    "number": 6443,
    "machine": "user@lab",
    "package": "linux-modules-extra-6.1.0",
    "listen": Shell("listen --backend wireguard-native"),
    "flags": ["--node-ip", "fd00::1", "--flannel-iface", "eth0"],
    "command": joined(["kubectl", "label", "node", "a b", "role=database", "--context=x"]),
    "commands": Shell("; ".join(opening("iptables", VXLAN, source) for source in ("10.0.0.1", "fd00::1"))),
    **{kind: opening(kind, VXLAN, "10.0.0.1") for kind in COMMANDED},
}
# What stands in back-quotes and is no command: settings of the kernel, and a level of Pod Security.
SETTINGS = {
    "cgroup_memory=1 cgroup_enable=memory",
    "systemd.unified_cgroup_hierarchy=1",
    "restricted",
}
# Flags of k3s, in the sentences of preflight.
K3S = {"--disable", "--node-ip", "--flannel-iface"}
# Of these the shell's own parser is all that is asked. The tests of preflight run what they say of firewalls.
OTHERS = {
    *(
        "apt",
        "cat",
        "chmod",
        "crictl",
        "curl",
        "df",
        "docker",
        "du",
        "firewall-cmd",
        "grep",
        "hostnamectl",
        "ip",
        "jq",
        "make",
        "mkdir",
    ),
    *(
        "ip6tables",
        "iptables",
        "iptables-save",
        "journalctl",
        "k3s",
        "kill",
        "kind",
        "nft",
        "pip",
        "scp",
        "sort",
        "ssh",
        "ssh-copy-id",
    ),
    *("ss", "swapoff", "systemctl", "tail", "timedatectl", "ufw"),
}
REFUSED = "refused|unreachable"


def spans(text: str) -> list[str]:
    """Return what stands in back-quotes."""
    return re.findall("`([^`]*)`", text)


def filled(key: str, lang: str) -> list[str]:
    """Return a sentence's commands with their parts filled."""
    words = SENTENCES[key]
    inside = {name for span in spans(words.en) for _, name, _, _ in Formatter().parse(span) if name}
    every = {name for _, name, _, _ in Formatter().parse(words.en) if name}
    parts = {name: SAMPLES[name] for name in inside if name not in (*TOOLS, "chart")}
    others = dict.fromkeys(every - inside, "x")
    return spans(translate(Text(words, {**others, **parts}), "en" if lang == "en" else "zh-TW"))


def simple(line: str) -> Iterator[list[str]]:
    """Yield the simple commands of a line, without redirections and `sudo`."""
    parser = shlex.shlex(line, posix=True, punctuation_chars=True)
    parser.whitespace_split = True
    command: list[str] = []
    tokens = iter([*parser, ";"])
    for token in tokens:
        if token in (">", "<"):
            next(tokens)
        elif set(token) <= set("|&;"):
            yield command[1:] if command[:1] == ["sudo"] else command
            command = []
        else:
            command.append(token)


def own(tool: str, arguments: list[str]) -> None:
    """Have a tool's own parser read its arguments; UserError where it refuses them, SystemExit by --help."""
    made = tools.load(tool)
    options = cli.parser(made.called, "", "")
    made.add_options(options)
    with suppress(SystemExit):
        options.parse_args(arguments)


# What a program said, by the form of the command: its subcommands and flags.
ANSWERS: dict[tuple[str, ...], str] = {}


def answered(command: list[str], folder: Path) -> str:
    """Return what kubectl or helm says where no cluster answers: it parses all before it asks."""
    form = tuple(word.partition("=")[0] for word in command if re.match("-|[a-z]+$", word))
    if form not in ANSWERS:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        ANSWERS[form] = done.stderr
    return ANSWERS[form]


def understood(command: list[str], tool: str, folder: Path) -> None:
    """Have the program of a simple command read its arguments."""
    if command[:2] == ["k3s", "kubectl"]:
        command = command[1:]
    program, *arguments = command
    if program.startswith("--"):
        if program not in K3S:
            own(tool, command)
    elif program == "mcapp":
        own(arguments[0], arguments[1:])
    elif program == "python3":
        scripts = {called(name).split()[1]: name for name in TOOLS}
        own(scripts[arguments[0]], arguments[1:])
    elif program in ("kubectl", "helm"):
        said = answered(command, folder)
        assert re.search(REFUSED, said), f"{shlex.join(command)}: {said}"
    else:
        assert program in OTHERS, f"no such program is known: {program}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the chart and a values file. kubectl and helm are led to where nothing listens."""
    (tmp_path / "chart").symlink_to(ROOT / "chart")
    (tmp_path / "values.yaml").touch()
    config = tmp_path / "config"
    config.write_text(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: x\n  cluster: {server: 'http://127.0.0.1:1'}\n"
        "contexts:\n- name: x\n  context: {cluster: x, user: x}\nusers:\n- name: x\n  user: {}\n"
        "current-context: x\n"
    )
    monkeypatch.setenv("KUBECONFIG", str(config))
    return tmp_path


WITH_COMMANDS = sorted(key for key, words in SENTENCES.items() if "`" in words.en)


def tool_of(key: str) -> str:
    return next((name for name in TOOLS if key.startswith(f"mcapp.{name}.")), "genvalues")


def test_a_shell_parses_every_command() -> None:
    lines = [line for key in WITH_COMMANDS for lang in LANGS for line in filled(key, lang)]
    assert len(lines) > 40
    done = subprocess.run(["bash", "-n"], input="\n".join(lines), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("key", WITH_COMMANDS)
def test_its_program_parses_each_command(key: str, folder: Path) -> None:
    told = filled(key, "en")
    assert sorted(told) == sorted(filled(key, "zh-TW")), "both languages say the same commands"
    for line in told:
        if line not in SETTINGS:
            for command in simple(line):
                understood(command, tool_of(key), folder)


# The title of a step, not a command to type.
TITLES = {"mcapp.move.words.STEP_UPGRADE"}


@pytest.mark.parametrize("key", sorted(SENTENCES.keys() - TITLES))
def test_no_command_stands_outside_of_back_quotes(key: str) -> None:
    verbs = (
        "get|describe|label|taint|uncordon|delete|logs|exec|scale|patch|rollout|list|history|rollback|upgrade"
    )
    bare = rf"\bsudo [a-z]|\b(kubectl|helm) ({verbs}) [a-z{{-]|\b\w+\.py\b"
    for sentence in SENTENCES[key]:
        outside = "".join(sentence.split("`")[::2])
        assert not re.search(bare, outside)


def test_a_list_for_a_command_is_no_list_for_a_reader() -> None:
    words = SENTENCES["mcapp.genvalues.words.MULTI_NONE_REMEDY"]
    for lang in LANGS:
        hostile = translate(words(node="a b; reboot", labels=["role=database", "tier=$(reboot)"]), lang)
        (line,) = spans(hostile)
        assert shlex.split(line) == [
            *("kubectl", "label", "node", "a b; reboot", "role=database", "tier=$(reboot)"),
        ]


def parsers(made: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield a parser and those of its subcommands."""
    yield made
    for action in made._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from parsers(below)


@pytest.mark.parametrize("tool", TOOLS)
def test_the_commands_in_the_help(tool: str, folder: Path) -> None:
    made = tools.load(tool)
    options = cli.parser(made.called, "", f"{made.called} {made.example}")
    made.add_options(options)
    examples = [
        found[1] for each in parsers(options) if (found := re.search("example:\n  (.+)", each.epilog or ""))
    ]
    assert examples
    helped = [action.help or "" for each in parsers(options) for action in each._actions]
    quoted = [span for text in helped for span in spans(text) if " " in span]
    for line in [*examples, *quoted]:
        for command in simple(line):
            understood(command, tool, folder)


RECORDED = sorted(path.parent.name for path in FIXTURES.glob("*/recording.json"))


@pytest.mark.parametrize("name", RECORDED)
def test_the_doctor_s_commands(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "Reader", lambda *_: replay(load(name)))
    doctor.TOOL.main(["--settle", "0", "--output", "json"])
    lines = [step["command"] for step in json.loads(capsys.readouterr().out)["commands"]]
    done = subprocess.run(["bash", "-n"], input="\n".join(lines), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for line in lines:
        for command in simple(line):
            understood(command, "doctor", folder)
