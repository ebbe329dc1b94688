"""Called by Patroni when PostgreSQL has started here or has another role: what a primary must see to."""

from __future__ import annotations

import os
from collections.abc import Sequence

import yaml

from mcapp_db import accounts, members
from mcapp_db.serve import OWN_CONFIG


def main(arguments: Sequence[str]) -> None:
    """See to the roles, and to the settings that all members share; `arguments` are event, role, scope."""
    if arguments[1] != "primary":
        return
    accounts.ensure()
    # Patroni reads its own file for them only when the cluster is new.
    shared = yaml.safe_load(OWN_CONFIG.read_text())["bootstrap"]["dcs"]
    members.send("PATCH", os.environ["POD_IP"], "config", shared)
