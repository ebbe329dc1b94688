"""What was added by hand to an object: named, and taken away again by the remedy, as kubectl applies it."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dev.kind.programs import command
from mcapp.doctor.checks import changed
from mcapp.doctor.finding import Diagnosis
from mcapp.doctor.read.snapshot import Object
from mcapp.messages import LANGS, translate
from tests.doctor.test_changed import MULTI, manifest, one, served, snapshot
from tests.support.render import HA, OPTIONS, Values

POD = {
    **{"restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler"},
    **{"securityContext": {}, "terminationGracePeriodSeconds": 30},
}
CONTAINER = {
    **{"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"},
    **{"imagePullPolicy": "IfNotPresent", "resources": {}},
}
PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
DEFAULTS: dict[str, Object] = {
    "Deployment": {
        **{"progressDeadlineSeconds": 600, "revisionHistoryLimit": 10, "replicas": 7},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
    },
    "StatefulSet": {
        **{"podManagementPolicy": "OrderedReady", "revisionHistoryLimit": 10},
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0, "maxUnavailable": 1}},
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    },
    "Service": {
        **{"clusterIP": "10.43.0.9", "clusterIPs": ["10.43.0.9"], "ipFamilies": ["IPv4"]},
        **{"sessionAffinity": "None", "internalTrafficPolicy": "Cluster", "externalTrafficPolicy": "Cluster"},
        **{"allocateLoadBalancerNodePorts": True, "healthCheckNodePort": 31000},
    },
    "PersistentVolumeClaim": {"volumeName": "pvc-1", "volumeMode": "Filesystem", "storageClassName": "local"},
    "NetworkPolicy": {"policyTypes": ["Ingress"]},
}


def under(defaults: Any, item: Any) -> Any:
    """Return an object with these values where it has none."""
    if not isinstance(defaults, dict) or not isinstance(item, dict):
        return item
    return {**defaults, **{key: under(defaults.get(key), value) for key, value in item.items()}}


def stored(item: Object) -> Object:
    """Return an object as the API server and the controllers leave it."""
    found: Object = served(copy.deepcopy(item))
    found["spec"] = under(copy.deepcopy(DEFAULTS[item["kind"]]), found["spec"])
    for port in found["spec"].get("ports", ()):
        port.setdefault("nodePort", 31234)
    template = found["spec"].get("template")
    if template:
        marks = {"kubectl.kubernetes.io/restartedAt": "now", "env": "lab"}
        template["metadata"].setdefault("annotations", {}).update(marks)
        template["metadata"]["labels"]["host"] = "lab"
        template["metadata"]["creationTimestamp"] = None
        template["spec"] = under(POD, template["spec"])
        spec = template["spec"]
        if "serviceAccountName" in spec:
            spec["serviceAccount"] = spec["serviceAccountName"]
        every = (*spec["containers"], *spec.get("initContainers", ()))
        for container in every:
            container.update(under(CONTAINER, container))
            for name in ("livenessProbe", "readinessProbe", "startupProbe"):
                if name in container:
                    container[name] = under(PROBE, container[name])
                    container[name].get("httpGet", {}).setdefault("scheme", "HTTP")
            for variable in container.get("env", ()):
                variable.get("valueFrom", {}).get("fieldRef", {}).setdefault("apiVersion", "v1")
        for volume in spec.get("volumes", ()):
            for source in ("configMap", "secret", "projected"):
                volume.get(source, {}).setdefault("defaultMode", 420)
    return found


@pytest.mark.parametrize("values", [MULTI, OPTIONS, HA], ids=["multi", "every option", "ha"])
def test_what_the_api_server_and_controllers_set_is_no_addition(values: Values) -> None:
    found = manifest(values)
    assert snapshot(found, [stored(item) for item in found]).changes == []


@pytest.fixture(scope="module")
def wanted() -> list[Object]:
    return manifest(MULTI)


def pod(item: Object) -> Object:
    found: Object = item["spec"]["template"]["spec"]
    return found


def container(item: Object) -> Object:
    found: Object = pod(item)["containers"][0]
    return found


def env(item: Object) -> None:
    container(item)["env"].append({"name": "DEBUG", "value": "1"})


def value(item: Object) -> None:
    variable = next(one for one in container(item)["env"] if one["name"] == "NODE_NAME")
    variable["value"] = "lab"
    del variable["valueFrom"]


def sidecar(item: Object) -> None:
    pod(item)["containers"].append({"name": "sidecar", "image": "busybox"})


def volume(item: Object) -> None:
    pod(item)["volumes"].append({"name": "more", "emptyDir": {}})
    container(item)["volumeMounts"].append({"name": "more", "mountPath": "/more"})


def probe(item: Object) -> None:
    del container(item)["readinessProbe"]["httpGet"]
    container(item)["readinessProbe"]["exec"] = {"command": ["false"]}


def udp(item: Object) -> None:
    item["spec"]["ports"].append({"name": "udp", "port": 8000, "protocol": "UDP", "targetPort": 8000})


def account(item: Object) -> None:
    pod(item).update(serviceAccountName="other", serviceAccount="other")


def namespaces(item: Object) -> None:
    item["spec"]["ingress"][0]["from"][0]["namespaceSelector"] = {}


def at(way: str, change: Any) -> Callable[[Object], None]:
    """Return the change that sets a field of an object, or of its container."""

    def make(item: Object) -> None:
        *folders, last = way.split(".")
        found = container(item) if folders[:1] == ["container"] else item["spec"]
        for folder in folders[folders[:1] == ["container"] :]:
            found = found.setdefault(folder, {})
        found[last] = change

    return make


TEMPLATE = "template.spec"
API = "deployment/api"
BOX = "spec.template.spec.containers[api]"
TERM = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"a": "b"}}}
APART = {"requiredDuringSchedulingIgnoredDuringExecution": [TERM]}
ADDITIONS: list[tuple[str, Callable[[Object], None], list[str]]] = [
    (API, at("container.resources.limits.cpu", "10m"), [f"{BOX}.resources.limits.cpu"]),
    (API, at("container.command", ["sleep", "1"]), [f"{BOX}.command"]),
    (API, at("container.args", ["--debug"]), [f"{BOX}.args"]),
    (API, at("container.securityContext.privileged", True), [f"{BOX}.securityContext.privileged"]),
    (API, at("container.livenessProbe.failureThreshold", 1), [f"{BOX}.livenessProbe.failureThreshold"]),
    (API, env, [f"{BOX}.env[DEBUG]"]),
    (API, value, [f"{BOX}.env[NODE_NAME].valueFrom", f"{BOX}.env[NODE_NAME].value"]),
    (API, sidecar, ["spec.template.spec.containers[sidecar]"]),
    (API, volume, [f"{BOX}.volumeMounts[/more]", "spec.template.spec.volumes[more]"]),
    (API, probe, [f"{BOX}.readinessProbe.httpGet", f"{BOX}.readinessProbe.exec"]),
    (API, at(f"{TEMPLATE}.hostNetwork", True), ["spec.template.spec.hostNetwork"]),
    (API, at(f"{TEMPLATE}.nodeSelector.disk", "ssd"), ["spec.template.spec.nodeSelector.disk"]),
    (API, account, ["spec.template.spec.serviceAccountName"]),
    (API, at(f"{TEMPLATE}.affinity.podAntiAffinity", APART), ["spec.template.spec.affinity.podAntiAffinity"]),
    (API, at(f"{TEMPLATE}.dnsPolicy", "Default"), ["spec.template.spec.dnsPolicy"]),
    (API, at("paused", True), ["spec.paused"]),
    (
        "statefulset/db",
        at("updateStrategy.rollingUpdate.partition", 1),
        ["spec.updateStrategy.rollingUpdate.partition"],
    ),
    ("service/api", at("sessionAffinity", "ClientIP"), ["spec.sessionAffinity"]),
    ("service/api", at("externalIPs", ["192.0.2.1"]), ["spec.externalIPs"]),
    ("service/web", at("loadBalancerIP", "192.0.2.1"), ["spec.loadBalancerIP"]),
    ("service/api", udp, ["spec.ports"]),
    ("networkpolicy/db", namespaces, ["spec.ingress"]),
]


def patched(item: Object, patch: str, folder: Path) -> Object:
    """Return an object as kubectl patches it, with the API server's own code."""
    file = folder / "live.json"
    file.write_text(json.dumps(item))
    words = (command("kubectl"), "patch", "--local", "-f", file, "--patch", patch, "-o", "json")
    found: Object = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    return found


