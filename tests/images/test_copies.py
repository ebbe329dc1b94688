"""A copy that is cut off, damaged, or finds no room: by a real sshd, on a connection as bad as it can be."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dev import ROOT
from mcapp import wait
from mcapp.errors import Exit
from tests.images.calls import LAB, document, images, listed, refused
from tests.support import image_archive, ssh_machine
from tests.support.ssh_machine import Machine

pytestmark = pytest.mark.netns

# Where the slow connection stops, in bytes: past ssh's own greeting, in the midst of the copy.
STOP, LONG = 2_000_000, 6_000_000


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


def test_a_kept_copy(machine: Machine, tmp_path: Path) -> None:
    image_archive.saved(tmp_path / "a.tar")
    images(machine, "a.tar", "--to", LAB, "--no-local", "--keep")
    (copy,) = machine.cache().iterdir()
    assert copy.read_bytes() == (tmp_path / "a.tar").read_bytes()
    assert copy.stat().st_mode & 0o077 == 0
