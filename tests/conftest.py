"""What every test may need: the programs that the set-up builds, and the one renderer of the chart."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from mcapp.programs import command
from render import Objects
from render import render as render_chart


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take --slow, which `make test` gives."""
    parser.addoption("--slow", action="store_true", help="also the tests marked slow, which take minutes")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave slow tests out unless asked for; keep a file's tests, and those on kind, in one process."""
    if not config.getoption("slow"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
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
