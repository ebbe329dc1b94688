"""On a k3s server: its kubeconfig and its kubectl, for those who have none of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mcapp import __main__ as tools
from mcapp.errors import Exit, UserError
from mcapp.kube import k3s
from mcapp.kube.kubectl import Kubectl
from mcapp.messages import LANGS, Lang, choose_language


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the kubeconfig of k3s, for a user who has none."""
    made = tmp_path / "k3s.yaml"
    made.write_text("apiVersion: v1\nkind: Config\n")
    monkeypatch.setattr(k3s, "CONFIG", made)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    return made


def test_it_is_used_where_there_is_no_other(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert k3s.kubeconfig("") == str(config)
    assert k3s.kubeconfig("given") == "given"
    monkeypatch.setenv("KUBECONFIG", "other")
    assert k3s.kubeconfig("") == ""
    monkeypatch.delenv("KUBECONFIG")
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").touch()
    assert k3s.kubeconfig("") == ""


def test_no_k3s(config: Path) -> None:
    config.unlink()
    assert k3s.kubeconfig("") == ""
    assert not k3s.is_hidden()


@pytest.mark.parametrize(
    "why",
    [
        "The connection to the server localhost:8080 was refused",
        "error loading config file {config}: open {config}: permission denied",
    ],
)
@pytest.mark.parametrize("lang", LANGS)
def test_it_is_for_root(why: str, lang: Lang, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may read every file.
    monkeypatch.setattr(os, "access", lambda path, mode: mode == os.F_OK and Path(path) == config)
    assert k3s.kubeconfig("") == ""
    choose_language(lang)
    error = Kubectl().unreachable(why.format(config=config))
    assert error.code is Exit.UNREACHABLE
    assert "sudo cat /etc/rancher/k3s/k3s.yaml > ~/.kube/config" in str(error)
    assert str(config) in str(error)
    assert "sudo" not in str(Kubectl(kubeconfig="own").unreachable(why.format(config=config)))


def test_its_kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert k3s.command("kubectl") == "kubectl"
    (tmp_path / "k3s").write_text("#!/bin/sh\n")
    (tmp_path / "k3s").chmod(0o755)
    assert k3s.command("kubectl") == "k3s kubectl"
    assert k3s.command("own") == "own"
    (tmp_path / "kubectl").symlink_to("k3s")
    assert k3s.command("kubectl") == "kubectl"


def test_a_tool_takes_both(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "k3s"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >{tmp_path}/called; exit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    with pytest.raises(UserError):
        tools.call("genvalues", ["--file", "-"])
    assert (tmp_path / "called").read_text().startswith(f"kubectl --kubeconfig={config} ")
