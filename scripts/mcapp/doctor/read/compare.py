"""Live objects compared with what Helm installed: what was changed, removed or added by hand since.

An addition is a field of a list below, in which the API server and its controllers set nothing by themselves.
The owners in metadata.managedFields do not tell: who writes a whole object owns the server's defaults, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from mcapp.doctor.finding import Evidence
from mcapp.kube.quantity import millis

Object = dict[str, Any]
# A way to a field, the value that Helm set, the live value, and the patch that sets it back.
Difference = tuple[tuple[str, ...], Any, Any, Object]

# By which field the API server tells the elements of these lists apart; other lists are replaced whole.
_KEYS = {
    **dict.fromkeys(("containers", "initContainers", "env", "volumes", "imagePullSecrets"), ("name",)),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey",),
    "volumeDevices": ("devicePath",),
    "volumeMounts": ("mountPath",),
    "ports": ("containerPort", "port"),
}
_REPLACE = {"$patch": "replace"}
# Any key more in one of these is an addition; in the others below, none is.
_EXACT = ("selector", "matchLabels", "nodeSelector", "limits", "requests")
_FREE = ("annotations", "labels")
# Fields in which a value other than this one is an addition; None: any value is.
_UNSET: dict[str, Any] = {
    # Where a pod runs, and as what.
    **dict.fromkeys(
        ("affinity", "nodeAffinity", "podAffinity", "podAntiAffinity", "tolerations", "nodeName")
    ),
    **dict.fromkeys(("requiredDuringSchedulingIgnoredDuringExecution", "topologySpreadConstraints")),
    **dict.fromkeys(("preferredDuringSchedulingIgnoredDuringExecution", "runtimeClassName")),
    **dict.fromkeys(
        ("hostNetwork", "hostPID", "hostIPC", "hostAliases", "hostPort", "hostname", "subdomain")
    ),
    **dict.fromkeys(("priorityClassName", "imagePullSecrets", "dnsConfig", "activeDeadlineSeconds")),
    **dict.fromkeys(("serviceAccountName", "automountServiceAccountToken", "shareProcessNamespace")),
    **{
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "terminationGracePeriodSeconds": 30,
    },
    # Its containers and volumes.
    **dict.fromkeys(("containers", "initContainers", "volumes", "volumeMounts", "volumeDevices", "ports")),
    **dict.fromkeys(("command", "args", "env", "envFrom", "workingDir", "value", "valueFrom", "subPath")),
    **dict.fromkeys(("secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef", "readOnly")),
    **dict.fromkeys(("hostPath", "persistentVolumeClaim", "configMap", "secret", "projected")),
    **dict.fromkeys(("csi", "nfs", "ephemeral", "sizeLimit", "medium")),
    # What a container may do.
    **dict.fromkeys(("privileged", "allowPrivilegeEscalation", "readOnlyRootFilesystem", "runAsNonRoot")),
    **dict.fromkeys(("runAsUser", "runAsGroup", "fsGroup", "supplementalGroups", "seccompProfile")),
    **dict.fromkeys(("capabilities", "add", "drop", "sysctls")),
    # When it counts as well.
    **dict.fromkeys(("livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "postStart", "preStop")),
    **dict.fromkeys(("exec", "httpGet", "tcpSocket", "grpc", "host", "httpHeaders", "initialDelaySeconds")),
    **{"scheme": "HTTP", "timeoutSeconds": 1, "periodSeconds": 10},
    **{"successThreshold": 1, "failureThreshold": 3},
    # How pods are replaced.
    **{"paused": None, "minReadySeconds": None, "partition": None, "progressDeadlineSeconds": 600},
    **{"whenDeleted": "Retain", "whenScaled": "Retain"},
    **{"strategy.type": "RollingUpdate", "updateStrategy.type": "RollingUpdate"},
    # Services.
    **dict.fromkeys(("externalName", "externalIPs", "loadBalancerIP", "loadBalancerSourceRanges")),
    **dict.fromkeys(("sessionAffinityConfig", "publishNotReadyAddresses", "trafficDistribution")),
    **{"protocol": "TCP", "sessionAffinity": "None"},
    **{"internalTrafficPolicy": "Cluster", "externalTrafficPolicy": "Cluster"},
    # NetworkPolicies.
    **dict.fromkeys(("ingress", "egress", "from", "to", "except", "endPort", "matchExpressions", "ipBlock")),
}
# Of these an empty one counts, too.
_EMPTY_COUNTS = ("namespaceSelector", "emptyDir")
# The API server keeps the older name of the field, and takes the value from there.
_ALIASES = {"serviceAccountName": {"serviceAccount": None}}
_SHOWN = 120


class Change(NamedTuple):
    """A field of an object that is not as Helm set it; `found` None and no `field`: the object is gone.

    `wanted` None: Helm did not set the field. `patch` sets it back.
    """

    what: str
    tier: str
    field: str
    wanted: Any
    found: Any
    patch: Object

    @property
    def gone(self) -> bool:
        """Whether the whole object is gone."""
        return not self.field

    @property
    def line(self) -> Evidence:
        """The change as evidence."""
        if self.gone:
            return Evidence("changed by hand", f"{self.what} is gone")
        right = "Helm did not set it" if self.wanted is None else f"Helm set {short(self.wanted)}"
        return Evidence("changed by hand", f"{self.what} {self.field} is {short(self.found)}, {right}")


def changes(
    objects: Iterable[Object],
    find: Callable[[str, str], Object | None],
    readable: Callable[[str], bool],
    tier: Callable[[Object], str],
) -> list[Change]:
    """Return every field in which a live object differs from the manifest's."""
    found: list[Change] = []
    for wanted in objects:
        kind, name = str(wanted.get("kind")), str((wanted.get("metadata") or {}).get("name"))
        live, what = find(kind, name), f"{kind.lower()}/{name}"
        if live is None:
            found += [Change(what, tier(wanted), "", wanted, None, {})] if readable(kind) else []
            continue
        for way, right, now, patch in _differences(wanted.get("spec") or {}, live.get("spec") or {}):
            field = ".".join(("spec", *way))
            found.append(Change(what, tier(wanted), field, right, now, {"spec": patch}))
    return found


