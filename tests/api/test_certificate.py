"""The certificate of the api's database: its end is told, and what is wrong with it has a sentence each."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from dev.local import plain_http
from dev.local.api_process import ApiProcess
from dev.local.authority import Authority, server_settings
from dev.local.installation import UNPRIVILEGED
from dev.local.postgres import PostgresServer
from mcapp import wait

pytestmark = [pytest.mark.postgres]
DAY = 86400


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    # PostgreSQL's user reads nothing in pytest's own folders.
    made = Path(tempfile.mkdtemp(prefix="mcapp-tls-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return Authority(folder / "ca")


def environment(server: PostgresServer, ca: Path) -> dict[str, str]:
    url = f"postgresql://localhost:{server.port}/{server.database}?sslmode=verify-full&sslrootcert={ca}"
    return {**server.environment, "DATABASE_URL": url}


def test_its_end_is_told(authority: Authority) -> None:
    settings = server_settings(authority.issue("localhost", days=20), UNPRIVILEGED)
    with (
        PostgresServer(settings) as server,
        ApiProcess(environment(server, authority.certificate)) as api,
    ):
        api.wait_for("/readyz")

        def told() -> str:
            return str(plain_http.get(f"{api.url}/api/topology").json()["db"]["certificate_end"])

        assert wait.until(lambda: told() != "None", 20, pause=0.1)
        left = datetime.fromisoformat(told()).timestamp() - time.time()
        assert 19.9 * DAY < left < 20 * DAY
        metrics = plain_http.get(f"{api.url}/metrics").text.splitlines()
        (line,) = [one for one in metrics if one.startswith("mcapp_db_certificate_end_seconds ")]
        assert abs(float(line.split()[1]) - time.time() - left) < 2


WRONG = {
    "expired": (("localhost",), -1, False, "has expired"),
    "name": (("db",), 1, False, "is for another host name"),
    "ca": (("localhost",), 1, True, "is not from the CA given"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_has_a_sentence_each(authority: Authority, folder: Path, wrong: str) -> None:
    names, days, other, says = WRONG[wrong]
    ca = Authority(folder / "other").certificate if other else authority.certificate
    settings = server_settings(authority.issue(*names, days=days), UNPRIVILEGED)
    with PostgresServer(settings) as server, ApiProcess(environment(server, ca)) as api:
        api.wait_for("/healthz")

        def reason() -> str:
            return str(plain_http.get(f"{api.url}/api/topology").json()["db"]["reason"])

        assert wait.until(lambda: "certificate" in reason(), 20, pause=0.1), reason()
        assert says in reason()
