"""One real node runs all three tiers."""

from __future__ import annotations

import httpx
import pytest
from e2e.conftest import NAME, Up
from e2e.journey import survives_the_pod, write_and_read

pytestmark = pytest.mark.kind
TOPOLOGY = "single"
NODE = f"{NAME}-control-plane"


def test_every_tier_runs_on_the_one_node(installed: Up) -> None:
    for tier in ("web", "api", "db"):
        assert installed.nodes_of(tier) == {NODE}


def test_a_row_goes_through_the_nodes_port(installed: Up) -> None:
    pages = installed.pages()
    assert len(pages) == 2
    for page in pages:
        write_and_read(page)


def test_the_topology_names_the_node(installed: Up) -> None:
    seen = httpx.get(f"{installed.pages()[0]}/api/topology", timeout=10).json()
    assert {seen[tier]["node"] for tier in ("web", "api", "db")} == {NODE}


def test_the_row_survives_its_pod(installed: Up) -> None:
    survives_the_pod(installed)
