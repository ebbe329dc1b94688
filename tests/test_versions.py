"""What pyproject.toml says in two places is the same in both; which chart is the newest."""

from __future__ import annotations

from pathlib import Path

from dev.kind.images.platform import Platform
from dev.kind.versions import versions
from mcapp.config import ARCHITECTURES
from tests.e2e.lifecycle import version


def test_a_wheel_carries_the_version_that_is_asked_for() -> None:
    # With another version the program is compiled, which takes 90 seconds more and tells nobody why.
    programs = versions()["programs"].values()
    wheels = [
        (spec["module"].partition("@")[2], spec["wheel"]["version"])
        for spec in programs
        if "wheel" in spec and "module" in spec
    ]
    assert wheels
    assert all(module == wheel for module, wheel in wheels)


def test_what_is_built_has_the_minor_version_of_what_is_pulled() -> None:
    build, images = versions()["build"], versions()["images"]
    # Debian's own Python, of each release.
    python = {"bookworm": "3.11", "trixie": "3.13"}[build["debian"]]
    assert images["python"] == f"python:{python}-slim"
    minor = ".".join(build["nginx"].partition("==")[2].split(".")[:2])
    assert images["nginx"] == f"nginxinc/nginx-unprivileged:{minor}-alpine"
    major = build["postgres"].partition("==")[2].partition(".")[0]
    assert images["postgres"] == f"postgres:{major}"


def test_a_chart_of_version_0_10_is_newer_than_one_of_0_9() -> None:
    assert max(Path("mcapp-0.9.0.tgz"), Path("mcapp-0.10.0.tgz"), key=version).name == "mcapp-0.10.0.tgz"


def test_genvalues_knows_for_which_machines_images_are_built() -> None:
    assert [platform.arch for platform in Platform] == list(ARCHITECTURES)
