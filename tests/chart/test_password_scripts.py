"""The two scripts that bring the database's passwords in line with the Secret, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from dev.local.postgres import PostgresServer
from mcapp.config import CHART

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
CHANGE = (CHART / "files" / "db" / "change-passwords.sh").read_text()
RESET = (CHART / "files" / "db" / "reset-passwords.sh").read_text()
# What breaks a careless script: both quotes, a backslash, a dollar, blanks, a percent sign.
ODD = 'it\'s "odd" \\ $HOME %s `id`'


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as started:
        yield started


def opens(server: PostgresServer, user: str, password: str) -> bool:
    try:
        psycopg.connect(server.url, user=user, password=password).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            return False
        raise
    return True


def live(server: PostgresServer) -> dict[str, str]:
    superuser = psycopg.conninfo.conninfo_to_dict(server.admin_conninfo)["password"]
    return {"LIVE_APP": server.app_password, "LIVE_SUPERUSER": str(superuser)}


def test_a_change_reaches_both_roles_and_may_be_repeated(server: PostgresServer) -> None:
    now = live(server)
    wrong = server.script(CHANGE, LIVE_APP="x", LIVE_SUPERUSER="x", NEXT_APP="new", NEXT_SUPERUSER="new")
    assert wrong.returncode == 1
    assert b"rejects the password" in wrong.stdout
    assert opens(server, "app", now["LIVE_APP"])
    for _ in range(2):
        done = server.script(CHANGE, **now, NEXT_APP=ODD, NEXT_SUPERUSER=f"{ODD}!")
        assert done.returncode == 0, done.stderr
        assert opens(server, "app", ODD)
        assert opens(server, "postgres", f"{ODD}!")
    assert not opens(server, "app", now["LIVE_APP"])
    assert not opens(server, "postgres", now["LIVE_SUPERUSER"])
    with psycopg.connect(server.url, user="postgres", password=f"{ODD}!") as connection:
        kinds = connection.execute("SELECT left(rolpassword, 13) FROM pg_authid WHERE rolcanlogin").fetchall()
    assert kinds == [("SCRAM-SHA-256",)] * 2


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\nx"])
def test_a_change_to_a_password_with_a_line_break_changes_nothing(server: PostgresServer, end: str) -> None:
    now = live(server)
    for key, new in (
        ("superuser-password", {"NEXT_APP": "new", "NEXT_SUPERUSER": f"new{end}"}),
        ("app-password", {"NEXT_APP": f"new{end}", "NEXT_SUPERUSER": "new"}),
        ("mine", {"NEXT_APP": f"new{end}", "NEXT_SUPERUSER": "new", "APP_KEY": "mine"}),
        ("replication-password", {"NEXT_APP": "x", "NEXT_SUPERUSER": "x", "NEXT_REPLICATION": f"x{end}"}),
    ):
        done = server.script(CHANGE, **now, **new)
        assert done.returncode == 1
        assert f"key {key} holds a line break".encode() in done.stdout
        assert b"NOTHING WAS CHANGED" in done.stdout
    assert opens(server, "app", now["LIVE_APP"])
    assert opens(server, "postgres", now["LIVE_SUPERUSER"])


def test_a_live_password_with_a_line_break_is_named_unless_the_next_one_is_right(
    server: PostgresServer,
) -> None:
    now = live(server)
    broken = {**now, "LIVE_SUPERUSER": f"{now['LIVE_SUPERUSER']}\n"}
    done = server.script(CHANGE, **broken, NEXT_APP="new", NEXT_SUPERUSER="new")
    assert done.returncode == 1
    assert b"key superuser-password holds a line break" in done.stdout
    assert opens(server, "app", now["LIVE_APP"])
    done = server.script(CHANGE, **broken, NEXT_APP="new", NEXT_SUPERUSER=now["LIVE_SUPERUSER"])
    assert done.returncode == 0
    assert opens(server, "app", "new")


def test_only_a_change_asks_anything_of_the_database(server: PostgresServer) -> None:
    now = live(server)
    server.stop()
    same = {"NEXT_APP": now["LIVE_APP"], "NEXT_SUPERUSER": now["LIVE_SUPERUSER"]}
    assert server.script(CHANGE, **now, **same).returncode == 0
    # As many tries, without the pauses.
    done = server.script(CHANGE.replace("sleep 1", ":"), **now, NEXT_APP="new", NEXT_SUPERUSER="new")
    assert done.returncode == 1
    assert b"does not answer" in done.stdout
    server.start()


def test_a_rollback_to_another_mode_changes_nothing(server: PostgresServer) -> None:
    """The live Secret tells the mode: only that of several servers has the replicator's password."""
    now = live(server)
    new = {"NEXT_APP": "new", "NEXT_SUPERUSER": "new"}
    done = server.script(CHANGE, **now, **new, ROLLBACK_TO="move")
    assert done.returncode == 1
    assert "from the middle of a move to another db.mode. NOTHING WAS CHANGED." in done.stdout.decode()
    for mode, to, more in (("standalone", "ha", {}), ("ha", "standalone", {"LIVE_REPLICATION": "r"})):
        done = server.script(CHANGE, **now, **new, **more, ROLLBACK_TO=to)
        assert done.returncode == 1
        told = f"The database is in db.mode {mode}, and this revision is of {to}. NOTHING WAS CHANGED."
        assert told in done.stdout.decode()
        assert opens(server, "app", now["LIVE_APP"])
        assert server.script(CHANGE, **now, **new, **more, ROLLBACK_TO=mode).returncode == 0
        now = {**now, "LIVE_APP": "new", "LIVE_SUPERUSER": "new"}
        new = {"NEXT_APP": "newer", "NEXT_SUPERUSER": "newer"}


def test_a_reset_needs_no_old_password(server: PostgresServer) -> None:
    server.stop()
    assert server.script(RESET, PGDATA="/nowhere", APP_PASSWORD="x", POSTGRES_PASSWORD="x").returncode == 0
    done = server.script(RESET, APP_PASSWORD=ODD, POSTGRES_PASSWORD=ODD)
    assert done.returncode == 0, done.stderr
    server.start()
    assert opens(server, "app", ODD)
    with psycopg.connect(server.url, user="postgres", password=ODD) as connection:
        connection.execute("ALTER ROLE app RENAME TO other")
    server.stop()
    for key, given in (
        ("app-password", {"APP_PASSWORD": "x\n", "POSTGRES_PASSWORD": "x"}),
        ("root", {"APP_PASSWORD": "x", "POSTGRES_PASSWORD": "x\r", "SUPERUSER_KEY": "root"}),
    ):
        done = server.script(RESET, **given)
        assert done.returncode == 1
        assert f"key {key} holds a line break".encode() in done.stderr
    done = server.script(RESET, APP_PASSWORD="very-secret", POSTGRES_PASSWORD="very-secret")
    assert done.returncode == 1
    assert b'role "app" does not exist' in done.stderr
    assert b"very-secret" not in done.stdout + done.stderr
    server.start()
