"""move in Traditional Chinese: an error, a refusal and the plan. No cluster is needed."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator

import pytest

from dev import ROOT
from mcapp.errors import Exit, UserError
from mcapp.messages import choose_language
from mcapp.move import report, target
from mcapp.move.state import Move
from tests.move.test_target import MULTI, cluster, deployed


@pytest.fixture
def _chinese() -> Iterator[None]:
    choose_language("zh-TW")
    yield
    choose_language(None)


def test_an_error() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "movedb.py"), "--to", "multi", "--lang", "zh-TW"]
    done = subprocess.run([*command, "--helm", "/nowhere"], capture_output=True, text=True, check=False)
    assert done.returncode == Exit.UNREACHABLE
    assert done.stderr.startswith("錯誤：找不到程式 /nowhere。")


@pytest.mark.usefixtures("_chinese")
def test_a_refusal() -> None:
    with pytest.raises(UserError, match="沒有節點 attic。節點：full、lab、laptop、spare"):
        target.choose(deployed(MULTI), cluster("lab"), "attic", "lab")


@pytest.mark.usefixtures("_chinese")
def test_the_plan(capsys: pytest.CaptureFixture[str]) -> None:
    move = Move("multi", "multi", "laptop", "lab", "pvc-1", done=("prepare",))
    report.plan(move, argparse.Namespace(release="mcapp", namespace="lab", output="text"))
    shown = capsys.readouterr().out
    assert "命名空間 lab 的 release mcapp，拓撲 single → multi" in shown
    assert "  1 完成 準備         在 lab 建立磁碟區" in shown
    assert "  3      複製         以 pg_basebackup 從 laptop 複製到 lab" in shown