def _differences(wanted: Object, live: Object, field: str = "") -> Iterator[Difference]:
    """Yield where a live mapping differs."""
    for key, right in wanted.items():
        now = live.get(key)
        if right is None:
            # A null leaves the field to the API server.
            continue
        if isinstance(right, dict) and isinstance(now, dict):
            yield from _below(key, right, now)
        elif key in _KEYS and _keyed(right, key) and _keyed(now, key):
            yield from _elements(key, right, now)
        elif not _same(right, now):
            whole = [*right, _REPLACE] if key in _KEYS and isinstance(right, list) and now else right
            yield (key,), right, now, {key: whole}
    for key, now in live.items():
        if wanted.get(key) is not None or field in _FREE:
            continue
        if field in _EXACT or _added(field, key, now):
            yield (key,), None, now, {key: None, **_ALIASES.get(key, {})}
        elif isinstance(now, dict):
            yield from _below(key, {}, now)


def _below(key: str, wanted: Object, live: Object) -> Iterator[Difference]:
    for way, right, now, patch in _differences(wanted, live, key):
        yield (key, *way), right, now, {key: patch}


def _added(field: str, key: str, value: Any) -> bool:
    """Whether a field that Helm did not set has a value that the API server does not give it."""
    if key in _EMPTY_COUNTS:
        return True
    known = next((one for one in (f"{field}.{key}", key) if one in _UNSET), None)
    return known is not None and value != _UNSET[known] and bool(value or _UNSET[known])


def _elements(field: str, wanted: Any, live: Any) -> Iterator[Difference]:
    """Yield where the elements of two lists differ; each element is known by one of its fields."""
    key = next(one for one in _KEYS[field] if one in wanted[0])
    there = {one.get(key): one for one in live}
    for one in wanted:
        now, way = there.pop(one[key], None), f"{field}[{one[key]}]"
        if now is None:
            yield (way,), one, None, {field: [one]}
            continue
        for rest, right, other, patch in _differences(one, now):
            yield (way, *rest), right, other, {field: [{key: one[key], **patch}]}
    for value, one in there.items():
        yield (f"{field}[{value}]",), None, one, {field: [{key: value, "$patch": "delete"}]}


def _keyed(value: Any, field: str) -> bool:
    """Whether a value is a list whose elements can be told apart."""
    if not isinstance(value, list) or not value:
        return False
    for key in _KEYS[field]:
        if all(isinstance(one, dict) and key in one for one in value):
            return len({one[key] for one in value}) == len(value)
    return False


def _same(wanted: Any, live: Any) -> bool:
    if wanted == live or (not wanted and not live and live != 0) or str(wanted) == str(live):
        return True
    if isinstance(wanted, list) and isinstance(live, list) and len(wanted) == len(live):
        return all(_within(one, other) for one, other in zip(wanted, live, strict=True))
    try:
        return not isinstance(wanted, dict | list) and millis(wanted) == millis(live)
    except ValueError:
        return False


def _within(wanted: Any, live: Any) -> bool:
    """Whether an element of a list is the same but for what the API server has filled in."""
    if isinstance(wanted, dict) and isinstance(live, dict):
        return not next(_differences(wanted, live), None)
    return _same(wanted, live)


def joined(one: Any, other: Any, field: str = "") -> Any:
    """Return one patch that does what two of the same object do."""
    if isinstance(one, dict) and isinstance(other, dict):
        both = {key: joined(one[key], value, key) for key, value in other.items() if key in one}
        return {**one, **other, **both}
    if not isinstance(one, list) or not isinstance(other, list):
        return other
    found = {_identity(element, field): element for element in one}
    for element in other:
        known = _identity(element, field)
        found[known] = joined(found[known], element) if known in found else element
    return list(found.values())


def _identity(element: Any, field: str) -> str:
    return next((str(element[key]) for key in _KEYS.get(field, ()) if key in element), str(element))


def short(value: Any) -> str:
    """Return a value as a sentence shows it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
