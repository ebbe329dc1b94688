"""The life of a release in either topology: installed, upgraded, rolled back, uninstalled, back again."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dev import ROOT
from dev.kind.process import output
from dev.kind.programs import command
from dev.kind.versions import app_version
from mcapp.config import CHART
from mcapp.errors import UserError
from tests.e2e.conftest import Up
from tests.e2e.journey import read, write_and_read


def version(chart: Path) -> tuple[int, ...]:
    """Return the version in a chart's file name."""
    return tuple(int(part) for part in re.findall(r"\d+", chart.stem))


PREVIOUS = max(Path(__file__).with_name("charts").glob("mcapp-*.tgz"), key=version)
WAIT = ("--wait", "--timeout", "3m")
# The pods of a test need no time to drain.
QUICK = ("--set", "web.drainSeconds=0,api.drainSeconds=0", *WAIT)


def upgraded_and_rolled_back(up: Up) -> None:
    """Install the previous chart on an empty volume, upgrade to this one, roll back, upgrade again."""
    release, values, page = (
        up.release,
        up.cluster.kubeconfig.with_name(f"values-{up.topology}.yaml"),
        up.pages()[0],
    )
    release.helm("uninstall", "--wait")
    up.cluster.kubectl("delete", "namespace", release.namespace, "--wait")
    # The images of that version are no longer built.
    tags = ("--set", f"web.image.tag={app_version()},api.image.tag={app_version()}")
    release.helm("install", PREVIOUS, "--create-namespace", "-f", values, *tags, *WAIT)
    first = write_and_read(page)

    release.helm("upgrade", CHART, "-f", values, *QUICK)
    release.test()
    second = write_and_read(page)

    release.helm("rollback", "1", "--wait")
    for task in (first, second):
        assert read(page, task["id"])["title"] == task["title"]

    release.helm("upgrade", CHART, "-f", values, *QUICK)
    assert read(page, second["id"])["title"] == second["title"]


def uninstalled_and_back(up: Up) -> None:
    """Uninstall, and install again on the kept volume and Secret: the data are there, and the api logs in."""
    release, page = up.release, up.pages()[0]
    task = write_and_read(page)
    values = ("-f", up.cluster.kubeconfig.with_name(f"values-{up.topology}.yaml"))
    release.helm("uninstall", "--wait")
    with pytest.raises(UserError, match=r"NOTHING WAS CHANGED.*db\.auth gives others"):
        release.helm("install", CHART, *values, "--set", "db.auth.appPassword=another")
    release.helm("install", CHART, *values, *QUICK)
    assert read(page, task["id"])["title"] == task["title"]


def without_its_secret(up: Up) -> None:
    """Uninstall and lose the Secret: the install names the way out, a reset, and the reset keeps the data."""
    release, page = up.release, up.pages()[0]
    task = write_and_read(page)
    values = ("-f", up.cluster.kubeconfig.with_name(f"values-{up.topology}.yaml"))
    release.helm("uninstall", "--wait")
    release.kubectl("delete", "secret", "postgres-secret")
    with pytest.raises(UserError, match=r"NOTHING WAS CHANGED.*postgres-secret.*is gone") as refused:
        release.helm("install", CHART, *values)
    assert "db.auth.resetPasswords=true" in str(refused.value)
    assert not release.exists()
    release.helm("install", CHART, *values, *QUICK, "--set", "db.auth.resetPasswords=true")
    assert read(page, task["id"])["title"] == task["title"]


def ct_installs(up: Up, chart: Path, wanted: Callable[[str], bool]) -> None:
    """Install a copy of the chart with each of the wanted ci values files."""
    shutil.copytree(CHART, chart)
    every = list((chart / "ci").glob("*-values.yaml"))
    files = [file for file in every if wanted(file.name)]
    assert files
    for file in set(every) - set(files):
        file.unlink()
    release = up.release
    if release.exists():
        release.helm("uninstall", "--wait")
    # Helm keeps the data and their passwords.
    kept = release.get("pvc,secret")["items"]
    assert {"postgres-pvc", "postgres-secret"} <= {item["metadata"]["name"] for item in kept}
    shown = output(
        [command("ct"), "install", "--config", ROOT / "ct.yaml", "--charts", chart],
        env=up.cluster.env(),
    )
    for file in files:
        assert file.name in shown
    assert "All charts installed successfully" in shown
