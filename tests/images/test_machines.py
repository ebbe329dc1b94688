"""Images on their way to another machine: real sshd, sudo and containerd, and all that fails."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from dev.kind.images.transfer import rename
from dev.local.ports import free_port
from mcapp.errors import Exit
from tests.images.calls import LAB, document, images, listed, refused
from tests.support import image_archive
from tests.support.ssh_machine import Machine

pytestmark = pytest.mark.netns


def test_both_machines_get_them_and_again_nothing_is_copied(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = image_archive.saved(tmp_path / "mcapp-images.tar")
    size = (tmp_path / "mcapp-images.tar").stat().st_size
    images(machine, "--to", LAB, "--output", "json")
    assert document(capsys) == {
        "archive": "mcapp-images.tar",
        "images": [{"name": name, "digests": {"amd64": found}} for name, found in ids.items()],
        "machines": [
            {"machine": None, "sent": 0, "imported": list(ids)},
            {"machine": LAB, "sent": size, "imported": list(ids)},
        ],
    }
    assert listed(machine) == listed(machine, "here") == set(ids)
    assert not list(machine.cache().iterdir())
    images(machine, "--to", LAB, "--output", "json")
    assert [(one["sent"], one["imported"]) for one in document(capsys)["machines"]] == [(0, []), (0, [])]
    images(machine, "--to", LAB, "--lang", "zh-TW", lang="zh-TW")
    assert "未複製任何檔案" in capsys.readouterr().out


@pytest.mark.parametrize("archs", [("amd64",), ("amd64", "arm64")])
def test_a_layout_by_the_digest_of_its_manifests(
    archs: tuple[str, ...], machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    targets = image_archive.layout(tmp_path / "a.tar", archs=archs, seed=20)
    for imported in (list(targets), []):
        images(machine, "a.tar", "--to", LAB, "--no-local", "--output", "json")
        assert document(capsys)["machines"][0]["imported"] == imported
    shown = machine.ctr("far", "images", "ls")
    assert all(found in shown for found in targets.values())


def test_what_docker_saves_under_other_names(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As `make images` writes it; Docker itself is not asked."""
    wanted = image_archive.saved_as_layout(tmp_path / "saved.tar", seed=25)
    rename(tmp_path / "saved.tar", tmp_path / "a.tar", wanted)
    images(machine, "a.tar", "--output", "json")
    assert set(document(capsys)["machines"][0]["imported"]) == set(wanted.values())
    assert listed(machine, "here") == set(wanted.values())


def test_another_image_of_the_same_name_is_replaced(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in (30, 40):
        ids = image_archive.saved(tmp_path / "a.tar", seed=seed)
        images(machine, "a.tar", "--output", "json")
        assert document(capsys)["machines"][0]["imported"] == list(ids)


def test_sudo_asks_for_a_password(machine: Machine, tmp_path: Path) -> None:
    image_archive.saved(tmp_path / "a.tar")
    for _ in range(2):
        error = refused(machine, "a.tar", "--to", "asked@127.0.0.1", "--no-local")
        assert error.code is Exit.FAILED
        (line,) = re.findall("import it yourself: `(.*)`", str(error))
        *_, sudo, k3s, ctr, verb, what, file = shlex.split(line)
        assert [sudo, k3s, ctr, verb, what] == ["sudo", "k3s", "ctr", "images", "import"]
        assert Path(file).read_bytes() == (tmp_path / "a.tar").read_bytes()


def test_a_machine_of_another_architecture(machine: Machine, tmp_path: Path) -> None:
    image_archive.saved(tmp_path / "a.tar", arch="s390x")
    error = refused(machine, "a.tar", "--to", LAB, "--no-local")
    assert "nothing for the processor of lab@127.0.0.1 (amd64), only for s390x" in str(error)
    assert error.code is Exit.USAGE


def test_one_that_fails_holds_up_no_other(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = image_archive.saved(tmp_path / "a.tar")
    error = refused(machine, "a.tar", "--to=lab@nowhere.invalid", "--to=asked@127.0.0.1", f"--to={LAB}")
    # The first is said on the way, and the last is the result.
    assert error.code is Exit.FAILED
    assert listed(machine) == set(ids)
    assert "error: The name of lab@nowhere.invalid does not resolve" in capsys.readouterr().err


def test_no_k3s_on_this_machine(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = image_archive.saved(tmp_path / "a.tar")
    monkeypatch.setenv("PATH", os.environ["PATH"].partition(":")[2])
    error = refused(machine, "a.tar")
    assert str(error).startswith("There is no k3s on this machine. Install k3s, name another")
    assert error.code is Exit.UNREACHABLE
    images(machine, "a.tar", "--to", LAB)
    assert "warning: Nothing is imported on this machine." in capsys.readouterr().err
    assert listed(machine) == set(ids)


def other_key(machine: Machine, folder: Path) -> str:
    """Return an ssh that knows another key of the machine."""
    known = folder / "known"
    key = (machine.folder / "key.pub").read_text()
    known.write_text(f"[127.0.0.1]:{machine.port} {key}")
    return machine.ssh().replace(str(machine.folder / "known_hosts"), str(known))


def test_why_ssh_does_not_reach_it(machine: Machine, tmp_path: Path) -> None:
    image_archive.saved(tmp_path / "a.tar")
    usual = machine.ssh()
    cases = [
        (usual, "lab@nowhere.invalid", "does not resolve: .* Give its address"),
        (usual.replace(str(machine.port), str(free_port())), LAB, "does not answer ssh: .*refused. Is it on"),
        (usual, "nobody@127.0.0.1", "does not let you in: .* Give it your key with `ssh-copy-id nobody@127"),
        (usual.replace("known_hosts", "none"), LAB, r"does not know lab@127\.0\.0\.1 yet: .* Log in once"),
        (other_key(machine, tmp_path), LAB, "host key of .* is another one than the last time"),
        ("nossh", LAB, "The program nossh is not there. Install it"),
        ("false", LAB, "lab@127.0.0.1 fails: it said nothing"),
    ]
    for ssh, to, said in cases:
        error = refused(machine, "a.tar", "--to", to, "--no-local", ssh=ssh)
        assert re.search(said, str(error)), (said, str(error))
        assert error.code is (Exit.FAILED if ssh == "false" else Exit.UNREACHABLE)


def test_why_its_containerd_does_not_answer(machine: Machine, tmp_path: Path) -> None:
    image_archive.saved(tmp_path / "a.tar")
    for ctr, said in (
        ("nok3s ctr", f"There is no nok3s on {LAB}. Install k3s there first"),
        ("k3s ctr --address /nowhere", f"k3s ctr --address /nowhere on {LAB} gets no answer from containerd"),
    ):
        error = refused(machine, "a.tar", "--to", LAB, "--no-local", "--ctr", ctr)
        assert str(error).startswith(said)
        assert error.code is Exit.UNREACHABLE
