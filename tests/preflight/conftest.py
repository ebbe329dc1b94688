"""What the tests on network namespaces share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.preflight_machines import Pair, two_machines, why_not


@pytest.fixture(scope="session")
def _namespaces() -> None:
    if reason := why_not():
        pytest.skip(reason)


@pytest.fixture(scope="module")
def cable(_namespaces: None) -> Iterator[Pair]:
    """Two machines with a cable between them, for all tests of a file."""
    with two_machines() as made:
        yield made


@pytest.fixture
def pair(cable: Pair) -> Iterator[Pair]:
    """Two machines with no rules; what a test adds is gone afterwards."""
    yield cable
    for machine in cable:
        machine.must("sh", "-c", "iptables -P INPUT ACCEPT && iptables -P OUTPUT ACCEPT && iptables -F")


@pytest.fixture(scope="module")
def answering(cable: Pair) -> Iterator[None]:
    """Have the peer listen for all tests of a file."""
    with cable.there.listening():
        yield
