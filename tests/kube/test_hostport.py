from __future__ import annotations

import pytest

from mcapp.kube.hostport import hostport


@pytest.mark.parametrize(
    ("address", "shown"),
    [("10.0.0.7", "10.0.0.7:80"), ("lab.test", "lab.test:80"), ("fd00::2", "[fd00::2]:80")],
)
def test_an_ipv6_address_stands_in_brackets(address: str, shown: str) -> None:
    assert hostport(address, 80) == shown
