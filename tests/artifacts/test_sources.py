"""The published chart names the published images; the files of a release are checked by their sums."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from dev import ROOT
from dev.artifacts import sources, sums
from dev.kind.process import output
from dev.kind.programs import command
from mcapp.errors import FailedError, UserError

REGISTRY = "ghcr.io/someone"
EPOCH = 1_700_000_000


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sources.stage(tmp_path_factory.mktemp("sources"), REGISTRY, EPOCH)


def images(chart: Path, *words: str) -> set[str]:
    shown = output([command("helm"), "template", "mcapp", chart, *words])
    found = set()
    for document in filter(None, yaml.safe_load_all(shown)):
        pod = document.get("spec", {}).get("template", {}).get("spec", {})
        containers = (*pod.get("containers", ()), *pod.get("initContainers", ()))
        found |= {container["image"] for container in containers}
    return found


# Two calls of helm, 2 s: only they show what the defaults of a chart come to.
def test_its_defaults_name_images_of_the_registry(staged: Path) -> None:
    version = yaml.safe_load((ROOT / "chart" / "mcapp" / "Chart.yaml").read_text())["appVersion"]
    single = images(staged / "chart" / "mcapp", "--set", "topology=single")
    assert single == {f"{REGISTRY}/mcapp/web:{version}", f"{REGISTRY}/mcapp/api:{version}", "postgres:16"}
    several = images(staged / "chart" / "mcapp", "--set", "topology=multi,db.mode=ha")
    assert f"{REGISTRY}/mcapp/db:{version}" in several
    readme = (staged / "chart" / "mcapp" / "README.md").read_text()
    assert readme.count(f'`"{REGISTRY}"`') == 3
    listed = yaml.safe_load((staged / "chart" / "mcapp" / "Chart.yaml").read_text())["annotations"]
    assert listed["artifacthub.io/images"].count(f"{REGISTRY}/mcapp/") == 3


def test_the_values_keep_their_comments(staged: Path) -> None:
    before = (ROOT / "chart" / "mcapp" / "values.yaml").read_text().splitlines()
    after = (staged / "chart" / "mcapp" / "values.yaml").read_text().splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert [new.strip() for _, new in changed] == [f"registry: {REGISTRY}"] * 3


def test_every_file_is_of_one_time_and_none_is_missing(staged: Path) -> None:
    assert {path.stat().st_mtime for path in staged.rglob("*")} == {EPOCH}
    assert os.access(staged / "dev" / "bootstrap.sh", os.X_OK)
    assert not (staged / ".git").exists()


def test_a_chart_without_such_values_is_refused(tmp_path: Path) -> None:
    chart = tmp_path / "chart"
    chart.mkdir()
    (chart / "values.yaml").write_text("web:\n  image: {}\n")
    with pytest.raises(FailedError, match="has 0 times"):
        sources._publish_from(chart, REGISTRY)


def test_sums_hold_every_file(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    with pytest.raises(UserError, match="has no SHA256SUMS"):
        sums.check(tmp_path)
    sums.write(tmp_path)
    sums.check(tmp_path)
    assert output(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path) == ""
    (tmp_path / "b").write_text("c")
    (tmp_path / "new").write_text("")
    (tmp_path / "images" / "a").unlink()
    with pytest.raises(UserError, match="b, images/a, new"):
        sums.check(tmp_path)
