"""Each alert by Prometheus' own rule tests: its fault's series fire it, those of a healthy release do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mcapp.genvalues.values import merge
from tests.chart.test_watched import ALERTS, EVERY, MODES
from tests.support.promtool import Rules, promtool
from tests.support.render import HA, Objects

# promtool has most of Prometheus' packages: five minutes of compiling where nothing of them is there.
pytestmark = pytest.mark.thorough
Render = Callable[..., Objects]
Series = dict[str, str]

# Each test lasts an hour, in steps of the scrapes. The faults begin after twenty minutes and end after forty.
INTERVAL_SECONDS = 30
QUARTER, BEGIN, END, OVER = 30, 40, 80, 120
PODS = {"web": ("web-a", "web-b"), "api": ("api-a", "api-b"), "db": ("db-0", "db-1", "db-2")}
GIB = 2**30
DAY = 86400


def one(metric: str, job: str, pod: str, **labels: str) -> str:
    """Return a series as Prometheus writes it."""
    return series_of(metric, **{"job": job, "pod": pod, "instance": f"{pod}:1", **labels})


def series_of(metric: str, **labels: str) -> str:
    listed = [f'{key}="{value}"' for key, value in {"namespace": "mcapp", **labels}.items()]
    return f"{metric}{{{','.join(listed)}}}"


def steady(value: float, samples: int = OVER) -> str:
    return f"{value:g}x{samples}"


def fault(healthy: float, faulty: float) -> str:
    """Return a value that is another one while the fault lasts."""
    return f"{healthy:g}x{BEGIN - 1} {faulty:g}x{END - BEGIN - 1} {healthy:g}x{OVER - END}"


def growing(speed: float, during: float | None = None, start: float = 0) -> str:
    """Return a counter that grows by so much at each scrape, and by another number while the fault lasts."""
    during = speed if during is None else during
    second, third = start + BEGIN * speed, start + BEGIN * speed + (END - BEGIN) * during
    parts = [
        f"{start:g}+{speed:g}x{BEGIN - 1}",
        f"{second:g}+{during:g}x{END - BEGIN - 1}",
        f"{third:g}+{speed:g}x{OVER - END}",
    ]
    return " ".join(parts)


def requests(pod: str, errors: str, fast: str, slow: str) -> Series:
    """Return an api pod's figures of requests: those that fail, take 5 ms, take 2 s."""
    found = {
        one("http_requests_total", "api", pod, method="GET", route="/api/tasks", status="200"): growing(300),
        one("http_requests_total", "api", pod, method="GET", route="/api/tasks", status="503"): errors,
        # The kubelet's probes fail while the database is away, and are not users.
        one("http_requests_total", "api", pod, method="GET", route="/readyz", status="503"): growing(0, 30),
    }
    for bucket, count in {"0.005": fast, "0.01": fast, "1": fast, "2.5": slow, "+Inf": slow}.items():
        name = one(
            "http_request_duration_seconds_bucket", "api", pod, method="GET", route="/api/tasks", le=bucket
        )
        found[name] = count
    return found


