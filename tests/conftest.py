"""What every test may need: the programs that the set-up builds, and the one renderer of the chart."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from mcapp.programs import command
from render import Objects
from render import render as render_chart


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests in one process, and those of the one cluster in one."""
    for item in items:
        group = "kind" if item.get_closest_marker("kind") else item.path.stem
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session", autouse=True)
def _tools() -> None:
    """Put helm and kubectl of the project's versions first on PATH, and keep the user's cluster out."""
    folders = [str(command(name).parent) for name in ("helm", "kubectl")]
    os.environ["PATH"] = ":".join([*folders, os.environ["PATH"]])
    os.environ.pop("KUBECONFIG", None)


@pytest.fixture(scope="session")
def render(_tools: None) -> Callable[..., Objects]:
    """Return the cached renderer: ``render({"topology": "multi"})``."""
    return render_chart
