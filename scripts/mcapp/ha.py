"""The database on several nodes: what scripts share about db.mode ha."""

from __future__ import annotations

import json
from typing import Any

from mcapp.cli import UserError
from mcapp.config import NAMESPACE
from mcapp.release import Release

# A leader that is lost leaves two, who are more than half.
NODES = 3

_ASK = (
    "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8008/cluster', timeout=5).read().decode())"
)


def members(release: Release) -> list[dict[str, Any]]:
    """Return the members as the leader sees them: name, role, state, lag; none where nobody leads."""
    try:
        into = ("-n", NAMESPACE, "exec", release.database_pod(), "-c", "postgres", "--")
        shown = release.cluster.kubectl(*into, "python", "-c", _ASK)
    except UserError:
        return []
    found: list[dict[str, Any]] = json.loads(shown)["members"]
    return found
