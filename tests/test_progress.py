"""Pieces of work at the same time: their lines name them, and one that fails ends the others."""

from __future__ import annotations

import threading
import time

import pytest

from dev.kind.process import logged, together
from mcapp.errors import FailedError, UserError
from mcapp.progress import step


def test_a_line_names_its_step_where_another_step_said_the_last_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    inner_is_done = threading.Event()

    def outer() -> None:
        with step("Building one"):
            inner_is_done.wait(10)

    first = threading.Thread(target=outer)
    first.start()
    while "Building one" not in (said := capsys.readouterr().err):
        assert first.is_alive()
    with step("Building two"):
        pass
    inner_is_done.set()
    first.join()
    said += capsys.readouterr().err
    assert [line.split(" in ")[0] for line in said.splitlines()] == [
        "==> Building one",
        "==> Building two",
        "    done",
        "    done",
    ]
    assert [line.partition(" s")[2] for line in said.splitlines()[2:]] == ["", ": Building one"]


def test_work_that_fails_ends_what_the_others_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("MCAPP_CACHE", str(tmp_path_factory.mktemp("cache")))
    after = []

    def long() -> None:
        logged("long", ["sleep", "60"])
        after.append("went on")

    def failing() -> None:
        time.sleep(0.3)
        raise FailedError("the disk is full")

    started = time.monotonic()
    with pytest.raises(UserError, match="the disk is full"):
        together(long, failing)
    assert time.monotonic() - started < 30
    assert not after
    logged("again", ["true"])
