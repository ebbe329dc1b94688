"""The CronJob's script against a real PostgreSQL: its backups are those of scripts/backup.py."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcapp.backup import manifest, restore
from mcapp.backup.folder import Folder
from mcapp.backup.server import Server
from mcapp.config import CHART

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
SCRIPT = (CHART / "files" / "backup" / "backup.sh").read_text()


@pytest.fixture
def volume() -> Iterator[Path]:
    """Return a folder that every user can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="mcapp-volume-") as made:
        Path(made).chmod(0o777)
        yield Path(made)


def test_the_chart_s_script_makes_lists_and_forgets(server: Server, volume: Path) -> None:
    """The CronJob's script makes backups that scripts/backup.py verifies."""
    postgres = server.shell.postgres  # type: ignore[attr-defined]
    given = {
        **{"BACKUPS": str(volume), "SCRIPTS": str(CHART / "files/backup"), "KEEP": "2", "RELEASE": "mcapp"},
        **{"NAMESPACE": "lab", "CHART_VERSION": "0.2.0", "APP_VERSION": "0.2.0", "PGUSER": "postgres"},
    }

    def script(word: str, **more: str) -> subprocess.CompletedProcess[bytes]:
        run = f"set -- {word}\n{SCRIPT}"
        password = {"PGPASSWORD": postgres.superuser_password}
        done: subprocess.CompletedProcess[bytes] = postgres.script(run, **{**given, **password, **more})
        return done

    # Two old ones, one of a clock that was ahead, and a folder that is no backup and does not count as one.
    ahead, none = "mcapp-29990101T000000Z", "mcapp-29990102T000000Z"
    for old in ("mcapp-20200101T000000Z", "mcapp-20200102T000000Z", ahead, none, ".partial"):
        (volume / old).mkdir()
        (volume / old).chmod(0o777)
        if old != none:
            (volume / old / "SHA256SUMS").touch()
    made = script("create")
    assert made.returncode == 0, made.stderr.decode()
    assert made.stdout.count(b"Removed mcapp-2020010") == 2
    failed = script("create", PGPASSWORD="wrong")
    assert failed.returncode
    broken = script("create", PGPASSWORD=f"{postgres.superuser_password}\n", PASSWORD_KEY="root")
    assert broken.returncode == 1
    assert b"the Secret's key root holds a line break" in broken.stderr
    new = made.stdout.decode().removeprefix("Made ").split(",")[0]
    assert sorted(path.name for path in volume.iterdir()) == [".lock", new, ahead, none]
    (volume / ahead / "SHA256SUMS").unlink()
    (line,) = script("list").stdout.splitlines()
    size, _, document = line.partition(b" ")
    name = manifest.read(document, "").name
    (found,) = Folder(volume).list()
    assert (found.manifest.name, found.size) == (name, int(size))
    assert restore.verify(Folder(volume), name, server).differences == []
