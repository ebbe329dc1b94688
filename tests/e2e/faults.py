"""Real faults for the doctor: each breaks one thing on a cluster and heals it again."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from dev.kind.cluster import Cluster
from dev.kind.docker import docker
from dev.kind.process import output, succeeds
from dev.kind.programs import command
from dev.kind.release import Release
from dev.load.disks import filled, own_disk
from mcapp.config import CHART

NAMESPACE = "mcapp"
SIDE = "doctor-side"
SIDE_VALUES = "web.service.type=ClusterIP,api.replicas=1,db.persistence.keep=false"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_NOT_APPLIED = ("resourceVersion", "uid", "creationTimestamp", "managedFields", "generation")


@dataclass(frozen=True)
class Bench:
    """The cluster under the faults: a laptop with web and api, a lab machine with db."""

    cluster: Cluster

    @property
    def laptop(self) -> str:
        return f"{self.cluster.name}-control-plane"

    @property
    def lab(self) -> str:
        return f"{self.cluster.name}-worker"

    def kubectl(self, *arguments: str) -> str:
        return self.cluster.kubectl(*arguments)

    def space(self, *arguments: str) -> str:
        return self.cluster.kubectl("-n", NAMESPACE, *arguments)

    def patch(self, what: str, change: dict[str, Any], *flags: str) -> None:
        self.space("patch", what, "--patch", json.dumps(change), *flags)

    def apply(self, manifest: str) -> None:
        output([command("kubectl"), "apply", "-f", "-"], env=self.cluster.env(), stdin=manifest)

    def restore(self, manifest: str) -> None:
        """Make an object again as it was, in Helm's name: fields of another owner would stop an upgrade."""
        as_helm = ("--server-side", "--field-manager", "helm", "--force-conflicts")
        output([command("kubectl"), "apply", *as_helm, "-f", "-"], env=self.cluster.env(), stdin=manifest)

    def delete(self, manifest: str) -> None:
        output([command("kubectl"), "delete", "-f", "-"], env=self.cluster.env(), stdin=manifest)

    def saved(self, what: str) -> str:
        """Return an object as it can be applied again."""
        item = self.cluster.get(what, "-n", NAMESPACE)
        for key in _NOT_APPLIED:
            item["metadata"].pop(key, None)
        item.pop("status", None)
        return json.dumps(item)

    def restart_db(self) -> None:
        self.space("delete", "pod", "db-0", "--wait=true", "--grace-period=5")

    def sql(self, statement: str) -> None:
        Release(self.cluster).sql(statement)

    def secret(self, key: str) -> str:
        data = self.cluster.get("secret", "postgres-secret", "-n", NAMESPACE)["data"]
        return base64.b64decode(data[key]).decode()

    def on(self, node: str, *words: str) -> None:
        docker("exec", node, *words)

    def ready(self) -> None:
        self.space(
            "rollout", "status", "statefulset/db", "deployment/api", "deployment/web", "--timeout=150s"
        )


Break = Callable[[Bench], AbstractContextManager[None]]


@dataclass(frozen=True)
class Fault:
    """What is broken, what the doctor must call it, and what else it is told."""

    cause: str
    layer: str
    break_: Break
    arguments: tuple[str, ...] = ()


@contextmanager
def no_label(bench: Bench) -> Iterator[None]:
    bench.kubectl("label", "node", bench.lab, "role-")
    try:
        bench.restart_db()
        yield
    finally:
        bench.kubectl("label", "node", bench.lab, "role=database", "--overwrite")


@contextmanager
def kubelet_stopped(bench: Bench) -> Iterator[None]:
    bench.on(bench.lab, "systemctl", "stop", "kubelet")
    try:
        bench.kubectl("wait", "--for=condition=Ready=Unknown", f"node/{bench.lab}", "--timeout=120s")
        yield
    finally:
        bench.on(bench.lab, "systemctl", "start", "kubelet")
        bench.kubectl("wait", "--for=condition=Ready", f"node/{bench.lab}", "--timeout=60s")


@contextmanager
def cordoned(bench: Bench) -> Iterator[None]:
    bench.kubectl("cordon", bench.lab)
    try:
        bench.restart_db()
        yield
    finally:
        bench.kubectl("uncordon", bench.lab)


