"""Names that the chart derives have the form of what they are for: labels, tags, objects at their longest."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mcapp.config import CHART
from mcapp.genvalues.values import merge
from tests.chart.test_odd_names import MODES
from tests.support.render import Objects, render

LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
IMAGE = re.compile(r"[a-z0-9]+([._/-]+[a-z0-9]+)*:[A-Za-z0-9_][-A-Za-z0-9_.]{0,127}")
# A StatefulSet's pods have its name and eleven more characters in a label, controller-revision-hash.
# The Jobs of a CronJob have as many more in their names.
LONGEST = {"StatefulSet": 52, "CronJob": 52}
PREFIX = "p" * 30
RELEASE = "r" * 53


def labels(node: Any) -> Iterator[str]:
    """Yield the value of every label and selector of an object."""
    if isinstance(node, list):
        for item in node:
            yield from labels(item)
    elif isinstance(node, dict):
        for key, below in node.items():
            if key in ("labels", "matchLabels"):
                yield from below.values()
            else:
                yield from labels(below)


def images(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from images(item)
    elif isinstance(node, dict):
        for key, below in node.items():
            if key == "image":
                yield below
            else:
                yield from images(below)


def check(objects: Objects) -> None:
    """Fail on a label, an image or a name that no API server takes."""
    for document in objects:
        for value in labels(document):
            assert LABEL.fullmatch(value), (document["kind"], value)
        for image in images(document):
            assert IMAGE.fullmatch(image), image
        name = document["metadata"]["name"]
        assert len(name) <= LONGEST.get(document["kind"], 63), (document["kind"], name)


@pytest.mark.parametrize("mode", MODES)
def test_the_longest_prefix_and_release_fit_every_mode(mode: str) -> None:
    objects = render(merge(MODES[mode][0], {"namePrefix": PREFIX}), release=RELEASE)
    assert all(name.startswith(f"{PREFIX}-") for _, name in objects.names())
    check(objects)


VERSIONS = [
    ("0.2.0+build.5", "0.2.0+build.5", "mcapp-0.2.0_build.5", "0.2.0_build.5"),
    ("1.0.0-" + "a" * 50 + ".1." + "b" * 22, "0.2.0", "mcapp-1.0.0-" + "a" * 50 + ".", "0.2.0"),
    ("1.0.0-" + "a" * 50 + "-.-" + "b" * 22, "v1.0/rc 1", "mcapp-1.0.0-" + "a" * 50, "v1.0_rc_1"),
    ("1.0.0-" + "-" * 75, "1.0.0+" + "c" * 150, "mcapp-1.0.0", "1.0.0_" + "c" * 57),
]


@pytest.mark.parametrize(("version", "app", "label", "app_label"), VERSIONS, ids=lambda text: text[:20])
def test_any_semver_makes_labels_and_tags(
    tmp_path: Path, version: str, app: str, label: str, app_label: str
) -> None:
    copied = Path(shutil.copytree(CHART, tmp_path / "mcapp"))
    told = (copied / "Chart.yaml").read_text()
    told = re.sub(r"(?m)^version: .*$", f"version: {version}", told, count=1)
    (copied / "Chart.yaml").write_text(re.sub(r"(?m)^appVersion: .*$", f"appVersion: {app!r}", told, count=1))
    objects = render(chart=str(copied))
    check(objects)
    found = objects.one("Deployment", "web")["metadata"]["labels"]
    assert found["helm.sh/chart"] == label.rstrip(".")
    assert found["app.kubernetes.io/version"] == app_label
