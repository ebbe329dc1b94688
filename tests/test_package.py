"""`pip install .`: the wheel, and the one command that it gives, in an environment of their own."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from dev import ROOT
from dev.local.kube_objects import CONTROL_PLANE, DATABASE, listing, node
from mcapp.__main__ import purpose
from mcapp.config import CHART
from mcapp.shell import TOOLS

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
NODES = listing(
    node("laptop", "192.168.1.10", labels=CONTROL_PLANE), node("lab", "192.168.1.20", labels=DATABASE)
)
# The sum of https://www.apache.org/licenses/LICENSE-2.0.txt.
APACHE_2 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
# A kubectl that reaches a cluster where nothing is.
NOTHING_INSTALLED = """#!/bin/sh
case "$*" in
*" get namespace "*) echo 'Error from server (NotFound): namespaces "mcapp" not found' >&2; exit 1 ;;
*) echo '{"apiVersion": "v1", "kind": "List", "items": []}' ;;
esac
"""
Mcapp = Callable[..., subprocess.CompletedProcess[str]]


def _pip(*words: str | Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with the hatchling of the dev group."""
    folder = tmp_path_factory.mktemp("wheel")
    _pip("wheel", "--quiet", "--no-build-isolation", "--no-deps", "--wheel-dir", folder, ROOT)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel and what it asks for into an empty environment; return its folder of commands."""
    folder = tmp_path_factory.mktemp("empty")
    pins = folder / "pins.txt"
    pins.write_text("".join(f"{name}=={version(name)}\n" for name in ("PyYAML", "jsonschema", "argcomplete")))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    _pip("--python", python, "install", "--quiet", "--constraint", pins, f"{wheel}[completion]")
    return python.parent


@pytest.fixture
def mcapp(environment: Path, tmp_path: Path) -> Mcapp:
    """Call `mcapp` in a folder that is no checkout."""

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        command = [str(environment / "mcapp"), *words]
        own = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        return subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, text=True, check=False)

    return call


def _tracked(folder: str) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT / folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return {name for name in listed.stdout.splitlines() if (ROOT / folder / name).is_file()}


def test_the_wheel_holds_the_tools_and_the_chart_and_nothing_else(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    expected = {f"mcapp/{name}" for name in _tracked("scripts/mcapp")}
    expected |= {f"mcapp/chart/{name}" for name in _tracked("chart/mcapp")}
    assert names == expected
    assert {"mcapp/chart/values.schema.json", "mcapp/chart/files/db/init.sql"} <= names


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_explains_itself_under_its_own_name(mcapp: Mcapp, tool: str) -> None:
    done = mcapp(tool, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: mcapp {tool} ")
    assert f"example:\n  mcapp {tool} " in done.stdout


def test_help_lists_every_tool(mcapp: Mcapp) -> None:
    done = mcapp("--help")
    assert (done.returncode, done.stderr) == (0, "")
    shown = " ".join(done.stdout.split())
    for tool in TOOLS:
        assert f" {tool} {purpose(tool)} " in shown


def test_its_version_is_the_chart_s(mcapp: Mcapp) -> None:
    assert mcapp("--version").stdout == f"mcapp {VERSION}\n"
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["version"] == VERSION


def test_an_unknown_tool_ends_in_a_sentence(mcapp: Mcapp) -> None:
    done = mcapp("doktor")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: There is no tool doktor. The tools are {', '.join(TOOLS)}.\n"
    assert mcapp().returncode == 2


def test_genvalues_writes_what_the_checkout_s_script_writes(mcapp: Mcapp, tmp_path: Path) -> None:
    (tmp_path / "nodes.json").write_text(json.dumps(NODES))
    done = mcapp("genvalues", "--nodes-file", "nodes.json", "--file", "installed.yaml")
    assert done.returncode == 0, done.stderr
    script = [sys.executable, str(ROOT / "scripts" / "genvalues.py")]
    subprocess.run(
        [*script, "--nodes-file", "nodes.json", "--file", "checkout.yaml", "--lang", "en"],
        cwd=tmp_path,
        check=True,
    )
    assert (tmp_path / "installed.yaml").read_bytes() == (tmp_path / "checkout.yaml").read_bytes()


@pytest.mark.parametrize("lang", ["en", "zh-TW"])
def test_its_sentences_name_the_chart_that_it_carries(mcapp: Mcapp, tmp_path: Path, lang: str) -> None:
    (tmp_path / "nodes.json").write_text(json.dumps(NODES))
    done = mcapp("genvalues", "--nodes-file", "nodes.json", "--set", "api.replicas=many", "--lang", lang)
    assert done.returncode == 2
    (schema,) = re.findall(r"/\S+/values\.schema\.json", done.stderr)
    assert json.loads(Path(schema).read_text())["$schema"]


def test_helm_takes_the_chart_of_a_remedy(mcapp: Mcapp, tmp_path: Path) -> None:
    """What the doctor tells to run where no release is installed."""
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(NOTHING_INSTALLED)
    kubectl.chmod(0o755)
    done = mcapp("doctor", "--kubectl", str(kubectl), "--output", "json", "--settle", "0")
    (line,) = [step["command"] for step in json.loads(done.stdout)["commands"]]
    write, install = line.split(" && ")
    (tmp_path / "nodes.json").write_text(json.dumps(NODES))
    typed = [*shlex.split(write), "--nodes-file", "nodes.json"]
    assert mcapp(*typed[1:]).returncode == 0
    words = shlex.split(install)
    assert words[:3] == ["helm", "upgrade", "--install"]
    rendered = ["helm", "template", words[3], words[4], "-n", "mcapp", "-f", "values.yaml"]
    done = subprocess.run(rendered, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "kind: StatefulSet" in done.stdout


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("mcapp ", {*TOOLS, "--help", "--version"}),
        ("mcapp doc", {"doctor"}),
        ("mcapp doctor --kube", {"--kubeconfig", "--kubectl"}),
        ("mcapp genvalues --topology ", {"auto", "single", "multi"}),
        ("mcapp backup re", {"restore", "rescue"}),
        ("mcapp move --to ", {"multi", "single", "ha", "standalone"}),
        ("mcapp move --to lab", set()),
        ("mcapp genvalues --output ", {"text", "json"}),
        ("mcapp genvalues --db-node ", set()),
        ("mcapp genvalues --file l", {"lab.yaml"}),
        ("mcapp images l", {"lab.yaml"}),
        ("mcapp images --to ", set()),
        ("mcapp up --no", {"--no-test"}),
    ],
)
def test_bash_completes(environment: Path, tmp_path: Path, typed: str, completed: set[str]) -> None:
    """As bash does: by the function that register-python-argcomplete defines, where a file is at hand."""
    (tmp_path / "lab.yaml").touch()
    words = typed.split(" ")
    script = f"""
        eval "$(register-python-argcomplete --no-defaults mcapp)"
        COMP_LINE='{typed}' COMP_POINT={len(typed)} COMP_TYPE=9
        _python_argcomplete mcapp '{words[-1]}' '{words[-2]}'
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    own = {"PATH": f"{environment}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=own, capture_output=True, text=True, check=True
    )
    assert {word.strip() for word in done.stdout.splitlines()} - {"-h", ""} == completed


