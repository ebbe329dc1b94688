"""Changes under load: no request fails, and a change replaces only the pods that it concerns."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dev.load.client import Load
from dev.load.ledger import State
from dev.load.rollout import CHANGES, roll
from mcapp.config import CHART
from mcapp.errors import UserError
from tests.e2e.conftest import Up

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"
# How many requests go on while each change is made.
REQUESTS_EACH = 1250
# New pods by kubectl, then by Helm.
SOME = ("kubectl rollout restart deployment/web", "helm upgrade, a value of both")
TIERS = ("web", "api", "db")


def uids(up: Up) -> dict[str, set[str]]:
    return {tier: {pod["metadata"]["uid"] for pod in up.release.pods(tier)} for tier in TIERS}


@contextmanager
def replaced(up: Up, *tiers: str) -> Iterator[None]:
    """Check that the block replaces every pod of these tiers, and none of the others."""
    before = uids(up)
    yield
    up.release.wait()
    up.release.wait_gone()
    after = uids(up)
    assert {tier for tier in TIERS if before[tier] != after[tier]} == set(tiers)
    assert all(before[tier].isdisjoint(after[tier]) for tier in tiers)


def nothing_lost(up: Up, load: Load) -> None:
    assert not load.problems, (len(load.problems), load.problems[:5])
    comparison = load.ledger.compare(up.release.sql("SELECT title FROM app.tasks"))
    assert comparison.agrees, comparison
    assert comparison.rows == comparison.states[State.ACKNOWLEDGED] == len(load.ledger.writes)


def upgrade(up: Up, *settings: str, chart: Path = CHART) -> None:
    up.release.upgrade(*settings, chart=chart, flags=("--wait",))


def logs_in(up: Up, password: str) -> bool:
    """Tell whether the role app may log in over TCP with this password."""
    login = f"PGPASSWORD={password} psql -qtA -h 127.0.0.1 -U app -d appdb -c 'SELECT 1'"
    try:
        return up.release.exec("db-0", "sh", "-c", login) == "1"
    except UserError as error:
        if "password authentication failed" in str(error):
            return False
        raise


@pytest.mark.parametrize("changes", [SOME, tuple(CHANGES)], ids=["some", "all"])
def test_no_request_fails_while_web_and_api_are_replaced(
    installed: Up, changes: tuple[str, ...], show: Callable[[str], None]
) -> None:
    # The port of the node where web does not run: one more kube-proxy must learn of the new pod.
    with replaced(installed, "web", "api"):
        requests = REQUESTS_EACH * len(changes)
        rolled = roll(installed.release, installed.pages()[-1], requests=requests, changes=changes)
    show(f"{len(rolled.load.requests)} requests, {len(rolled.load.problems)} failed")
    assert len(rolled.load.requests) >= requests
    assert all(rolled.during(change) for change in changes)
    nothing_lost(installed, rolled.load)


def test_a_value_of_web_replaces_web_alone(installed: Up) -> None:
    with replaced(installed, "web"):
        upgrade(installed, "web.drainSeconds=4")


def test_another_init_sql_replaces_nothing(installed: Up, tmp_path: Path) -> None:
    chart = shutil.copytree(CHART, tmp_path / "mcapp")
    with (chart / "files" / "db" / "init.sql").open("a") as file:
        file.write("-- another line\n")
    with replaced(installed):
        upgrade(installed, chart=chart)
    kept = installed.release.get("configmap", "postgres-init")["data"]["10-init.sql"]
    assert "another line" in kept


def test_another_password_of_app_replaces_api_alone_and_holds_in_the_database(installed: Up) -> None:
    with Load(installed.pages()[0]) as load:
        with replaced(installed, "api"):
            upgrade(installed, "db.auth.appPassword=first")
        assert logs_in(installed, "first")
        # A rollback to the revision with the old password.
        upgrade(installed, "db.auth.appPassword=second", "db.auth.superuserPassword=other")
        assert (logs_in(installed, "first"), logs_in(installed, "second")) == (False, True)
        installed.release.helm("rollback", "--wait")
        assert (logs_in(installed, "first"), logs_in(installed, "second")) == (True, False)
    nothing_lost(installed, load)


def test_a_password_is_not_changed_without_the_database(installed: Up) -> None:
    before = installed.release.get("secret", "postgres-secret")["data"]
    installed.release.kubectl("scale", "statefulset/db", "--replicas=0")
    try:
        with pytest.raises(UserError, match=r"does not answer.*NOTHING WAS CHANGED"):
            upgrade(installed, "db.auth.appPassword=third")
    finally:
        installed.release.kubectl("scale", "statefulset/db", "--replicas=1")
    installed.release.wait()
    assert installed.release.get("secret", "postgres-secret")["data"] == before
