"""What pyproject.toml says in two places is the same in both."""

from __future__ import annotations

from dev.kind.versions import versions


def test_a_wheel_carries_the_version_that_is_asked_for() -> None:
    # With another version the program is compiled, which takes 90 seconds more and tells nobody why.
    programs = versions()["programs"].values()
    wheels = [
        (spec["module"].partition("@")[2], spec["wheel"]["version"]) for spec in programs if "wheel" in spec
    ]
    assert wheels
    assert all(module == wheel for module, wheel in wheels)
