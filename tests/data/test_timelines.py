"""The timeline numbers that a member skips, as files beside its WAL."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcapp_db import kube, timelines


@pytest.fixture
def wal(tmp_path: Path) -> Path:
    folder = tmp_path / "pg_wal"
    folder.mkdir()
    (folder / "0000000A.history").write_text("9\t0/3000000\tno recovery target specified\n")
    return folder


def names(wal: Path) -> list[str]:
    return sorted(file.stem[-2:] for file in wal.iterdir())


def answering(monkeypatch: pytest.MonkeyPatch, taken: str | None) -> list[object]:
    """Let the API server answer which number is taken; return the patches that it gets."""
    patches: list[object] = []

    def call(method: str, _path: str, body: object = None, **_: object) -> dict[str, object]:
        patches.extend([body] if method == "PATCH" else [])
        annotations = {timelines.TAKEN: taken} if taken else {}
        return {"metadata": {"resourceVersion": "7", "annotations": annotations}}

    monkeypatch.setenv("MCAPP_SCOPE", "db")
    monkeypatch.setenv("POD_NAME", "db-1")
    monkeypatch.setattr(kube, "call", call)
    return patches


@pytest.mark.parametrize(
    ("taken", "number", "left"),
    [
        (None, 11, ["0A"]),
        ("10 db-0", 11, ["0A"]),
        ("12 db-0", 13, ["0A", "0B", "0C"]),
        ("9 db-1", 11, ["0A"]),
    ],
    ids=["the first", "known to all", "two that nobody else has seen", "its own, long ago"],
)
def test_the_next_number_that_nobody_has(
    wal: Path, monkeypatch: pytest.MonkeyPatch, taken: str | None, number: int, left: list[str]
) -> None:
    patches = answering(monkeypatch, taken)
    timelines.claim(wal.parent)
    change = {"resourceVersion": "7", "annotations": {timelines.TAKEN: f"{number} db-1"}}
    assert patches == [{"metadata": change}]
    assert names(wal) == left


def test_a_promotion_that_is_tried_again_takes_no_other_number(
    wal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patches = answering(monkeypatch, "13 db-1")
    for _ in range(2):
        timelines.claim(wal.parent)
    assert patches == []
    assert names(wal) == ["0A", "0B", "0C"]


def test_a_promotion_does_not_wait_for_the_api_server(wal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def call(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setenv("MCAPP_SCOPE", "db")
    monkeypatch.setenv("POD_NAME", "db-1")
    monkeypatch.setattr(kube, "call", call)
    timelines.claim(wal.parent)
    assert names(wal) == ["0A"]


def test_only_what_no_timeline_follows_is_tidied(wal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "12 db-0")
    timelines.claim(wal.parent)
    (wal / "0000000D.history").write_text("10\t0/4000000\tno recovery target specified\n")
    timelines.tidy(wal.parent)
    assert names(wal) == ["0A", "0B", "0C", "0D"]
    (wal / "0000000D.history").unlink()
    timelines.tidy(wal.parent)
    assert names(wal) == ["0A"]
    timelines.tidy(wal.parent / "empty")