@pytest.mark.parametrize(
    ("what", "add", "fields"), ADDITIONS, ids=[str(fields[0]) for _, _, fields in ADDITIONS]
)
def test_an_addition_is_named_and_taken_away(
    wanted: list[Object], tmp_path: Path, what: str, add: Callable[[Object], None], fields: list[str]
) -> None:
    live = [stored(item) for item in wanted]
    kinds = {item["kind"].lower(): item["kind"] for item in wanted}
    kind, _, name = what.partition("/")
    item = one(live, kinds[kind], name)
    add(item)
    shot = snapshot(wanted, live)
    assert [change.field for change in shot.changes] == fields
    diagnosis = Diagnosis("mcapp", "mcapp")
    assert not list(changed.check(shot, diagnosis))
    assert len(diagnosis.warnings) == len(fields)
    for lang in LANGS:
        assert fields[-1] in translate(diagnosis.warnings[-1], lang)
        assert "null" not in translate(diagnosis.warnings[-1], lang)
    step = changed.back(shot, shot.changes)[0].kubectl
    assert step[:2] == ("patch", what)
    found = patched(item, step[-1], tmp_path)
    # From it the API server would take the name again.
    assert add is not account or "serviceAccount" not in pod(found)
    live[live.index(item)] = found
    assert snapshot(wanted, live).changes == []
