"""What the release and its cluster refuse: packets to the outside, logins, privileges."""

from __future__ import annotations

import os
import subprocess

import pytest

from dev.kind.docker import docker
from dev.kind.programs import command
from tests.e2e.conftest import NAME, Up

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"
LAPTOP = f"{NAME}-control-plane"


def test_nothing_leaves_the_machine(installed: Up) -> None:
    # From the nodes, with whose addresses pods appear outside: the api's own attempt would end at its policy.
    def connect(node: str, host: str, port: int) -> str:
        attempt = f"timeout 20 bash -c 'exec 3<>/dev/tcp/{host}/{port}' 2>/dev/null; echo $?"
        return docker("exec", node, "bash", "-c", attempt)

    for node in installed.cluster.containers():
        # TEST-NET-1 has no hosts. Refused at once it gives 1; packets dropped on their way would give 124.
        assert connect(node, "192.0.2.1", 443) == "1"
        assert connect(node, LAPTOP, 6443) == "0"


# Tries each address that a pod or a shell on db's node could use, for both roles; prints those that are open.
PROBE = """
for host in /var/run/postgresql 127.0.0.1 "$(hostname -i)"; do
  for role in postgres app; do
    PGPASSWORD=$1 psql -w -h "$host" -U "$role" -d "$POSTGRES_DB" -c "" >/dev/null 2>&1 && echo "$role $host"
  done
done
true
"""


def test_the_database_asks_everybody_for_a_password_by_scram_alone(installed: Up) -> None:
    release = installed.release
    methods = release.sql("SELECT DISTINCT auth_method FROM pg_hba_file_rules ORDER BY 1")
    # The role with which members copy opens no database.
    assert methods == ["reject", "scram-sha-256"]
    stored = "SELECT DISTINCT split_part(rolpassword, '$', 1) FROM pg_authid WHERE rolcanlogin"
    assert release.sql(stored) == ["SCRAM-SHA-256"]

    def opened(password: str) -> list[str]:
        return release.exec("db-0", "sh", "-c", PROBE, "sh", password).splitlines()

    assert opened("") == opened("wrong") == []
    right = opened(release.exec("db-0", "printenv", "POSTGRES_PASSWORD"))
    assert len(right) == 3
    assert all(line.startswith("postgres ") for line in right)


def test_pod_security_restricted_finds_nothing(installed: Up) -> None:
    namespace = installed.release.namespace
    label = ("--dry-run=server", "--overwrite", "pod-security.kubernetes.io/enforce=restricted")
    done = subprocess.run(
        [command("kubectl"), "label", "namespace", namespace, "kube-system", *label],
        env={**os.environ, **installed.cluster.env()},
        capture_output=True,
        text=True,
        check=True,
    )
    # kube-system's own pods show that the check works.
    assert 'existing pods in namespace "kube-system" violate' in done.stderr
    assert f'"{namespace}"' not in done.stderr
