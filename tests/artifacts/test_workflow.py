"""The steps of the release workflow, in their order, against a real registry on loopback.

Left out are the steps that only GitHub has (the login, the signatures, the files beside the tag), and
`make dist` and the verification, of which tests/e2e/test_registry.py has the commands.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev import ROOT
from dev.kind import host
from dev.kind.programs import command
from dev.kind.versions import app_version

# Ten seconds, and what test_publish.py needs.
pytestmark = pytest.mark.thorough
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yaml").read_text())
ELSEWHERE = {"Log in", "Everything that a release has", "Put the files beside the tag"}


def steps(job: str) -> list[dict[str, Any]]:
    return [
        one for one in WORKFLOW["jobs"][job]["steps"] if "run" in one and one.get("name") not in ELSEWHERE
    ]


def outputs(path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


@pytest.fixture
def environment(tmp_path: Path, served: str, made: Path) -> dict[str, str]:
    """What GitHub gives to a step; `sudo` is there, as on its machines."""
    host.install(["jq"])
    sudo = tmp_path / "bin" / "sudo"
    sudo.parent.mkdir()
    sudo.write_text('#!/bin/sh\nexec "$@"\n')
    sudo.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{sudo.parent}:{os.environ['PATH']}",
        "GITHUB_REF_NAME": f"v{app_version()}",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "REGISTRY": served,
        # Of make: this registry has no certificate, and the folder is not dist/.
        "ARGS": f"--plain-http --folder {made}",
    }


def ran(step: dict[str, Any], environment: dict[str, str]) -> None:
    words = ["bash", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (step, done.stdout, done.stderr)


def test_it_publishes_and_signs_what_the_registry_then_has(
    environment: dict[str, str], served: str, tmp_path: Path
) -> None:
    try:
        for step in steps("publish"):
            ran(step, environment)
    finally:
        (ROOT / "published.json").unlink(missing_ok=True)
    published = outputs(tmp_path / "output")["published"]
    assert len((tmp_path / "summary").read_text().splitlines()) == 4
    for name in WORKFLOW["jobs"]["sign"]["strategy"]["matrix"]["name"]:
        told = tmp_path / "digest"
        told.write_text("")
        given = {"GITHUB_OUTPUT": str(told), "NAME": f"{served}/{name}", "PUBLISHED": published}
        for step in steps("sign"):
            ran(step, {**environment, **given})
        reference = f"{served}/{name}:{app_version()}"
        digest = subprocess.run(
            [command("crane"), "digest", reference], capture_output=True, text=True, check=True
        )
        assert outputs(told) == {"digest": digest.stdout.strip()}
    assert json.loads(published).keys() == {
        f"{served}/{name}:{app_version()}" for name in WORKFLOW["jobs"]["sign"]["strategy"]["matrix"]["name"]
    }


def test_another_tag_than_the_charts_version_is_refused(environment: dict[str, str]) -> None:
    (step,) = [one for one in steps("publish") if one["name"] == "The tag is the chart's version"]
    with pytest.raises(AssertionError):
        ran(step, {**environment, "GITHUB_REF_NAME": "v99.0.0"})
