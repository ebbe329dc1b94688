"""What the chart makes for Prometheus: containers beside nginx and PostgreSQL, monitors, and alerts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mcapp.genvalues.values import merge
from tests.chart.test_policies import reaches
from tests.support.render import EXTERNAL, HA, HelmError, Objects

Render = Callable[..., Objects]
Values = dict[str, Any]

ON: Values = {"metrics": {"exporters": {"enabled": True}}}
MONITORED: Values = merge(ON, {"metrics": {"serviceMonitor": {"enabled": True}}})
ALERTS: Values = merge(
    MONITORED, {"metrics": {"prometheusRule": {"enabled": True}}, "backup": {"enabled": True}}
)
MODES = {"standalone": {}, "ha": HA}
PORTS = {"web": 9113, "db": 9187}
OWN = {"web": "nginx", "db": "postgres"}


def template(objects: Objects, tier: str) -> dict[str, Any]:
    found: dict[str, Any] = objects.one("StatefulSet" if tier == "db" else "Deployment", tier)["spec"][
        "template"
    ]
    return found


def exporter(objects: Objects, tier: str) -> dict[str, Any]:
    own, beside = objects.pod(tier)["containers"]
    assert (own["name"], beside["name"]) == (OWN[tier], "metrics")
    return dict(beside)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("tier", PORTS)
def test_a_container_stands_beside_the_tiers_own(render: Render, tier: str, mode: str) -> None:
    off = render(MODES[mode])
    assert [one["name"] for one in off.pod(tier)["containers"]] == [OWN[tier]]
    objects = render(merge(ON, MODES[mode]))
    found = exporter(objects, tier)
    assert found["image"] == objects.pod("api")["containers"][0]["image"]
    assert found["command"] == ["python", "-m", "mcapp_exporter", tier]
    assert found["ports"] == [{"name": "metrics", "containerPort": PORTS[tier]}]
    # A probe that fails would take the tier's pod out of its Service.
    assert not [key for key in found if key.endswith("Probe")]
    # kubectl exec and logs go on to mean the tier's own container.
    annotations = template(objects, tier)["metadata"]["annotations"]
    assert annotations["kubectl.kubernetes.io/default-container"] == OWN[tier]
    assert "kubectl.kubernetes.io/default-container" not in str(template(off, tier))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("tier", PORTS)
def test_it_has_the_least_rights(render: Render, tier: str, mode: str) -> None:
    objects = render(merge(ON, MODES[mode]))
    found, pod = exporter(objects, tier), objects.pod(tier)
    assert found["securityContext"] == {
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert pod["securityContext"]["runAsUser"] != found["securityContext"]["runAsUser"]
    assert all(mount["readOnly"] for mount in found.get("volumeMounts", []))
    assert not [one for one in found.get("env", []) if "valueFrom" in one]


@pytest.mark.parametrize(
    ("auth", "secret", "key"),
    [
        ({}, "postgres-secret", "app-password"),
        ({"existingSecret": "mine", "keys": {"appPassword": "app"}}, "mine", "app"),
    ],
)
@pytest.mark.parametrize("mode", MODES)
def test_that_of_db_logs_in_as_the_application_and_sees_the_disk(
    render: Render, mode: str, auth: Values, secret: str, key: str
) -> None:
    objects = render(merge(merge(ON, MODES[mode]), {"db": {"auth": auth, "database": "school"}}))
    found = exporter(objects, "db")
    variables = {one["name"]: one["value"] for one in found["env"]}
    assert variables["DATABASE_URL"] == "postgresql://127.0.0.1:5432/school"
    assert variables["PGUSER"] == "app"
    mounts = {mount["name"]: mount["mountPath"] for mount in found["volumeMounts"]}
    assert variables["MCAPP_PASSWORD_FILE"].startswith(f"{mounts['exporter-password']}/")
    assert variables["MCAPP_VOLUME"] == mounts["data"]
    (volume,) = [one for one in objects.pod("db")["volumes"] if one["name"] == "exporter-password"]
    item = {"key": key, "path": variables["MCAPP_PASSWORD_FILE"].rpartition("/")[2]}
    assert volume["secret"] == {"secretName": secret, "defaultMode": 0o440, "items": [item]}


def test_an_external_database_has_none(render: Render) -> None:
    objects = render(merge(ALERTS, merge(EXTERNAL, {"backup": {"enabled": False}})))
    assert {name for kind, name in objects.names() if kind == "PodMonitor"} == {"web"}
    assert {rule["alert"] for rule in rules(objects)} == ALWAYS


@pytest.mark.parametrize("tier", PORTS)
def test_a_monitor_selects_the_pods_of_its_tier(render: Render, tier: str) -> None:
    objects = render(merge(MONITORED, {"metrics": {"serviceMonitor": {"labels": {"release": "lab"}}}}))
    monitor = objects.one("PodMonitor", tier)
    assert monitor["metadata"]["labels"]["release"] == "lab"
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    pods = [d["spec"]["template"] for d in objects if "template" in d.get("spec", {})]
    (selected,) = [pod for pod in pods if wanted <= pod["metadata"]["labels"].items()]
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    (container,) = [one for one in selected["spec"]["containers"] if one["name"] == "metrics"]
    assert endpoint["port"] == container["ports"][0]["name"]
    assert (endpoint["interval"], endpoint["scrapeTimeout"]) == ("30s", "10s")


@pytest.mark.parametrize("values", [{}, ON, {"metrics": {"serviceMonitor": {"enabled": True}}}])
def test_no_monitor_is_without_its_port(render: Render, values: Values) -> None:
    assert not [name for kind, name in render(values).names() if kind == "PodMonitor"]


@pytest.mark.parametrize("tier", PORTS)
def test_prometheus_reaches_it_and_nobody_else(render: Render, tier: str) -> None:
    port = PORTS[tier]
    others = ("web", "api", "db", "stranger", "outside", "test")
    objects = render(MONITORED)
    assert reaches(objects, "prometheus", tier, port)
    assert not [other for other in others if reaches(objects, other, tier, port)]
    # Without a scraper nobody does; an empty list of peers would be everybody.
    assert not [other for other in ("prometheus", *others) if reaches(render(ON), other, tier, port)]
    given = render(merge(ON, {"metrics": {"scrapers": [{"podSelector": {"matchLabels": {"app": "other"}}}]}}))
    assert reaches(given, "stranger", tier, port)
    assert not reaches(given, "prometheus", tier, port)
    # The port that Prometheus may read is not the way to the tier's own.
    assert not reaches(objects, "prometheus", "db", 5432)


def test_the_autoscaler_of_web_goes_on_to_measure_nginx_alone(render: Render) -> None:
    values = merge(ON, {tier: {"autoscaling": {"enabled": True}} for tier in ("web", "api")})
    metrics = {
        tier: render(values).one("HorizontalPodAutoscaler", tier)["spec"]["metrics"]
        for tier in ("web", "api")
    }
    assert metrics["web"] == [
        {
            "type": "ContainerResource",
            "containerResource": {
                "container": "nginx",
                "name": "cpu",
                "target": {"type": "Utilization", "averageUtilization": 80},
            },
        }
    ]
    assert [one["type"] for one in metrics["api"]] == ["Resource"]


def rules(objects: Objects) -> list[dict[str, Any]]:
    (group,) = objects.one("PrometheusRule", "alerts")["spec"]["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


EVERY = {
    "McappBackupTooOld",
    "McappCertificateEnding",
    "McappConnectionsRunningOut",
    "McappDiskFilling",
    "McappErrors",
    "McappNoLeader",
    "McappReplicaLagging",
    "McappRestarts",
    "McappSlow",
    "McappTierDown",
    "McappWalArchiveFailing",
}
# What needs neither an exporter nor a database of the release's own.
ALWAYS = {"McappTierDown", "McappErrors", "McappSlow", "McappRestarts", "McappCertificateEnding"}
NOT_HERE = {
    "standalone": {"McappNoLeader", "McappReplicaLagging"},
    "ha": set[str](),
}


@pytest.mark.parametrize("mode", MODES)
def test_the_alerts_of_each_mode(render: Render, mode: str) -> None:
    objects = render(merge(ALERTS, MODES[mode]))
    assert {rule["alert"] for rule in rules(objects)} == EVERY - NOT_HERE[mode]
    for rule in rules(objects):
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
        assert rule["annotations"]["runbook_url"] == f"docs/runbooks/{rule['alert']}.md"
    assert [r["labels"]["tier"] for r in rules(objects) if r["alert"] == "McappTierDown"] == [
        "web",
        "api",
        "db",
    ]


def test_alerts_are_left_out_where_nothing_tells_their_figures(render: Render) -> None:
    plain = merge(ALERTS, {"metrics": {"exporters": {"enabled": False}}, "backup": {"suspend": True}})
    found = rules(render(merge(plain, HA)))
    assert {rule["alert"] for rule in found} == ALWAYS
    assert "mcapp_web" not in str(found)
    assert "mcapp_postgres" not in str(found)
    # While the members follow a server that leads, none of them is the leader.
    following = rules(render(merge(merge(ALERTS, HA), {"db": {"ha": {"follow": True}}})))
    assert "McappNoLeader" not in {rule["alert"] for rule in following}


def test_every_expression_is_about_this_release_alone(render: Render) -> None:
    objects = render(merge(merge(ALERTS, HA), {"namePrefix": "blue"}))
    (group,) = objects.one("PrometheusRule", "blue-alerts")["spec"]["groups"]
    jobs = {
        objects.one("PodMonitor", f"blue-{tier}")["spec"]["podMetricsEndpoints"][0]["relabelings"][0][
            "replacement"
        ]
        for tier in PORTS
    } | {objects.one("Service", "blue-api")["metadata"]["name"]}
    told = set()
    for rule in group["rules"]:
        selectors = [part.partition("}")[0] for part in rule["expr"].split("{")[1:]]
        assert selectors
        for selector in selectors:
            labels = dict(
                part.strip().split("=", 1)
                for part in selector.split(",")
                if "!" not in part and "~" not in part
            )
            assert labels["namespace"] == '"mcapp"'
            if "job" in labels:
                told.add(labels["job"].strip('"'))
            else:
                # What kube-state-metrics tells of all.
                assert "blue-" in selector
    assert told == jobs == {"blue-web", "blue-api", "blue-db"}


def test_labels_and_the_place_of_the_runbooks_are_values(render: Render) -> None:
    own = {"labels": {"role": "alert-rules"}, "runbookUrl": "https://lab.example/runbooks/"}
    objects = render(merge(ALERTS, {"metrics": {"prometheusRule": own}}))
    assert objects.one("PrometheusRule", "alerts")["metadata"]["labels"]["role"] == "alert-rules"
    for rule in rules(objects):
        assert rule["annotations"]["runbook_url"] == f"https://lab.example/runbooks/{rule['alert']}.md"


def test_alerts_without_what_they_are_about_are_refused(render: Render) -> None:
    values = {"metrics": {"prometheusRule": {"enabled": True}}}
    with pytest.raises(HelmError, match="at '/metrics/prometheusRule/enabled': got true, want false while"):
        render(values)


HOURS, DAYS = 3600, 86400


@pytest.mark.parametrize(
    ("schedule", "age", "seconds"),
    [
        ("0 3 * * *", "", 36 * HOURS),
        ("*/10 * * * *", "", 36 * HOURS),
        ("@daily", "", 36 * HOURS),
        ("0 3 ? * ?", "", 36 * HOURS),
        ("0 3 * * 0", "", 8 * DAYS),
        ("0 3 * * mon-fri", "", 8 * DAYS),
        ("@weekly", "", 8 * DAYS),
        ("0 3 1 * *", "", 32 * DAYS),
        ("@monthly", "", 32 * DAYS),
        ("0 3 1 1 *", "", 367 * DAYS),
        ("@yearly", "", 367 * DAYS),
        ("@every 48h", "", 72 * HOURS),
        ("@weekly", "30m", 1800),
    ],
)
def test_a_backup_may_be_as_old_as_the_schedule_makes_it(
    render: Render, schedule: str, age: str, seconds: int
) -> None:
    on = {"metrics": {"prometheusRule": {"backupMaxAge": age}}, "backup": {"schedule": schedule}}
    (rule,) = [r for r in rules(render(merge(ALERTS, on))) if r["alert"] == "McappBackupTooOld"]
    assert rule["expr"].endswith(f"> {seconds}")


@pytest.mark.parametrize(
    ("interval", "settle", "rate"), [("30s", 150, 120), ("5s", 100, 120), ("1m", 210, 240)]
)
def test_times_follow_the_interval(render: Render, interval: str, settle: int, rate: int) -> None:
    timed = {"metrics": {"serviceMonitor": {"interval": interval, "scrapeTimeout": "5s"}}}
    found = rules(render(merge(ALERTS, timed)))
    assert {rule["for"] for rule in found if rule["alert"] == "McappTierDown"} == {f"{settle}s"}
    (errors,) = [rule for rule in found if rule["alert"] == "McappErrors"]
    assert (f"[{rate}s]" in errors["expr"], errors["for"]) == (True, f"{settle + rate}s")