@contextmanager
def tainted(bench: Bench) -> Iterator[None]:
    bench.kubectl("taint", "node", bench.lab, "course=exam:NoSchedule")
    try:
        bench.restart_db()
        yield
    finally:
        bench.kubectl("taint", "node", bench.lab, "course=exam:NoSchedule-")


@contextmanager
def label_moved(bench: Bench) -> Iterator[None]:
    bench.kubectl("label", "node", bench.lab, "role-")
    bench.kubectl("label", "node", bench.laptop, "role=database")
    try:
        bench.restart_db()
        yield
    finally:
        bench.kubectl("label", "node", bench.laptop, "role-")
        bench.kubectl("label", "node", bench.lab, "role=database", "--overwrite")


@contextmanager
def side_release(bench: Bench, *settings: str) -> Iterator[None]:
    """Install a second release, which waits for whatever is broken, and take it away without a trace."""
    helm, env = command("helm"), bench.cluster.env()
    values = ("--set", ",".join((SIDE_VALUES, *settings)))
    where = ("--namespace", SIDE)
    try:
        output([helm, "install", "side", CHART, *where, "--create-namespace", *values], env=env)
        yield
    finally:
        succeeds([helm, "uninstall", "side", *where, "--no-hooks"], env=env)
        # Nothing of it is worth an orderly end.
        bench.kubectl("-n", SIDE, "delete", "pods", "--all", "--force", "--grace-period=0")
        bench.kubectl("delete", "namespace", SIDE, "--ignore-not-found", "--wait=true")


@contextmanager
def no_default_class(bench: Bench) -> Iterator[None]:
    (name,) = (item["metadata"]["name"] for item in bench.cluster.get("storageclasses")["items"])
    bench.kubectl("annotate", "storageclass", name, f"{DEFAULT_CLASS}=false", "--overwrite")
    try:
        with side_release(bench):
            yield
    finally:
        bench.kubectl("annotate", "storageclass", name, f"{DEFAULT_CLASS}=true", "--overwrite")


@contextmanager
def no_provisioner(bench: Bench) -> Iterator[None]:
    scale = ("-n", "local-path-storage", "scale", "deployment/local-path-provisioner", "--replicas")
    bench.kubectl(*scale, "0")
    try:
        with side_release(bench):
            yield
    finally:
        bench.kubectl(*scale, "1")


@contextmanager
def quota(bench: Bench) -> Iterator[None]:
    bench.kubectl("create", "namespace", SIDE)
    bench.kubectl("-n", SIDE, "create", "quota", "course", "--hard=pods=0")
    with side_release(bench):
        yield


@contextmanager
def _changed(bench: Bench, what: str, change: dict[str, Any]) -> Iterator[None]:
    """Change a workload's pod; afterwards go back to what it was, with the pods that were there."""
    saved = bench.saved(what)
    before = json.loads(saved)["spec"]["template"]
    bench.patch(what, {"spec": {"template": change}})
    try:
        yield
    finally:
        bench.restore(saved)
        # What the change has added, the object as it was does not name.
        whole = json.dumps([{"op": "replace", "path": "/spec/template", "value": before}])
        bench.space("patch", what, "--type=json", "--patch", whole)
        if what.startswith("statefulset"):
            bench.space("delete", "pod", "db-0", "--grace-period=5")


