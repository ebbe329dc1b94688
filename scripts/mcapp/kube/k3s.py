"""What a k3s server brings along for those who set up nothing: its kubectl and its kubeconfig."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

CONFIG = Path("/etc/rancher/k3s/k3s.yaml")
KUBECTL = "kubectl"


def command(given: str) -> str:
    """Return the kubectl to call: that of k3s where the usual one was asked for and is not there."""
    if given == KUBECTL and not shutil.which(KUBECTL) and shutil.which("k3s"):
        return f"k3s {KUBECTL}"
    return given


def kubeconfig(given: str) -> str:
    """Return the kubeconfig to use: that of k3s where the user has none, else the one given."""
    if given or _own() or not os.access(CONFIG, os.R_OK):
        return given
    return str(CONFIG)


def is_hidden() -> bool:
    """Tell whether the user has no kubeconfig, and may not read that of k3s."""
    return not _own() and os.access(CONFIG, os.F_OK) and not os.access(CONFIG, os.R_OK)


def _own() -> bool:
    return bool(os.environ.get("KUBECONFIG")) or os.access(Path.home() / ".kube" / "config", os.F_OK)
