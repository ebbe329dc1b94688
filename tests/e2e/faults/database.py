"""Faults of the database that the api logs: its password, its schema, its connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.faults.site import Site


@contextmanager
def other_password(site: Site) -> Iterator[None]:
    site.sql("ALTER ROLE app PASSWORD 'another'")
    try:
        yield
    finally:
        # The remedy's upgrade restarts db, also after the doctor found the release healthy.
        site.wait_rolled_out()
        site.sql(f"ALTER ROLE app PASSWORD '{site.secret('app-password')}'")
        if "resetPasswords: true" in site.helm("get", "values"):
            site.upgrade("db.auth.resetPasswords=false", flags=("--force-conflicts",))
            site.wait_rolled_out()


@contextmanager
def newer_schema(site: Site) -> Iterator[None]:
    site.sql("INSERT INTO app.schema_migrations VALUES (9999, '9999_future.sql', 'x', now())")
    try:
        yield
    finally:
        site.sql("DELETE FROM app.schema_migrations WHERE version = 9999")


_HOG = """
import os, psycopg, sys, time
held = []
try:
    while True:
        held.append(psycopg.connect(os.environ["DATABASE_URL"], application_name="hog"))
except psycopg.OperationalError:
    print("full", flush=True)
time.sleep(120)
"""
# Kills the program above in its pod.
_KILL_HOG = """
import os, signal
for pid in filter(str.isdigit, os.listdir("/proc")):
    if pid not in ("1", str(os.getpid())) and b"hog" in open(f"/proc/{pid}/cmdline", "rb").read():
        os.kill(int(pid), signal.SIGKILL)
"""


@contextmanager
def connections_used_up(site: Site) -> Iterator[None]:
    hog = site.start("exec", "deployment/api", "--", "python", "-c", _HOG)
    try:
        assert hog.stdout
        assert hog.stdout.readline().strip() == "full"
        yield
    finally:
        site.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hog'")
        hog.kill()
        hog.communicate()
        for pod in site.pods("api"):
            site.exec(pod["metadata"]["name"], "python", "-c", _KILL_HOG)