def healthy() -> Series:
    """Return the series of a release in mode ha in which nothing happens."""
    series: Series = {}
    for pod in PODS["api"]:
        series |= {one("up", "api", pod): steady(1), one("mcapp_db_up", "api", pod): steady(1)}
        series[one("process_start_time_seconds", "api", pod)] = steady(1000)
        series[one("mcapp_db_certificate_end_seconds", "api", pod)] = steady(30 * DAY)
        series |= requests(pod, growing(0), growing(300), growing(300))
    for pod in PODS["web"]:
        series[one("mcapp_web_listening", "web", pod)] = steady(1)
        series[one("mcapp_web_reaches_api", "web", pod)] = steady(1)
    for pod in PODS["db"]:
        series |= {
            one("mcapp_postgres_in_recovery", "db", pod): steady(float(pod != "db-0")),
            # All pods of api that the chart allows, one more while they are replaced, and a backup.
            one("mcapp_postgres_connections_left", "db", pod): steady(4),
            one("mcapp_postgres_volume_size_bytes", "db", pod): steady(5 * GIB),
            one("mcapp_postgres_volume_free_bytes", "db", pod): steady(4 * GIB),
            one("mcapp_postgres_start_time_seconds", "db", pod): steady(1000),
        }
    series |= {
        one("mcapp_postgres_replicas_wanted", "db", "db-0"): steady(2),
        one("mcapp_postgres_replicas", "db", "db-0"): steady(2),
        one("mcapp_postgres_wal_archive_failures_total", "db", "db-0"): steady(3),
        one("mcapp_postgres_wal_last_archive_failed_seconds", "db", "db-0"): steady(10),
        one("mcapp_postgres_wal_last_archived_seconds", "db", "db-0"): growing(30),
    }
    for replica in PODS["db"][1:]:
        series[one("mcapp_postgres_replica_lag_bytes", "db", "db-0", replica=replica)] = steady(16 * 2**20)
    return series


def faults() -> Iterator[tuple[str, set[str], Series]]:
    """Yield each fault with the alerts that it fires and the series that it changes."""
    api, db, web = PODS["api"], PODS["db"], PODS["web"]
    # Prometheus marks a series as stale when it loses its target.
    gone = f"1x{BEGIN - 1} stale _x{END - BEGIN - 1} 1x{OVER - END}"
    ends = {
        one(f"mcapp_web_{what}", "web", p): fault(1, 0) for p in web for what in ("listening", "reaches_api")
    }
    yield "no nginx", {"McappTierDown/web"}, ends
    yield "no pod of web", {"McappTierDown/web"}, {one("mcapp_web_listening", "web", p): gone for p in web}
    yield "api does not answer", {"McappTierDown/api"}, {one("up", "api", p): fault(1, 0) for p in api}
    yield "no pod of api", {"McappTierDown/api"}, {one("up", "api", p): gone for p in api}
    yield (
        "web does not reach api",
        {"McappTierDown/api"},
        {one("mcapp_web_reaches_api", "web", p): fault(1, 0) for p in web},
    )
    soon = {one("mcapp_db_certificate_end_seconds", "api", p): fault(30 * DAY, 13 * DAY) for p in api}
    yield "a certificate that ends", {"McappCertificateEnding"}, soon
    yield "no database", {"McappTierDown/db"}, {one("mcapp_db_up", "api", p): fault(1, 0) for p in api}
    errors = requests("api-a", growing(0, 40), growing(300), growing(300))
    yield "one of sixteen requests fails", {"McappErrors"}, errors
    slow = requests("api-a", growing(0), growing(300, 290), growing(300))
    yield "one of sixty requests takes 2 s", {"McappSlow"}, slow
    leaders = {one("mcapp_postgres_in_recovery", "db", p): fault(float(p != "db-0"), 1) for p in db}
    yield "no leader", {"McappNoLeader"}, leaders
    lag = one("mcapp_postgres_replica_lag_bytes", "db", "db-0", replica="db-1")
    yield "a replica lags", {"McappReplicaLagging"}, {lag: fault(0, 100 * 2**20)}
    yield (
        "a replica is away",
        {"McappReplicaLagging"},
        {one("mcapp_postgres_replicas", "db", "db-0"): fault(2, 1)},
    )
    left, free = (
        one(f"mcapp_postgres_{what}", "db", "db-0") for what in ("connections_left", "volume_free_bytes")
    )
    yield "few connections", {"McappConnectionsRunningOut"}, {left: fault(6, 3)}
    yield "no connection", {"McappConnectionsRunningOut"}, {left: fault(6, 0)}
    yield "hardly any disk", {"McappDiskFilling"}, {free: fault(4 * GIB, 0.1 * GIB)}
    archive = {
        one("mcapp_postgres_wal_archive_failures_total", "db", "db-0"): growing(0, 1, start=3),
        one("mcapp_postgres_wal_last_archive_failed_seconds", "db", "db-0"): growing(0, 30, start=1000),
        one("mcapp_postgres_wal_last_archived_seconds", "db", "db-0"): fault(1100, 900),
    }
    yield "WAL is not archived", {"McappWalArchiveFailing"}, archive
    started = " ".join(f"{1000 + 300 * n:g}x9" for n in range(4))
    for job, metric, pod in (
        ("api", "process_start_time_seconds", "api-a"),
        ("db", "mcapp_postgres_start_time_seconds", "db-0"),
    ):
        yield (
            f"{pod} starts again",
            {"McappRestarts"},
            {one(metric, job, pod): f"1000x{BEGIN - 1} {started} 1900x{BEGIN}"},
        )
    restarts = series_of("kube_pod_container_status_restarts_total", container="nginx", pod="web-6d5f-x2x")
    yield "web starts again", {"McappRestarts"}, {restarts: f"0x{BEGIN - 1} 1x9 2x9 3x9 4x{OVER - 70}"}