@pytest.fixture
def kubectl(environment: Path, tmp_path: Path) -> Mcapp:
    """Call kubectl where the package is installed."""

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        own = {"PATH": f"{environment}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "HOME": str(tmp_path)}
        command = ["kubectl", *words]
        return subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, text=True, check=False)

    return call


def test_it_is_a_plugin_of_kubectl(kubectl: Mcapp) -> None:
    assert kubectl("mcapp", "--version").stdout == f"mcapp {VERSION}\n"
    shown = kubectl("mcapp", "--help").stdout
    assert shown.startswith("usage: kubectl mcapp ")
    assert "example:\n  kubectl mcapp doctor --help" in shown
    done = kubectl("mcapp", "doctor", "--help")
    assert done.stdout.startswith("usage: kubectl mcapp doctor ")
    assert "example:\n  kubectl mcapp doctor -n mcapp\n" in done.stdout
    done = kubectl("mcapp", "doctor", "--settle", "x", "--lang", "en")
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        (("",), {*TOOLS, "--help", "--version"}),
        (("doc",), {"doctor"}),
        (("doctor", "--kube"), {"--kubeconfig", "--kubectl"}),
        (("genvalues", "--topology", ""), {"auto", "single", "multi"}),
        (("genvalues", "--topology", "s"), {"single"}),
        (("genvalues", "--file", "l"), {"lab.yaml"}),
        (("move", "--to", "lab"), set()),
    ],
)
def test_kubectl_completes_it(
    kubectl: Mcapp, tmp_path: Path, typed: tuple[str, ...], completed: set[str]
) -> None:
    """By the program kubectl_complete-mcapp; the last line asks the shell for no files."""
    (tmp_path / "lab.yaml").touch()
    done = kubectl("__complete", "mcapp", *typed)
    *found, directive = done.stdout.splitlines()
    assert {word.strip() for word in found} - {"-h"} == completed
    assert directive == ":4"


def test_help_says_how_to_complete(mcapp: Mcapp) -> None:
    assert 'eval "$(register-python-argcomplete --no-defaults mcapp)"' in mcapp("--help").stdout


def test_the_license_is_in_the_wheel_and_in_the_chart(wheel: Path) -> None:
    """The text of apache.org, to the byte."""
    text = (ROOT / "LICENSE").read_bytes()
    assert hashlib.sha256(text).hexdigest() == APACHE_2
    archive = zipfile.ZipFile(wheel)
    (own,) = [name for name in archive.namelist() if name.endswith(".dist-info/licenses/LICENSE")]
    assert archive.read(own) == archive.read("mcapp/chart/LICENSE") == text


def test_only_the_tool_that_is_called_is_imported() -> None:
    """From a checkout, by a Python with nothing but its standard library."""
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-X", "importtime", "-m", "mcapp", "preflight", "--help"],
        cwd=ROOT / "scripts",
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "mcapp.preflight.listener" in imported
    others = tuple(f"mcapp.{tool}" for tool in TOOLS if tool != "preflight")
    assert not [name for name in imported if name.startswith((*others, "mcapp.kube", "yaml"))]
