"""A release that changes to a database outside the cluster, by TLS; the faults there; and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from dev.local.authority import Authority
from dev.local.postgres import PostgresServer
from mcapp.config import CHART
from mcapp.errors import UserError
from tests.e2e.conftest import Up
from tests.e2e.examination import record, wait_for_cause
from tests.e2e.journey import read, write_and_read
from tests.e2e.side import BESIDE, Side
from tests.support.tls import Front

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"
OWN = ("--set", f"{BESIDE},db.persistence.keep=false")
API = ("--selector", "app.kubernetes.io/component=api")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL on this machine, whose role owns its database and nothing else."""
    with PostgresServer() as started:
        yield started


@pytest.fixture(scope="module")
def front(installed: Up, server: PostgresServer, authority: Authority) -> Iterator[Front]:
    """The TLS endpoint of the server for pods, on this machine's address in the nodes' network."""
    with Front(server.port, authority.issue(installed.machine()), installed.machine()) as started:
        yield started


@pytest.fixture(scope="module")
def side(installed: Up) -> Iterator[Side]:
    """A release that starts with a database of its own."""
    made = Side.of(installed, "external")
    try:
        made.helm("install", CHART, "--create-namespace", *OWN, "--wait")
        yield made
    finally:
        made.remove()


def put_secrets(side: Side, password: str, certificate: Path) -> None:
    """Create the Secrets from which the release reads the password and the CA's certificate."""
    side.kubectl("delete", "secret", "pg", "pg-ca", "--ignore-not-found")
    side.kubectl("create", "secret", "generic", "pg", f"--from-literal=password={password}")
    side.kubectl("create", "secret", "generic", "pg-ca", f"--from-file=ca.crt={certificate}")


@pytest.fixture(scope="module")
def before(side: Side) -> int:
    """A task in the database of the release's own."""
    number: int = write_and_read(side.page())["id"]
    return number


@pytest.fixture(scope="module")
def external(side: Side, before: int, server: PostgresServer, front: Front, authority: Authority) -> Side:
    """The release with the database outside. The upgrade is refused until the old data are marked as kept."""
    assert before
    put_secrets(side, server.app_password, authority.certificate)
    there = f"db.external.host={front.address},db.external.port={front.port}"
    secrets = "db.external.existingSecret=pg,db.external.caSecret=pg-ca"
    values = ("--reuse-values", "--set", f"db.mode=external,{there},{secrets}")
    with pytest.raises(UserError, match=r"NOTHING WAS CHANGED.*its data would be deleted") as refused:
        side.helm("upgrade", CHART, *values)
    (way,) = [line for line in str(refused.value).splitlines() if "annotate" in line]
    side.kubectl(*way.split(f"kubectl -n {side.namespace} ")[1].split())
    side.helm("upgrade", CHART, *values, "--wait")
    side.wait_gone()
    return side


def test_everything_works_and_nothing_of_a_database_is_left_but_the_data(
    external: Side, server: PostgresServer
) -> None:
    task = write_and_read(external.page())
    assert server.sql("SELECT title FROM app.tasks WHERE id = %s", [task["id"]]) == [(task["title"],)]
    kinds = ("statefulsets", "pvc", "secrets", "services", "networkpolicies")
    ours = {name for name in external.names(*kinds) if not name.startswith("secret/sh.helm.")}
    assert ours == {
        "networkpolicy.networking.k8s.io/api",
        "networkpolicy.networking.k8s.io/default-deny",
        "networkpolicy.networking.k8s.io/test",
        "networkpolicy.networking.k8s.io/test-database",
        "networkpolicy.networking.k8s.io/web",
        "persistentvolumeclaim/postgres-pvc",
        "secret/pg",
        "secret/pg-ca",
        "secret/postgres-secret",
        "service/api",
        "service/web",
    }
    assert "configmap/postgres-init" not in external.names("configmaps")