@pytest.fixture(scope="module")
def rules(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Rules:
    groups = render(merge(ALERTS, HA)).one("PrometheusRule", "alerts")["spec"]["groups"]
    return Rules(groups, tmp_path_factory.mktemp("rules"))


@pytest.mark.parametrize("mode", MODES)
def test_prometheus_takes_the_rules(render: Render, tmp_path: Path, mode: str) -> None:
    groups = render(merge(ALERTS, MODES[mode])).one("PrometheusRule", "alerts")["spec"]["groups"]
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", Rules(groups, tmp_path).file)
    assert not done.returncode, f"{done.stdout}{done.stderr}"


def test_a_healthy_release_fires_none(rules: Rules) -> None:
    rules.hold(healthy(), {}, {"1h": set()})


@pytest.mark.parametrize(("wanted", "changed"), [f[1:] for f in faults()], ids=[f[0] for f in faults()])
def test_a_fault_fires_its_alert_and_no_other(rules: Rules, wanted: set[str], changed: Series) -> None:
    firing = {"20m": set[str](), "36m": wanted, "1h": set[str]()}
    rules.hold({**healthy(), **changed}, firing, {"1h": wanted})


def test_every_alert_has_such_a_fault() -> None:
    named = {alert.partition("/")[0] for _, wanted, _ in faults() for alert in wanted}
    # The two whose faults last longer than an hour are below.
    assert named | {"McappBackupTooOld"} == EVERY


def test_a_disk_is_predicted_to_be_full(rules: Rules) -> None:
    free = one("mcapp_postgres_volume_free_bytes", "db", "db-0")
    # Of 5 GiB one is free, and goes in five hours; then the same on a disk with more.
    rules.hold(
        {**healthy(), free: f"{GIB}-{GIB / 600:g}x{OVER}"}, {"20m": set(), "50m": {"McappDiskFilling"}}
    )
    rules.hold({**healthy(), free: f"{4 * GIB}-{4 * GIB / 600:g}x{OVER}"}, {}, {"1h": set()})
    # What stays, or grows by what a checkpoint takes and gives back, fills nothing.
    rules.hold({**healthy(), free: steady(GIB)}, {}, {"1h": set()})
    wave = " ".join(f"{GIB}-{2**20:g}x14 {GIB - 14 * 2**20}+{2**20:g}x14" for _ in range(4))
    rules.hold({**healthy(), free: wave}, {}, {"1h": set()})


def test_a_backup_grows_old(render: Render, tmp_path: Path) -> None:
    groups = render(ALERTS).one("PrometheusRule", "alerts")["spec"]["groups"]
    # Of the others there are no series for so long.
    rules, old = Rules(groups, tmp_path, "McappBackupTooOld"), {"McappBackupTooOld"}
    created, last = (
        series_of(f"kube_cronjob_{what}", cronjob="db-backup")
        for what in ("created", "status_last_successful_time")
    )
    day = 24 * 6
    never = {created: f"0x{3 * day}"}
    rules.hold(never, {"35h": set(), "37h": old}, interval="10m")
    # The second one came, the third one did not, the fourth one did.
    some = {**never, last: f"_x{day} 86400x{2 * day} 259200x{day}"}
    rules.hold(some, {"59h": set(), "61h": old, "73h": set()}, interval="10m")


def rolling() -> Series:
    """Return what a rolling update of all tiers changes, and a failover in it."""
    series: Series = {}
    for number, tier in enumerate(("web", "api")):
        for pod in PODS[tier]:
            start = BEGIN + 10 * number
            # Prometheus sees the new pod, and loses the old one, up to two scrapes late.
            old, new = f"1x{start + 2} stale", f"_x{start} 1x{OVER - start}"
            names = (
                ("mcapp_web_listening", "mcapp_web_reaches_api") if tier == "web" else ("up", "mcapp_db_up")
            )
            for name in names:
                series |= {one(name, tier, pod): old, one(name, tier, f"{pod}-new"): new}
            if tier == "api":
                series[one("process_start_time_seconds", tier, pod)] = old
                series[one("process_start_time_seconds", tier, f"{pod}-new")] = new.replace("1x", "2000x")
    # The leader ends, another one leads a scrape later, and the first one is back as a replica.
    at = 70
    for pod, before, after in (("db-0", 0, 1), ("db-1", 1, 0), ("db-2", 1, 1)):
        changed = (
            f"{before}x{at} stale {after}x{OVER - at}"
            if pod == "db-0"
            else f"{before}x{at + 1} {after}x{OVER - at}"
        )
        series[one("mcapp_postgres_in_recovery", "db", pod)] = changed
        # Each member ends once, in turn, and has another address then.
        turn = 60 + 5 * int(pod[-1])
        series[one("mcapp_postgres_start_time_seconds", "db", pod)] = f"1000x{turn} stale"
        again = one("mcapp_postgres_start_time_seconds", "db", pod, instance="10.0.0.9:9187")
        series[again] = f"_x{turn + 2} 3000x{OVER - turn}"
    series[one("mcapp_postgres_replicas", "db", "db-0")] = "2x58 1x6 2x4 stale"
    series[one("mcapp_postgres_replicas", "db", "db-1")] = f"_x{at} 1x4 2x{OVER - at}"
    series[one("mcapp_postgres_replicas_wanted", "db", "db-1")] = f"_x{at} 2x{OVER - at}"
    # For twenty seconds nothing can be written: half of the requests of a scrape.
    for pod in PODS["api"]:
        lost = one("http_requests_total", "api", pod, method="GET", route="/api/tasks", status="503")
        series[lost] = f"0x{at} 150x{OVER - at}"
        series[one("mcapp_db_up", "api", f"{pod}-new")] = (
            f"_x{BEGIN + 10} 1x{at - BEGIN - 12} 0x1 1x{OVER - at}"
        )
    return series


def test_a_rolling_update_fires_none(rules: Rules) -> None:
    rules.hold({**healthy(), **rolling()}, {}, {"1h": set()})


def test_a_server_alone_may_restart(render: Render, tmp_path: Path) -> None:
    """In mode standalone the database is away for a minute and a half in an update."""
    groups = render(ALERTS).one("PrometheusRule", "alerts")["spec"]["groups"]
    series = {name: values for name, values in healthy().items() if "db-1" not in name and "db-2" not in name}
    for pod in PODS["api"]:
        series[one("mcapp_db_up", "api", pod)] = f"1x{BEGIN} 0x3 1x{OVER - BEGIN}"
        lost = one("http_requests_total", "api", pod, method="GET", route="/api/tasks", status="503")
        # Some ask again at once.
        series[lost] = f"0x{BEGIN} 600 1200 1800x{OVER - BEGIN}"
    Rules(groups, tmp_path).hold(series, {}, {"1h": set()})
