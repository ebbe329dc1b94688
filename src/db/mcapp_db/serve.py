"""Runs Patroni in the version of pyproject.toml, with the changes that the chart's promises need."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mcapp_db import kube, timelines

CONFIG = Path("/etc/mcapp/patroni/patroni.yaml")
# On a scratch volume of the pod: the configuration on the data's volume stays as mode standalone left it.
OWN_CONFIG = Path("/tmp/patroni.yaml")  # noqa: S108 - an emptyDir of this pod
CONFIG_DIR = Path("/var/run/postgresql/conf")
WAIT_SECONDS = 1.0
# How long a leader race waits for a member that does not answer. The lost leader is always one of these.
RACE_SECONDS = 1


def main(_arguments: Sequence[str]) -> None:
    """Wait until this member may start, then run Patroni in this process."""
    CONFIG_DIR.mkdir(parents=True, exist_ok=True)
    (CONFIG_DIR / "pg_ident.conf").touch()
    founds = os.environ["POD_NAME"] == os.environ["MCAPP_FOUNDER"]
    os.environ["MCAPP_VOLUME"] = os.environ["MCAPP_CLAIM"] if founds else f"data-{os.environ['POD_NAME']}"
    OWN_CONFIG.write_text(os.path.expandvars(CONFIG.read_text()))
    if not founds:
        _wait_for_founder()
    timelines.tidy(Path(os.environ["PGDATA"]))
    _change_patroni()
    from patroni.__main__ import main as patroni

    sys.argv = ["patroni", str(OWN_CONFIG)]
    patroni()


def _wait_for_founder() -> None:
    """Return when the cluster has an identity: no member with an empty volume may create it.

    When a database of one server grows, the founder's volume has the data.
    """
    told = False
    while not kube.annotations_of("configmaps", f"{os.environ['MCAPP_SCOPE']}-config").get("initialize"):
        if not told:
            print(f"Waiting for {os.environ['MCAPP_FOUNDER']} to found the cluster.", flush=True)
            told = True
        time.sleep(WAIT_SECONDS)


def _change_patroni() -> None:
    from patroni.__main__ import Patroni
    from patroni.config import Config
    from patroni.dcs.kubernetes import Kubernetes
    from patroni.ha import Ha
    from patroni.postgresql import Postgresql

    adjust = Config._validate_and_adjust_timeouts
    touch = Kubernetes.touch_member
    ask_all = Ha.fetch_nodes_statuses
    ask_one = Ha.fetch_node_status
    pre_promote = Postgresql._pre_promote

    def shorter_ttl(self: Any, config: dict[str, Any]) -> None:
        """Allow a leader's lease below Patroni's minimum of 20 s, with Patroni's own ratio of the times.

        With synchronous replication the minimum only prevents needless failovers: a leader that was replaced
        and does not know it has no replica left that would let it acknowledge a write.
        """
        ttl = int(config.get("ttl", 0))
        adjust(self, config)
        if 0 < ttl < int(config["ttl"]):
            config["ttl"] = ttl
            config["loop_wait"] = 1
            config["retry_timeout"] = max(3, (ttl - 1) // 2)

    def touch_and_tell(self: Any, data: dict[str, Any]) -> bool:
        """Remove the leader's label from all other pods: a pod on a dead or isolated node cannot do it."""
        done = bool(touch(self, data))
        cluster = self.cluster
        if cluster and cluster.leader and cluster.leader.name == self._name:
            _unlabel_others(self)
        return done

    def unlabel_and_ask_all(self: Any, members: Any) -> Any:
        """Before a leader race, take the lost leader out of the Service.

        kube-proxy needs a second between two changes of a Service. If only the new leader's label were set,
        every other connection would go to the lost leader for that time. A leader that still runs sets its
        label again itself.
        """
        if self.cluster.is_unlocked():
            _unlabel_others(self.dcs)
        return ask_all(self, members)

    def ask_one_shortly(self: Any, member: Any) -> Any:
        """Wait for a member's answer for less than Patroni's 2 s."""
        request = self.patroni.request
        brief = SimpleNamespace(request=partial(_shortly, request))
        return ask_one(SimpleNamespace(patroni=brief), member)

    def claim_and_pre_promote(self: Any) -> bool:
        """Claim the new timeline's number, while this member holds the lease and has written nothing."""
        timelines.claim(Path(self.data_dir))
        return bool(pre_promote(self))

    def trust_the_name(*_: Any) -> None:
        """Send no request to the last address of this member's name: it takes 6 s where the address is gone.

        Kubernetes gives the name to one pod only, and the lock on the volume admits one container only.
        """

    Config._validate_and_adjust_timeouts = shorter_ttl
    Patroni.ensure_unique_name = trust_the_name
    Kubernetes.touch_member = touch_and_tell
    Ha.fetch_nodes_statuses = unlabel_and_ask_all
    Ha.fetch_node_status = ask_one_shortly
    Postgresql._pre_promote = claim_and_pre_promote


def _shortly(request: Callable[..., Any], member: Any, **options: Any) -> Any:
    return request(member, **{**options, "timeout": RACE_SECONDS})


def _unlabel_others(dcs: Any) -> None:
    for name, pod in dcs._pods.copy().items():
        labels = pod.metadata.labels or {}
        if name != dcs._name and labels.get(dcs._role_label) == dcs._leader_label_value:
            body = {"metadata": {"name": name, "labels": {dcs._role_label: None}}}
            try:
                dcs._api.patch_namespaced_pod(name, dcs._namespace, body)
            except Exception as error:
                # The next turn of the loop tries again.
                print(f"The label of {name} stays for now: {error}", flush=True)
