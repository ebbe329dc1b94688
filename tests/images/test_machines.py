"""Images on their way to another machine: real sshd, sudo and containerd, and all that fails."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev import ROOT
from dev.local.ports import free_port
from mcapp import __main__ as tools
from mcapp import wait
from mcapp.errors import Exit, UserError
from tests.support import image_archive, ssh_machine
from tests.support.ssh_machine import Machine

pytestmark = pytest.mark.netns

LAB = "lab@127.0.0.1"
# Where the slow connection stops, in bytes: past ssh's own greeting, in the midst of the copy.
STOP, LONG = 2_000_000, 6_000_000


@pytest.fixture(scope="module")
def running() -> Iterator[Machine]:
    with ssh_machine.running() as machine:
        yield machine


@pytest.fixture
def machine(
    running: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Machine:
    """Return the machine without images or copies; this one has a k3s as well."""
    running.use(re.sub("[^a-z0-9]+", "-", request.node.name.lower())[:60].strip("-"))
    for user in ssh_machine.USERS:
        for file in running.cache(user).glob("*"):
            file.unlink()
    monkeypatch.setenv("PATH", f"{running.folder}/bin:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return running


def images(machine: Machine, *words: str, ssh: str = "", lang: str = "en") -> None:
    code = tools.call("images", [*words, "--ssh", ssh or machine.ssh(), "--lang", lang])
    assert code is Exit.OK


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def refused(machine: Machine, *words: str, ssh: str = "") -> UserError:
    with pytest.raises(UserError) as caught:
        images(machine, *words, ssh=ssh)
    return caught.value


def listed(machine: Machine, place: str = "far") -> set[str]:
    return {line.split()[0] for line in machine.ctr(place, "images", "ls").splitlines()[1:]}


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


def test_another_image_of_the_same_name_is_replaced(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in (30, 40):
        ids = image_archive.saved(tmp_path / "a.tar", seed=seed)
        images(machine, "a.tar", "--output", "json")
        assert document(capsys)["machines"][0]["imported"] == list(ids)


def slow(machine: Machine, gate: Path, to: str) -> subprocess.Popen[str]:
    """Start a copy whose connection stops in its midst."""
    script = str(ROOT / "scripts" / "images.py")
    words = ["a.tar", "--to", to, "--no-local", "--lang", "en", "--ssh", machine.slow_ssh(STOP, gate)]
    command = [sys.executable, script, *words]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)


def started(machine: Machine, gate: Path, to: str = LAB) -> subprocess.Popen[str]:
    """Start a copy whose connection stops in its midst; return when it has stopped."""
    process = slow(machine, gate, to)
    size = 0

    def stopped() -> bool:
        nonlocal size
        was, size = size, part(machine, to)
        return was == size > STOP / 2

    assert wait.until(stopped, 20, 0.3)
    return process


def part(machine: Machine, to: str) -> int:
    return sum(file.stat().st_size for file in machine.cache(to.partition("@")[0]).glob("*.part"))


def ended(process: subprocess.Popen[str]) -> str:
    """Wait for the end, and return the error."""
    _, said = process.communicate(timeout=30)
    return said.splitlines()[-1]


def test_a_copy_that_was_killed_goes_on(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = image_archive.saved(tmp_path / "a.tar", size=LONG, seed=50)
    process = started(machine, tmp_path / "gate")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    there, size = part(machine, LAB), (tmp_path / "a.tar").stat().st_size
    assert 0 < there < size
    images(machine, "a.tar", "--to", LAB, "--no-local", "--output", "json")
    shown = capsys.readouterr()
    assert json.loads(shown.out)["machines"] == [
        {"machine": LAB, "sent": size - there, "imported": list(ids)}
    ]
    assert f"Copying the rest of a.tar to {LAB}" in shown.err
    assert listed(machine) == set(ids)


def test_a_connection_that_breaks(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image_archive.saved(tmp_path / "a.tar", size=LONG, seed=60)
    process = started(machine, tmp_path / "gate")
    (tmp_path / "gate.cut").touch()
    assert re.match(f"error: The connection to {LAB} broke: .*Run the same command again", ended(process))
    assert process.returncode == Exit.UNREACHABLE
    there = part(machine, LAB)
    images(machine, "a.tar", "--to", LAB, "--no-local", "--output", "json")
    assert document(capsys)["machines"][0]["sent"] == (tmp_path / "a.tar").stat().st_size - there


def test_a_part_that_is_damaged_is_copied_anew(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = image_archive.saved(tmp_path / "a.tar", size=LONG, seed=70)
    process = started(machine, tmp_path / "gate")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    damage(machine)
    images(machine, "a.tar", "--to", LAB, "--no-local", "--output", "json")
    shown = capsys.readouterr()
    assert json.loads(shown.out)["machines"][0]["sent"] == (tmp_path / "a.tar").stat().st_size
    assert "is not the beginning of this archive" in shown.err
    assert listed(machine) == set(ids)


def damage(machine: Machine) -> None:
    (file,) = machine.cache().glob("*.part")
    with file.open("r+b") as stream:
        stream.seek(1000)
        stream.write(b"damaged")


def test_a_copy_that_is_damaged_on_its_way(machine: Machine, tmp_path: Path) -> None:
    image_archive.saved(tmp_path / "a.tar", size=LONG, seed=80)
    process = started(machine, tmp_path / "gate")
    damage(machine)
    (tmp_path / "gate").touch()
    assert ended(process).startswith(f"error: The copy on {LAB} is not what was sent")
    assert process.returncode == Exit.FAILED
    assert not list(machine.cache().iterdir())
    assert not listed(machine)


def test_a_disk_without_room(machine: Machine, tmp_path: Path) -> None:
    image_archive.saved(tmp_path / "a.tar", size=2 * ssh_machine.SMALL_MIB * 2**20)
    error = refused(machine, "a.tar", "--to", "small@127.0.0.1", "--no-local")
    assert re.search(r"has [78] MB free, and 17 MB are needed\. Make room there", str(error))
    assert error.code is Exit.FAILED


def test_a_disk_that_fills_up(machine: Machine, tmp_path: Path) -> None:
    small = "small@127.0.0.1"
    image_archive.saved(tmp_path / "a.tar", size=LONG, seed=90)
    # Its home is seen inside of its own namespace only.
    ssh = [*shlex.split(machine.ssh()), small]
    process = slow(machine, tmp_path / "gate", small)
    begun = [*ssh, "test $(du -k .cache | tail -n 1 | cut -f 1) -gt 1000"]
    assert wait.until(lambda: subprocess.run(begun, capture_output=True, check=False).returncode == 0, 20)
    subprocess.run([*ssh, "head -c 10000000 /dev/zero >fill || true"], capture_output=True, check=True)
    (tmp_path / "gate").touch()
    said = ended(process)
    subprocess.run([*ssh, "rm fill"], check=True)
    assert re.match(f"error: The disk of {small} is full: .*No space left on device. Make room", said)
    assert process.returncode == Exit.FAILED


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


def test_a_kept_copy(machine: Machine, tmp_path: Path) -> None:
    image_archive.saved(tmp_path / "a.tar")
    images(machine, "a.tar", "--to", LAB, "--no-local", "--keep")
    (copy,) = machine.cache().iterdir()
    assert copy.read_bytes() == (tmp_path / "a.tar").read_bytes()
    assert copy.stat().st_mode & 0o077 == 0