def _container(name: str, **change: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": name, **change}]}}


@contextmanager
def privileged(bench: Bench) -> Iterator[None]:
    enforce = "pod-security.kubernetes.io/enforce"
    bench.kubectl("label", "namespace", NAMESPACE, f"{enforce}=restricted", "--overwrite")
    try:
        change = _container("nginx", securityContext={"allowPrivilegeEscalation": True})
        with _changed(bench, "deployment/web", change):
            yield
    finally:
        bench.kubectl("label", "namespace", NAMESPACE, f"{enforce}-")


@contextmanager
def image_on_other_node(bench: Bench) -> Iterator[None]:
    ctr = ("ctr", "--namespace", "k8s.io", "images")
    there, copy = "docker.io/library/postgres:16", "docker.io/library/postgres:laptop"
    bench.on(bench.laptop, *ctr, "tag", "--force", there, copy)
    try:
        with _changed(
            bench, "statefulset/db", _container("postgres", image="postgres:laptop", imagePullPolicy="Never")
        ):
            yield
    finally:
        bench.on(bench.laptop, *ctr, "rm", copy)


@contextmanager
def little_memory(bench: Bench) -> Iterator[None]:
    resources = {"requests": {"memory": "16Mi"}, "limits": {"memory": "24Mi"}}
    with _changed(bench, "deployment/api", _container("api", resources=resources)):
        yield


@contextmanager
def too_large(bench: Bench) -> Iterator[None]:
    with _changed(bench, "deployment/web", _container("nginx", resources={"requests": {"cpu": "500"}})):
        yield


@contextmanager
def crashing(bench: Bench) -> Iterator[None]:
    script = "echo 'nginx: [emerg] host not found in upstream' >&2; exit 3"
    with _changed(bench, "deployment/web", _container("nginx", command=["sh", "-c", script])):
        yield


@contextmanager
def probe_fails(bench: Bench) -> Iterator[None]:
    probe = {"httpGet": {"path": "/nothing-here", "port": "http"}, "periodSeconds": 2}
    with _changed(bench, "deployment/web", _container("nginx", readinessProbe=probe)):
        yield


@contextmanager
def _gone(bench: Bench, what: str) -> Iterator[None]:
    """Delete an object and make it again as it was."""
    saved = bench.saved(what)
    bench.space("delete", what)
    try:
        yield
    finally:
        bench.restore(saved)


@contextmanager
def secret_gone(bench: Bench) -> Iterator[None]:
    with _gone(bench, "secret/postgres-secret"):
        bench.space("rollout", "restart", "deployment/api")
        yield


@contextmanager
def configmap_gone(bench: Bench) -> Iterator[None]:
    with _gone(bench, "configmap/postgres-init"):
        bench.restart_db()
        yield
    # The kubelet tries a mount again only after a while.
    bench.restart_db()


@contextmanager
def workload_gone(bench: Bench) -> Iterator[None]:
    with _gone(bench, "deployment/web"):
        yield


@contextmanager
def service_gone(bench: Bench) -> Iterator[None]:
    with _gone(bench, "service/db"):
        yield


@contextmanager
def scaled_to_zero(bench: Bench) -> Iterator[None]:
    bench.space("scale", "deployment/web", "--replicas=0")
    try:
        yield
    finally:
        bench.space("scale", "deployment/web", "--replicas=1")


@contextmanager
def _service_changed(bench: Bench, what: str, change: dict[str, Any]) -> Iterator[None]:
    saved = json.loads(bench.saved(what))["spec"]
    bench.patch(what, {"spec": change})
    try:
        yield
    finally:
        bench.patch(what, {"spec": {"selector": saved["selector"], "ports": saved["ports"]}}, "--type=merge")


@contextmanager
def wrong_selector(bench: Bench) -> Iterator[None]:
    with _service_changed(bench, "service/api", {"selector": {"app.kubernetes.io/component": "backend"}}):
        yield


@contextmanager
def wrong_target_port(bench: Bench) -> Iterator[None]:
    with _service_changed(bench, "service/api", {"ports": [{"port": 8000, "targetPort": 8080}]}):
        yield


@contextmanager
def wrong_port(bench: Bench) -> Iterator[None]:
    ports = [{"name": "http", "port": 8000, "$patch": "delete"}, {"name": "other", "port": 8001}]
    with _service_changed(bench, "service/api", {"ports": ports}):
        yield


@contextmanager
def no_dns(bench: Bench) -> Iterator[None]:
    scale = ("-n", "kube-system", "scale", "deployment/coredns", "--replicas")
    bench.kubectl(*scale, "0")
    try:
        bench.kubectl("-n", "kube-system", "delete", "pod", "-l", "k8s-app=kube-dns", "--grace-period=1")
        yield
    finally:
        bench.kubectl(*scale, "2")
        bench.kubectl("-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=90s")


@contextmanager
def _rule(bench: Bench, node: str, *rule: str) -> Iterator[None]:
    """Put a firewall rule into a node and take it out again."""
    table, chain, *rest = rule
    bench.on(node, "iptables", "-w", "-t", table, "-I", chain, *rest)
    try:
        yield
    finally:
        bench.on(node, "iptables", "-w", "-t", table, "-D", chain, *rest)


@contextmanager
def vxlan_dropped(bench: Bench) -> Iterator[None]:
    with _rule(bench, bench.lab, "filter", "INPUT", "-p", "udp", "--dport", "8472", "-j", "DROP"):
        yield


@contextmanager
def port_dropped(bench: Bench) -> Iterator[None]:
    with _rule(bench, bench.lab, "raw", "PREROUTING", "-p", "tcp", "--dport", "30080", "-j", "DROP"):
        yield


@contextmanager
def policy(bench: Bench) -> Iterator[None]:
    """Let the policy of db admit some backend instead of api."""
    saved = bench.saved("networkpolicy/db")
    peer = {"podSelector": {"matchLabels": {"app.kubernetes.io/component": "backend"}}}
    bench.patch("networkpolicy/db", {"spec": {"ingress": [{"from": [peer]}]}}, "--type=merge")
    try:
        yield
    finally:
        bench.restore(saved)


@contextmanager
def other_password(bench: Bench) -> Iterator[None]:
    bench.sql("ALTER ROLE app PASSWORD 'another'")
    try:
        yield
    finally:
        bench.sql(f"ALTER ROLE app PASSWORD '{bench.secret('app-password')}'")


@contextmanager
def newer_schema(bench: Bench) -> Iterator[None]:
    bench.sql("INSERT INTO app.schema_migrations VALUES (9999, '9999_future.sql', 'x', now())")
    try:
        yield
    finally:
        bench.sql("DELETE FROM app.schema_migrations WHERE version = 9999")


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


@contextmanager
def connections_used_up(bench: Bench) -> Iterator[None]:
    exec_ = ("-n", NAMESPACE, "exec", "deployment/api", "--", "python", "-c", _HOG)
    own = {**os.environ, **bench.cluster.env()}
    hog = subprocess.Popen([command("kubectl"), *exec_], env=own, stdout=subprocess.PIPE, text=True)
    try:
        assert hog.stdout
        assert hog.stdout.readline().strip() == "full"
        yield
    finally:
        bench.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hog'")
        hog.kill()
        hog.communicate()
        stop = (
            "import os, signal; [os.kill(int(p), 9) for p in os.listdir('/proc') if p.isdigit() and p != '1'"
        )
        stop += " and int(p) != os.getpid() and b'hog' in open(f'/proc/{p}/cmdline', 'rb').read()]"
        for pod in bench.cluster.get("pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/component=api")[
            "items"
        ]:
            bench.space("exec", pod["metadata"]["name"], "--", "python", "-c", stop)


@contextmanager
def disk_full(bench: Bench) -> Iterator[None]:
    release = Release(bench.cluster)
    with own_disk(release), filled(release):
        yield


@contextmanager
def nothing(bench: Bench) -> Iterator[None]:
    """Break nothing: the doctor is asked for what is not there."""
    del bench
    yield


IN_SIDE = ("--namespace", SIDE, "--release", "side")
FAULTS = (
    Fault("namespace-missing", "release", nothing, ("--namespace", "nowhere")),
    Fault("release-missing", "release", nothing, ("--release", "another")),
    Fault("service-selector", "services", wrong_selector),
    Fault("target-port", "services", wrong_target_port),
    Fault("service-port", "services", wrong_port),
    Fault("service-missing", "services", service_gone),
    Fault("nodeport-unreachable", "access", port_dropped),
    Fault("overlay-blocked", "network", vxlan_dropped),
    Fault("network-policy", "network", policy),
    Fault("password-rejected", "logs", other_password),
    Fault("bad-migration", "logs", newer_schema),
    Fault("db-connections", "logs", connections_used_up),
    Fault("scaled-to-zero", "pods", scaled_to_zero),
    Fault("workload-missing", "release", workload_gone),
    Fault("node-full", "nodes", too_large),
    Fault("pod-security", "pods", privileged),
    Fault("crash-loop", "pods", crashing),
    Fault("out-of-memory", "pods", little_memory),
    Fault("secret-missing", "pods", secret_gone),
    Fault("dns-down", "network", no_dns),
    Fault("probe-failing", "pods", probe_fails),
    Fault("quota-exceeded", "pods", quota, IN_SIDE),
    Fault("no-default-storageclass", "storage", no_default_class, IN_SIDE),
    Fault("provisioner-down", "storage", no_provisioner, IN_SIDE),
    Fault("no-labelled-node", "nodes", no_label),
    Fault("node-cordoned", "nodes", cordoned),
    Fault("node-tainted", "nodes", tainted),
    Fault("volume-affinity", "storage", label_moved),
    Fault("configmap-missing", "pods", configmap_gone),
    Fault("image-missing", "pods", image_on_other_node),
    Fault("disk-full", "storage", disk_full),
    Fault("node-not-ready", "nodes", kubelet_stopped),
)
