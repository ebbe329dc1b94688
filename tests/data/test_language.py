"""backup in Traditional Chinese: an error and a refusal. No database is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dev import ROOT
from mcapp.errors import Exit

LANGUAGE = {
    "by option": (["--lang", "zh-TW"], "C.UTF-8"),
    "by locale": ([], "zh_TW.UTF-8"),
    "the option goes first": (["--lang", "zh-TW"], "en_US.UTF-8"),
}


def backup(*arguments: str, locale: str = "C.UTF-8") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "backup.py"), *arguments]
    environment = {**os.environ, "LC_ALL": locale}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("how", LANGUAGE)
def test_an_error(how: str) -> None:
    options, locale = LANGUAGE[how]
    done = backup("create", "--kubectl", "/nowhere", *options, locale=locale)
    assert done.returncode == Exit.UNREACHABLE
    assert done.stderr.startswith("錯誤：找不到程式 /nowhere。")


def test_a_refusal(tmp_path: Path) -> None:
    """A backup of a later format is left out of the list, with a warning."""
    later = tmp_path / "mcapp-20260101T000000Z"
    later.mkdir()
    (later / "archive.dump").touch()
    (later / "SHA256SUMS").touch()
    (later / "manifest.json").write_text('{"format": 9}')
    done = backup("list", "--folder", str(tmp_path), "--lang", "zh-TW")
    assert done.returncode == Exit.OK
    assert done.stderr == (
        "警告：拒絕使用備份 mcapp-20260101T000000Z：其格式為 9，而此版本最多支援 1。沒有變更任何資料。\n"
    )
    assert done.stdout == "這裡沒有備份。\n"
