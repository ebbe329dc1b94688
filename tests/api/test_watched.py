"""A real Prometheus over real tiers: every panel has data, and a fault makes its alert's expression hold."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from dev.local import plain_http
from dev.local.api_process import ApiProcess
from dev.local.nginx import Web
from dev.local.postgres import PostgresServer
from mcapp import wait
from mcapp.config import CHART
from tests.chart.test_watched import ALERTS
from tests.support import exporter, prometheus
from tests.support.prometheus import Prometheus
from tests.support.render import Objects

# Prometheus compiles for five minutes where nothing of it is there.
pytestmark = [pytest.mark.postgres, pytest.mark.thorough]

BOARD = json.loads((CHART / "files" / "grafana" / "dashboard.json").read_text())
PANELS = [(panel["title"], target["expr"]) for panel in BOARD["panels"] for target in panel["targets"]]
VARIABLES = {"$namespace": "mcapp", "$job": "api", "$web": "web", "$db": "db", "$__rate_interval": "10s"}
SECONDS = 60
SLOW = """CREATE FUNCTION app.slow() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN PERFORM pg_sleep(2); RETURN NEW; END'"""


@dataclass
class Tiers:
    """The three tiers, and the Prometheus that scrapes them."""

    server: PostgresServer
    api: ApiProcess
    web: Web
    seen: Prometheus

    def visit(self, times: int = 5) -> None:
        """Ask for the tasks and add one, as a browser does; whatever the answers are."""
        for _ in range(times):
            for method, body in (("GET", None), ("POST", {"title": "seen"})):
                try:
                    plain_http.request(method, f"{self.web.url}/api/tasks", json=body, timeout=10)
                except httpx.TransportError:
                    continue

    def raised(self, alert: str) -> bool:
        """Visit, and tell whether the alert's expression holds."""
        self.visit()
        return alert in self.seen.alerts()


@pytest.fixture(scope="module")
def archive() -> Iterator[Path]:
    """A folder that PostgreSQL's own user sees."""
    with tempfile.TemporaryDirectory(prefix="mcapp-archive-") as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "wal").mkdir()
        yield Path(folder) / "wal"


@pytest.fixture(scope="module")
def tiers(
    render: Callable[..., Objects], tmp_path_factory: pytest.TempPathFactory, archive: Path
) -> Iterator[Tiers]:
    folder = tmp_path_factory.mktemp("prometheus")
    groups = render(ALERTS).one("PrometheusRule", "alerts")["spec"]["groups"]
    command = f"test -d {archive}"
    settings = {"max_connections": "20", "archive_mode": "on", "archive_command": command}
    with ExitStack() as stack:
        server = stack.enter_context(PostgresServer(settings))
        api = stack.enter_context(ApiProcess(server.environment))
        api.wait_for("/readyz")
        web = stack.enter_context(Web(f"127.0.0.1:{api.port}"))
        of_web = stack.enter_context(exporter.running("web", MCAPP_WEB_PORT=str(web.port)))
        of_db = stack.enter_context(exporter.beside(server, folder / "password"))
        urls = {"api": api.url, "web": of_web.url, "db": of_db.url}
        targets = {job: url.removeprefix("http://") for job, url in urls.items()}
        seen = stack.enter_context(prometheus.running(targets, groups, folder))
        made = Tiers(server, api, web, seen)
        made.visit()
        assert wait.until(lambda: len(seen.ask("up == 1")) == len(targets), SECONDS)
        yield made


@pytest.mark.parametrize(("title", "expression"), PANELS, ids=[f"{t}-{n}" for n, (t, _) in enumerate(PANELS)])
def test_every_panel_has_data(tiers: Tiers, title: str, expression: str) -> None:
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    if "mcapp_postgres_replica_lag_bytes" in expression:
        # One server has no replica.
        assert tiers.seen.ask(expression) == []
        return

    def told() -> bool:
        tiers.visit(1)
        found = tiers.seen.ask(expression)
        return bool(found) and all(one["value"][1] != "NaN" for one in found)

    assert wait.until(told, SECONDS), title


def test_no_expression_holds_while_all_is_well(tiers: Tiers) -> None:
    # Before the first scrape each tier seems to be away.
    assert wait.until(lambda: not tiers.seen.alerts(), SECONDS), tiers.seen.alerts()
    tiers.visit()
    assert tiers.seen.alerts() == set()


def test_held_connections_are_an_alert_until_they_end(tiers: Tiers) -> None:
    left = int(float(tiers.seen.ask("mcapp_postgres_connections_left")[0]["value"][1]))
    alert = "McappConnectionsRunningOut"
    with ExitStack() as stack:
        for _ in range(left - 1):
            session = psycopg.connect(tiers.server.url, user="app", password=tiers.server.app_password)
            stack.enter_context(session)
        assert wait.until(lambda: alert in tiers.seen.alerts(), SECONDS)
    assert wait.until(lambda: alert not in tiers.seen.alerts(), SECONDS)


def test_an_archive_that_fails_is_an_alert_until_it_works(tiers: Tiers, archive: Path) -> None:
    alert = "McappWalArchiveFailing"
    archive.rename(archive.with_suffix(".away"))
    tiers.server.sql("SELECT pg_switch_wal()")
    assert wait.until(lambda: alert in tiers.seen.alerts(), SECONDS)
    archive.with_suffix(".away").rename(archive)
    # PostgreSQL tries three times, and then once a minute.
    assert wait.until(lambda: alert not in tiers.seen.alerts(), 2 * SECONDS)


def test_slow_answers_are_an_alert(tiers: Tiers) -> None:
    tiers.server.sql(SLOW)
    tiers.server.sql(
        "CREATE TRIGGER slow BEFORE INSERT ON app.tasks FOR EACH ROW EXECUTE FUNCTION app.slow()"
    )
    assert wait.until(lambda: tiers.raised("McappSlow"), SECONDS)
    tiers.server.sql("DROP TRIGGER slow ON app.tasks")


def test_answers_that_fail_are_an_alert(tiers: Tiers) -> None:
    tiers.server.sql("REVOKE ALL ON app.tasks FROM app")
    assert wait.until(lambda: tiers.raised("McappErrors"), SECONDS)
    tiers.server.sql("GRANT ALL ON app.tasks TO app")


def test_a_tier_that_is_away_is_an_alert_until_it_is_back(tiers: Tiers) -> None:
    tiers.server.stop()
    assert wait.until(lambda: "McappTierDown/db" in tiers.seen.alerts(), SECONDS)
    tiers.server.start()
    assert wait.until(lambda: "McappTierDown/db" not in tiers.seen.alerts(), SECONDS)


# The last ones: these processes do not come back.
def test_an_api_that_ends_is_an_alert_and_nginx_without_it_too(tiers: Tiers) -> None:
    tiers.api.terminate()
    assert wait.until(lambda: "McappTierDown/api" in tiers.seen.alerts(), SECONDS)
    assert wait.until(lambda: tiers.seen.ask("mcapp_web_reaches_api == 0"), SECONDS)
    tiers.web.stop()
    assert wait.until(lambda: "McappTierDown/web" in tiers.seen.alerts(), SECONDS)
