"""The suite's cluster and release, with what a cluster may have beside them.

Where a registry answers, the addons' images are the official ones; else they are built here, with the
official names. `record_property(name, value)` puts a figure into docs/addons.md.
"""

from __future__ import annotations

import pytest

from dev.kind.images.source import Source, choose_source
from tests.e2e.conftest import installed, kube_config, shared

# The fixtures of the tests on the cluster, under their own names.
__all__ = ["installed", "kube_config", "shared", "source"]


@pytest.fixture(scope="session")
def source() -> Source:
    """Where the addons' images come from."""
    return choose_source("auto")