def test_two_replicas_made_the_tables_once(external: Side, server: PostgresServer) -> None:
    assert len(external.kubectl("get", "pods", *API, "--output", "name").split()) == 2
    assert server.sql("SELECT version, name FROM app.schema_migrations") == [(1, "0001_tasks.sql")]
    assert external.kubectl("logs", *API, "--tail=-1").count("migration applied") == 1


def test_the_notes_tell_what_is_left_of_the_own_database(external: Side) -> None:
    notes = external.helm("get notes")
    assert f"outside of this release, at {external_address(external)} (sslmode verify-full)" in notes
    assert "delete pvc/postgres-pvc secret/postgres-secret" in notes


def external_address(side: Side) -> str:
    annotation = "jsonpath={.metadata.annotations.mcapp/external-database}"
    return side.kubectl("get", "deployment/api", "--output", annotation)


def test_helm_test_passes(external: Side) -> None:
    external.helm("test", "--timeout", "90s")
    shown = external.logs("job/test-database")
    assert f"ok   {external_address(external)} accepts the right password of app" in shown
    assert "ok   a wrong password is refused" in shown
    assert "ok   the row is read back" in external.logs("job/test-chain")


def test_the_doctor_misses_no_database(external: Side) -> None:
    code, report = wait_for_cause(external, None, *external.asked)
    assert code == 0, report
    record(external, "healthy-external", external.asked)
    seen = {layer["layer"]: layer["seen"] for layer in report["layers"]}
    assert seen["storage"] == [f"the data are at {external_address(external)}, outside of this release"]
    assert any(note.startswith("a login like the api's took") for note in seen["logs"])


@pytest.fixture
def broken(
    external: Side, front: Front, server: PostgresServer, authority: Authority, tmp_path: Path, cause: str
) -> Iterator[Side]:
    """Break one thing between the api and its database, and heal it again."""
    if cause == "external-unreachable":
        front.stop()
    else:
        wrong = cause == "external-tls"
        certificate = Authority(tmp_path).certificate if wrong else authority.certificate
        put_secrets(external, server.app_password if wrong else "other", certificate)
        external.kill("api")
    yield external
    if cause == "external-unreachable":
        front.start()
    else:
        put_secrets(external, server.app_password, authority.certificate)
        external.kill("api")
    external.kubectl("rollout", "status", "deployment/api", "--timeout=90s")


FAULTS = {
    "external-tls": ("is not from the CA given", "db.external.caSecret"),
    "external-refuses": ("password rejected", "Secret pg,"),
    "external-unreachable": ("connection refused", "db.external.host"),
}


@pytest.mark.parametrize("cause", FAULTS)
def test_the_doctor_and_the_log_name_what_is_wrong(broken: Side, cause: str) -> None:
    why, way = FAULTS[cause]
    code, report = wait_for_cause(broken, cause, "--settle", "6", *broken.asked)
    assert (code, report["cause"]) == (1, cause), report
    record(broken, cause, broken.asked)
    assert external_address(broken) in report["problem"]
    assert why in report["problem"]
    assert way in report["remedy"]
    assert why in broken.kubectl("logs", *API, "--tail=-1")
    answer = httpx.get(f"{broken.page()}/api/tasks", timeout=10)
    assert answer.status_code in (502, 503), answer.text


def test_the_doctor_names_who_holds_a_lock_there(external: Side, server: PostgresServer) -> None:
    """As far as the api's role may read it."""
    with psycopg.connect(server.admin_conninfo) as holder:
        holder.execute("LOCK TABLE app.tasks")
        code, report = wait_for_cause(external, "locked", "--settle", "6", *external.asked)
        assert (code, report["cause"]) == (1, "locked"), report
        assert f"process {holder.info.backend_pid} of user postgres" in report["problem"]
        assert "psql -h" in report["commands"][0]["command"]


def test_the_way_back_finds_the_data(external: Side, before: int) -> None:
    external.helm("upgrade", CHART, "--reset-values", *OWN, "--wait")
    assert read(external.page(), before)["id"] == before
