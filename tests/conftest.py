"""Options and fixtures of all tests: the programs that the set-up builds, and the chart's renderer."""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from dev.kind.programs import command
from tests.support.render import Objects
from tests.support.render import render as render_chart
from tests.tiers import is_core

# Folders whose tests wait for browsers and processes: at the end they would leave a core without work.
WAITING = ("page", "preflight")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests on the cluster that are for `make test-all` alone, and put all into their order."""
    for item in items:
        if item.get_closest_marker("kind") and not is_core(item.nodeid):
            item.add_marker(pytest.mark.thorough)
    items.sort(key=_order)


def _order(item: pytest.Item) -> tuple[str, bool]:
    """Sort by topology, since another one needs another cluster, and files that wait a lot first."""
    module = getattr(item, "module", None)
    on_cluster = item.get_closest_marker("kind") or item.get_closest_marker("addons")
    topology = str(getattr(module, "TOPOLOGY", "")) if on_cluster else ""
    return topology, item.path.parent.name not in WAITING


class _Together(LoadScopeScheduling):  # type: ignore[misc] # no types
    """Runs the tests of a file in one process, and all tests on kind in one process."""

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.partition("::")[0])
        return "cluster" if file.parent.name in ("addons", "e2e") else str(file)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how long each file on the cluster took, set-up included."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport) and report.location[0].startswith("tests/e2e/"):
                seconds[Path(report.location[0]).name] += report.duration
    if seconds:
        longest = sorted(seconds.items(), key=lambda item: -item[1])
        told = ", ".join(f"{name} {taken:.0f}" for name, taken in longest)
        terminalreporter.write_line(f"seconds: {told}")


def pytest_xdist_auto_num_workers() -> int:
    """Run one process more than there are cores: each waits for a third of its time."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Together:
    """Distribute the tests by _Together; xdist's own groups do not work with pytest 9.2."""
    return _Together(config, log)


@pytest.fixture(scope="session", autouse=True)
def _tools() -> None:
    """Put helm and kubectl of the project's versions first on PATH, and hide the user's cluster."""
    # ct looks for yamale and yamllint there.
    folders = [str(Path(sys.executable).parent), *(str(command(name).parent) for name in ("helm", "kubectl"))]
    os.environ["PATH"] = ":".join([*folders, os.environ["PATH"]])
    os.environ.pop("KUBECONFIG", None)


@pytest.fixture(scope="session")
def render(_tools: None) -> Callable[..., Objects]:
    """Return the cached renderer: ``render({"topology": "multi"})``."""
    return render_chart


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a figure among the results, from any process of pytest."""

    def to_the_terminal(figure: str) -> None:
        with capsys.disabled():
            # The standard output of xdist's processes is not shown.
            print(f" [{figure}]", file=sys.stderr, flush=True)

    return to_the_terminal
