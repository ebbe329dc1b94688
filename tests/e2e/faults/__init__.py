"""Real faults for the doctor: each breaks one thing on a cluster, and heals it again.

The doctor's remedy is run literally and must heal the release; a fault whose remedy no test can run says why.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.e2e.faults import (
    certificates,
    changes,
    database,
    network,
    nodes,
    objects,
    pods,
    routes,
    storage,
    tables,
)
from tests.e2e.faults.side import IN_SIDE
from tests.e2e.faults.site import Site


@dataclass(frozen=True)
class Fault:
    """A fault, the layer and the cause that the doctor must name, and the doctor's options.

    `by_hand` tells why no test runs the remedy; `title` tells faults of one cause apart.
    """

    cause: str
    layer: str
    happen: Callable[[Site], AbstractContextManager[None]]
    arguments: tuple[str, ...] = ()
    by_hand: str = ""
    title: str = ""

    @property
    def name(self) -> str:
        """The name of its test."""
        return f"{self.cause}: {self.title}" if self.title else self.cause


# Why a remedy is not run.
_INSTALLS = "nothing is broken: the doctor is asked about a release that is not there, and would install it"
_DECISION = "somebody must decide what may go"
_FIREWALL = "the rule is not that of the firewall which the remedy changes"
_NO_PAST = "the release has no earlier revision to go back to"

# Causes of which this table has no fault: where another test makes it, or why none does.
ELSEWHERE = {
    "release-stuck": "test_life.py kills helm in each of its steps",
    "claim-deleting": "test_rescue.py deletes the claim",
    "namespace-terminating": "test_life.py holds one back",
    "node-held-back": "it is whatever a controller has not done yet, and the remedy is to look",
    "node-pressure": "a node that evicts pods would take the rest of the suite with it",
    "unschedulable": "it is whatever else the scheduler says, and the remedy asks for other values",
    "pods-not-created": "it is whatever else a controller says, and the remedy is to fix that",
    "image-architecture": "it needs a node of another architecture",
    "sandbox-failed": "it needs a node without a network plugin, on which nothing else would run",
    "data-version": "the remedy is a dump and a restore, which test_backup.py does",
    "pods-starting": "it passes by itself",
    "no-leader": "test_ha.py loses the leader in every way",
    "split-labels": "a member takes its own label off within seconds; tests/doctor/test_ha.py has it",
    "replica-lagging": "test_ha.py holds a replica back",
    "service-address": "it needs a node without kube-proxy",
    "pod-unreachable": "it is what no other cause explains, and the remedy is to look",
    "web-api": "it is what no other cause explains, and the remedy is to look",
    "api-db": "it is what no other cause explains, and the remedy is to look",
    "db-starting": "it passes by itself",
    "claim-missing": "the remedy begins with an empty volume; test_backup.py restores into one",
    "storageclass-missing": "somebody must choose a class, and the empty claim goes",
    "claim-pending": "it is whatever else a provisioner says, and the remedy is to fix that",
    "volume-node-gone": "it needs a node that never comes back",
    "mount-failed": "the remedy is on the machine's own disk",
    "database-missing": "the name that is right is the user's to know",
    "external-unreachable": "test_external.py makes it: the server is not the doctor's",
    "external-tls": "test_external.py makes it: the server is not the doctor's",
    "external-refuses": "test_external.py makes it: the server is not the doctor's",
}

FAULTS = (
    Fault("namespace-missing", "release", objects.nothing, ("--namespace", "nowhere"), _INSTALLS),
    Fault("release-missing", "release", objects.nothing, ("--release", "another"), _INSTALLS),
    Fault("service-selector", "services", network.wrong_selector),
    Fault("target-port", "services", network.wrong_target_port),
    Fault("service-port", "services", network.wrong_port),
    Fault("service-port", "services", network.wrong_protocol, title="its protocol"),
    Fault("service-type", "services", network.another_name),
    Fault("service-missing", "services", network.service_gone),
    Fault("foreign-endpoint", "services", routes.stranger),
    Fault("foreign-endpoint", "services", routes.dead_address, title="a slice made by hand"),
    Fault("traffic-policy", "services", routes.local_inside),
    Fault("traffic-policy", "services", routes.local_from_outside, title="from outside"),
    Fault("changed-by-hand", "release", routes.other_port),
    Fault("changed-by-hand", "release", routes.two_servers, title="two servers"),
    Fault("nodeport-unreachable", "access", network.port_dropped, by_hand=_FIREWALL),
    Fault("overlay-blocked", "network", network.vxlan_dropped, by_hand=_FIREWALL),
    Fault("path-mtu", "network", routes.narrow_way),
    Fault("hung-process", "network", routes.web_frozen),
    Fault("hung-process", "network", routes.api_frozen, title="api"),
    Fault("hung-process", "network", routes.db_frozen, title="db"),
    Fault("network-policy", "network", tables.dns_denied),
    Fault("policy-changed", "network", network.policy),
    Fault("policy-changed", "network", network.rule_removed, title="outward"),
    Fault("policy-changed", "network", network.policy_gone, title="gone"),
    Fault("locked", "logs", tables.locked),
    Fault("locked", "logs", changes.keys_locked, title="the table of the keys"),
    Fault("locked-prepared", "logs", changes.prepared),
    Fault("table-missing", "logs", tables.table_renamed),
    Fault("table-missing", "logs", changes.keys_renamed, title="the table of the keys"),
    Fault("table-missing", "logs", tables.schema_renamed, title="the schema renamed"),
    Fault("table-missing", "logs", tables.healed_before, title="after another fault"),
    Fault("table-changed", "logs", changes.constraint),
    Fault("table-changed", "logs", changes.trigger, title="a trigger"),
    Fault("table-changed", "logs", changes.column_renamed, title="a column renamed"),
    Fault("table-changed", "logs", changes.rows_hidden, title="row-level security"),
    Fault("database-setting", "logs", changes.other_path),
    Fault("database-renamed", "logs", tables.database_renamed),
    Fault("db-permission", "logs", tables.rights_revoked),
    Fault("db-permission", "logs", changes.ids_revoked, title="the sequence of the ids"),
    Fault("read-only-role", "logs", tables.read_only_role),
    Fault("read-only-role", "logs", tables.read_only_database, title="the whole database"),
    Fault("connection-limit", "logs", tables.few_connections),
    Fault("login-disabled", "logs", tables.no_login),
    Fault("login-disabled", "logs", tables.login_expired, title="expired"),
    Fault("password-rejected", "logs", database.other_password),
    Fault("db-tls", "logs", certificates.ended),
    Fault("db-tls", "logs", certificates.of_another_ca, title="another CA"),
    Fault("tls-expiring", "logs", certificates.ends_soon),
    Fault("bad-migration", "logs", database.newer_schema, by_hand=_NO_PAST),
    Fault("db-connections", "logs", database.connections_used_up, by_hand=_DECISION),
    Fault("scaled-to-zero", "pods", objects.scaled_to_zero),
    Fault("workload-missing", "release", objects.workload_gone),
    Fault("node-full", "nodes", pods.too_large),
    Fault("pod-security", "pods", objects.privileged),
    Fault("crash-loop", "pods", pods.crashing, by_hand=_NO_PAST),
    Fault("out-of-memory", "pods", pods.little_memory),
    Fault(
        "secret-missing",
        "pods",
        objects.secret_gone,
        by_hand="test_lifecycle.py runs it, and needs a db of its own",
    ),
    Fault("dns-down", "network", network.no_dns),
    Fault("dns-wrong", "network", network.other_domain, by_hand=_DECISION),
    Fault("probe-failing", "pods", pods.probe_fails),
    Fault("quota-exceeded", "pods", objects.quota, IN_SIDE, _DECISION),
    Fault("limit-range", "pods", objects.limits, IN_SIDE, _DECISION),
    Fault("no-default-storageclass", "storage", storage.no_default_class, IN_SIDE),
    Fault("provisioner-down", "storage", storage.no_provisioner, IN_SIDE),
    Fault("no-labelled-node", "nodes", nodes.no_label),
    Fault("node-cordoned", "nodes", nodes.cordoned),
    Fault("node-tainted", "nodes", nodes.tainted),
    Fault("volume-affinity", "storage", nodes.label_moved),
    Fault("configmap-missing", "pods", objects.configmap_gone),
    Fault(
        "image-missing", "pods", pods.image_on_other_node, by_hand="the image exists on the other node only"
    ),
    Fault("disk-full", "storage", storage.disk_full, by_hand=_DECISION),
    Fault("node-not-ready", "nodes", nodes.kubelet_stopped),
)
