"""Which test shows what: CAPABILITIES names what `make test` runs; `make test-all` runs every test.

A test on the cluster that stands in no row, and a test marked `thorough`, is for `make test-rest`. One that
is marked `long` is for `make test-all` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Capability(NamedTuple):
    """One thing that the product can do: the tests of `make test`, and what `make test-all` adds in words."""

    what: str
    core: tuple[str, ...]
    more: str


# A name without brackets stands for all of a test's parameters. Folders stand for tests without a cluster.
CAPABILITIES = (
    Capability(
        "The api: its answers, its patience with a database that is away, its limits",
        ("tests/api",),
        "half a minute of random requests for each operation",
    ),
    Capability(
        "The page in Chromium: tasks, picture, outages, both languages, accessibility",
        ("tests/page",),
        "",
    ),
    Capability(
        "The chart: every object, every wrong value, all versions of Kubernetes",
        ("tests/chart",),
        "a tenth of the wrong values at a real install",
    ),
    Capability("genvalues: every inventory, every refusal, both languages", ("tests/genvalues",), ""),
    Capability("preflight: two machines, ports, firewalls", ("tests/preflight",), ""),
    Capability(
        "`mcapp images` over ssh: cut off, damaged, refused; `mcapp up`",
        ("tests/images", "tests/up"),
        "`mcapp up` on a cluster: an upgrade, a first install, an image that is missing",
    ),
    Capability(
        "Topology single: every tier on one node",
        ("test_multi.py::test_topology_single_runs_every_tier_on_one_node",),
        "`make up` on a cluster of one node with both IP families, refusals, a lost Secret",
    ),
    Capability(
        "`make up`, two nodes, and again",
        (
            "test_multi.py::test_each_tier_landed_where_it_belongs",
            "test_multi.py::test_the_report_tells_where_everything_is",
            "test_multi.py::test_the_values_were_discovered",
            "test_multi.py::test_again_changes_nothing",
        ),
        "another build, another topology, a reboot of both nodes, the archive of images",
    ),
    Capability(
        "A row through every node's port; names and places of the tiers",
        (
            "test_multi.py::test_a_row_goes_through_every_nodes_port",
            "test_multi.py::test_the_topology_names_the_nodes",
            "test_multi.py::test_the_names_resolve_inside",
            "test_multi.py::test_the_page_adds_a_task_and_names_the_databases_node",
        ),
        "the row after its pod's end",
    ),
    Capability(
        "`helm test` passes, and fails",
        ("test_multi.py::test_helm_test_passes_and_fails_with_the_database_whose_absence_restarts_nothing",),
        "",
    ),
    Capability(
        "Upgrade from the chart before, rollback; uninstall, reinstall on the kept volume",
        (
            "test_multi.py::test_upgrade_from_the_version_before_and_back",
            "test_multi.py::test_uninstalled_and_installed_again",
        ),
        "the same on one node; a lost Secret; refused installs and upgrades; a claim that grows",
    ),
    Capability(
        "`ct lint` and `ct install`",
        ("test_multi.py::test_ct_installs_one_ci_values_file",),
        "the other ci values files",
    ),
    Capability(
        "The doctor on a healthy release, and on one fault of each layer",
        (
            "test_doctor.py::test_a_healthy_release_is_found_healthy_and_timed",
            "test_doctor.py::test_fault[node-cordoned]",
            "test_doctor.py::test_fault[workload-missing]",
            "test_doctor.py::test_fault[scaled-to-zero]",
            "test_doctor.py::test_fault[service-selector]",
            "test_doctor.py::test_fault[overlay-blocked]",
            "test_doctor.py::test_fault[disk-full]",
            "test_doctor.py::test_fault[password-rejected]",
            "test_doctor.py::test_fault[nodeport-unreachable]",
            "tests/doctor",
        ),
        "every fault of the table, a viewer's rights, --fix, a rolling update",
    ),
    Capability(
        "A release in the middle of something: helm killed, a claim or a namespace being deleted",
        ("tests/doctor", "tests/backup"),
        "helm killed in an upgrade, an install, an uninstall; the rescue, killed at every step",
    ),
    Capability(
        "Backup and restore",
        ("test_backup.py::test_a_backup_is_listed_and_good", "test_backup.py::test_wiped_and_restored"),
        "killed, damaged, into another namespace, by the CronJob",
    ),
    Capability(
        "The database moved there and back",
        ("test_move.py::test_there_and_back",),
        "killed at every step, under writes",
    ),
    Capability(
        "No acknowledged write is lost",
        ("test_faults.py::test_no_acknowledged_write_is_lost[postmaster killed (SIGKILL)]",),
        "every fault of the table, a short soak",
    ),
    Capability(
        "No request fails during a rollout",
        ("test_rollout.py::test_no_request_fails_while_web_and_api_are_replaced[some]",),
        "every way to replace them; what replaces which pods; passwords changed under load",
    ),
    Capability(
        "NetworkPolicies let through what the chain needs, and nothing else; `restricted`",
        (
            "test_security.py::test_nothing_leaves_the_machine",
            "test_security.py::test_pod_security_restricted_finds_nothing",
            "test_network.py::test_what_the_chain_needs_is_let_through",
            "test_network.py::test_all_else_is_refused",
            "test_network.py::test_without_the_policies_it_gets_through",
        ),
        "what a listener between the nodes reads of the database; to plain connections and back under load",
    ),
    Capability(
        "A database outside of the cluster", (), "TLS, every cause that the doctor names, the way back"
    ),
    Capability(
        "From a registry: `make dist`, `make publish`, an install by its address",
        ("tests/artifacts",),
        "a real registry, the release workflow's steps, the nodes' pulls; arm64 by qemu, Debian 12 and 13, "
        "a user without root",
    ),
    Capability("Autoscalers, Ingress, Gateway API, metrics", ("tests/chart",), "admitted by the API server"),
    Capability(
        "A database on three nodes",
        ("tests/chart",),
        "upgrades, a refused change of mode, a lost volume; its leader lost in every way (four nodes); "
        "one server made several and one again, killed at every step",
    ),
)


def core() -> set[str]:
    """Return the tests on the cluster that `make test` runs, as `file::test` or `file::test[parameter]`."""
    return {name for row in CAPABILITIES for name in row.core if "::" in name}


def is_core(nodeid: str) -> bool:
    """Tell whether `make test` runs this test on the cluster."""
    name = nodeid.rpartition("/")[2]
    return bool({name, name.partition("[")[0]} & core())


def table() -> Iterator[str]:
    """Yield the lines of CONTRIBUTING's table."""
    yield "| what | `make test` | `make test-all` adds |"
    yield "| --- | --- | --- |"
    for row in CAPABILITIES:
        files = dict.fromkeys(name.partition("::")[0] for name in row.core)
        counted = {file: sum(name.partition("::")[0] == file for name in row.core) for file in files}
        shown = (f"{file}: {counted[file]}" if file.endswith(".py") else f"{file}: all" for file in files)
        yield f"| {row.what} | {', '.join(shown) or 'nothing'} | {row.more or 'nothing'} |"
