"""What is called as kubectl or helm and is something else, or is not there: a sentence, and exit code 3."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from mcapp import __main__ as tools
from mcapp.backup.shell import PodShell, ShellError
from mcapp.errors import Exit, UserError
from mcapp.kube import words
from mcapp.kube.kubectl import Kubectl
from mcapp.messages import LANGS, Text
from mcapp.shell import TOOLS

COMMANDS = {
    "doctor": (),
    "genvalues": ("--file", "-"),
    "create": ("create",),
    "rescue": ("rescue",),
    "move": ("--back",),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with programs that are no kubectl, and a helm that knows the release."""
    scripts = {
        "hello": "echo Hello; echo more",
        "silent": ":",
        "list": "echo '[]'",
        "odd": """echo '{"items": [1]}'""",
        "bare": """echo '{"items": [{}]}'""",
        "bytes": r"printf '\377\376'",
        "deep": "head -c 100000 /dev/zero | tr '\\0' '['",
        "false": "exit 1",
        "dots": "echo ... >&2; exit 4",
        "helm": "echo '{}'",
    }
    for name, line in scripts.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
    (tmp_path / "text").write_bytes(b"\x00no program")
    for path in tmp_path.iterdir():
        path.chmod(0o755)
    (tmp_path / "plain").write_text("no program")
    return tmp_path


def refused(tool: str, *arguments: str) -> UserError:
    name = tool if tool in TOOLS else "backup"
    with pytest.raises(UserError) as caught:
        tools.load(name).main([*COMMANDS[tool], *arguments])
    return caught.value


def said(error: UserError) -> Text:
    assert isinstance(error.problem, Text)
    return error.problem


KUBECTLS = {
    "hello": words.KUBE_ANSWER,
    "silent": words.KUBE_NOTHING,
    "list": words.KUBE_ANSWER,
    "odd": words.KUBE_ANSWER,
    "bytes": words.KUBE_ANSWER,
    "deep": words.KUBE_ANSWER,
    "false": words.KUBE_MUTE,
    "text": words.PROGRAM_UNUSABLE,
    "plain": words.PROGRAM_UNUSABLE,
    "none": words.KUBE_MISSING,
}


@pytest.mark.parametrize("tool", COMMANDS)
@pytest.mark.parametrize("program", KUBECTLS)
def test_no_kubectl(tool: str, program: str, folder: Path) -> None:
    helm = ("--helm", str(folder / "helm")) if tool == "move" else ()
    error = refused(tool, "--kubectl", str(folder / program), *helm)
    assert said(error).words == KUBECTLS[program]
    assert error.code is Exit.UNREACHABLE
    assert str(folder / program) in str(error)


@pytest.mark.parametrize("tool", ["create", "rescue", "move"])
def test_objects_without_a_name(tool: str, folder: Path) -> None:
    helm = ("--helm", str(folder / "helm")) if tool == "move" else ()
    error = refused(tool, "--kubectl", str(folder / "bare"), *helm)
    assert said(error).words == words.KUBE_ANSWER


@pytest.mark.parametrize("lang", LANGS)
def test_a_reason_is_never_empty(lang: str, folder: Path) -> None:
    assert "1" in str(refused("doctor", "--kubectl", str(folder / "false"), "--lang", lang))
    assert "4" in str(refused("doctor", "--kubectl", str(folder / "dots"), "--lang", lang))


def test_a_pod_s_program_that_says_nothing(folder: Path) -> None:
    pod = PodShell("", {}, Kubectl(str(folder / "false")), "lab", "db-0", "postgres")
    with pytest.raises(ShellError) as caught:
        pod.run("true")
    assert caught.value.said == words.SAID_NOTHING(code=1)


HELMS: dict[str, tuple[Sequence[str], Exit]] = {
    "none": (("The program", "is not there"), Exit.UNREACHABLE),
    "plain": (("cannot be started",), Exit.UNREACHABLE),
    "text": (("cannot be started",), Exit.UNREACHABLE),
    "hello": (("does not answer as helm does", "Hello"), Exit.UNREACHABLE),
    "silent": (("does not answer as helm does", "said nothing"), Exit.UNREACHABLE),
    "false": (("helm get failed: exit code 1, and it said nothing",), Exit.FAILED),
}


@pytest.mark.parametrize("program", HELMS)
def test_no_helm(program: str, folder: Path) -> None:
    parts, code = HELMS[program]
    error = refused("move", "--helm", str(folder / program), "--lang", "en")
    assert all(part in str(error) for part in parts), str(error)
    assert error.code is code
