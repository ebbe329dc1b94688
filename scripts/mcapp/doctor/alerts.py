"""Which alerts of the chart a cause may raise; the page of each in docs/runbooks names the causes in turn."""

from __future__ import annotations

from collections.abc import Mapping

# What keeps all pods of a tier from their work, or the next tier from reaching them.
_TIER_DOWN = (
    *(
        "node-not-ready",
        "no-labelled-node",
        "node-cordoned",
        "node-tainted",
        "node-held-back",
        "node-pressure",
    ),
    *("node-full", "unschedulable", "changed-by-hand", "namespace-terminating", "workload-missing"),
    *("scaled-to-zero", "quota-exceeded", "pod-security", "pods-not-created", "limit-range", "image-missing"),
    *("image-architecture", "secret-missing", "configmap-missing", "sandbox-failed", "out-of-memory"),
    *("data-version", "crash-loop", "probe-failing", "service-missing", "service-type", "service-selector"),
    *("target-port", "service-port", "foreign-endpoint", "no-leader", "dns-down", "dns-wrong"),
    *("overlay-blocked", "network-policy", "policy-changed", "service-address", "pod-unreachable"),
    *("hung-process", "path-mtu", "web-api", "claim-missing", "no-default-storageclass"),
    *("storageclass-missing", "provisioner-down", "claim-pending", "volume-affinity", "volume-node-gone"),
    *(
        "mount-failed",
        "disk-full",
        "password-rejected",
        "bad-migration",
        "database-missing",
        "database-renamed",
    ),
    *(
        "login-disabled",
        "db-starting",
        "external-unreachable",
        "external-tls",
        "db-tls",
        "external-refuses",
        "api-db",
    ),
)
# What lets requests fail one by one.
_ERRORS = (
    *("db-permission", "locked", "locked-prepared", "table-missing", "read-only-role", "database-setting"),
    *("table-changed", "connection-limit", "db-connections", "disk-full", "no-leader", "foreign-endpoint"),
)

ALERTS: Mapping[str, tuple[str, ...]] = {
    "McappTierDown": _TIER_DOWN,
    "McappNoLeader": ("no-leader", "node-not-ready", "volume-node-gone", "overlay-blocked"),
    "McappReplicaLagging": (
        "replica-lagging",
        "node-not-ready",
        "node-full",
        "image-missing",
        "overlay-blocked",
    ),
    "McappDiskFilling": ("disk-full", "node-pressure"),
    "McappConnectionsRunningOut": ("db-connections", "connection-limit"),
    # The doctor does not look at backups.
    "McappBackupTooOld": (),
    "McappCertificateEnding": ("tls-expiring", "db-tls"),
    "McappWalArchiveFailing": ("disk-full",),
    "McappErrors": _ERRORS,
    "McappSlow": ("locked", "locked-prepared", "node-pressure", "path-mtu"),
    "McappRestarts": ("crash-loop", "out-of-memory", "probe-failing", "data-version", "bad-migration"),
}


def alerts_of(cause: str) -> list[str]:
    """Return the alerts that a cause may raise."""
    return [alert for alert, causes in ALERTS.items() if cause in causes]
