"""A wrong value is refused by its key, by every command of Helm's that takes values."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev import ROOT
from mcapp.config import CHART
from mcapp.genvalues.values import merge
from tests.support.render import EXTERNAL, HelmError, install, lint, render
from tests.support.wrong_values import WRONG, Wrong, told_by_schema

pytestmark = pytest.mark.slow
COMMANDS: dict[str, Callable[[dict[str, Any]], object]] = {
    "template": render,
    "lint": lint,
    "install": install,
}


# lint reads the schema by the code of the two others, one chart a process: a sample shows that it does.
LINTED = 10


@pytest.mark.parametrize("number", range(len(WRONG)), ids=[wrong["says"] for wrong in WRONG])
@pytest.mark.parametrize("command", [("template",), ("install", "--dry-run=client")], ids="-".join)
def test_a_wrong_value_is_refused_by_name(command: tuple[str, ...], number: int) -> None:
    said = told_by_schema(*command).get(number) or _refusal(command[0], WRONG[number])
    assert WRONG[number]["says"] in said


@pytest.mark.parametrize(
    "wrong", [one for n, one in enumerate(WRONG) if n % LINTED == 0], ids=lambda wrong: wrong["says"]
)
def test_lint_refuses_a_wrong_value_by_name(wrong: Wrong) -> None:
    assert wrong["says"] in _refusal("lint", wrong)


def _refusal(command: str, wrong: Wrong) -> str:
    with pytest.raises(HelmError) as refused:
        COMMANDS[command](wrong["values"])
    return str(refused.value)


@pytest.mark.parametrize("command", COMMANDS)
def test_all_that_does_not_fit_together_is_told_at_once(command: str) -> None:
    values = {"api": {"extraEnv": [{"name": "PGUSER"}], "resources": {"limits": {"memory": "64Mi"}}}}
    with pytest.raises(HelmError, match=r"(?s)/api/extraEnv.*/api/resources/limits/memory"):
        COMMANDS[command](values)


NAMES = {
    "db": {
        "POSTGRES_USER": "no value does the same",
        "POSTGRES_PASSWORD": "db.auth.superuserPassword",
        "POSTGRES_PASSWORD_FILE": "db.auth.superuserPassword",
        "POSTGRES_DB": "db.database",
        "POSTGRES_HOST_AUTH_METHOD": "no value does the same",
        "PGDATA": "no value does the same",
        "PGPORT": "no value does the same",
        "PATRONI_TTL": "db.ha.ttl",
        "PATRONI_LOG_LEVEL": "no value does the same",
        "APP_PASSWORD": "db.auth.appPassword",
        "REPLICATION_PASSWORD": "db.auth.replicationPassword",
        "MCAPP_RESET_PASSWORDS": "db.auth.resetPasswords",
        "NODE_ADDRESS": "no value does the same",
    },
    "api": {
        "DATABASE_URL": "db.external.host",
        "PGHOST": "db.external.host with db.mode external does the same",
        "PGPORT": "db.external.port with db.mode external does the same",
        "PGUSER": "db.external.user",
        "PGPASSWORD": "db.external.existingSecret",
        "PGSSLMODE": "db.external.sslMode",
        "MCAPP_POOL_SIZE": "api.poolSize",
        "MCAPP_LOG_LEVEL": "api.logLevel",
        "MCAPP_DRAIN_SECONDS": "api.drainSeconds",
        "MCAPP_PORT": "no value does the same",
        "POD_NAME": "no value does the same",
    },
    "web": dict.fromkeys(("LISTEN", "API_UPSTREAM", "RESOLV_CONF", "POD_NAME"), "no value does the same"),
}


def test_a_variable_of_the_images_is_refused_with_the_value_that_does_the_same() -> None:
    given = {
        tier: {"extraEnv": [{"name": name, "value": "x"} for name in names]} for tier, names in NAMES.items()
    }
    with pytest.raises(HelmError) as told:
        render(given)
    lines = str(told.value).splitlines()
    for tier, names in NAMES.items():
        for name, instead in names.items():
            (line,) = [line for line in lines if f"'/{tier}/extraEnv': got '{name}', " in line]
            assert instead in line


def given_external(**external: object) -> dict[str, Any]:
    return merge(EXTERNAL, {"db": {"external": external}})


# What a refusal names in the place of a variable of the api's, and what it makes of the variable.
SAME: list[tuple[str, dict[str, Any], str]] = [
    ("DATABASE_URL", given_external(host="pg2.lab"), "postgresql://pg2.lab:5432/"),
    ("DATABASE_URL", given_external(port=6432), "pg.lab.example:6432/"),
    ("DATABASE_URL", {"db": {"database": "other"}}, "/other"),
    ("DATABASE_URL", given_external(sslMode="verify-ca"), "sslmode=verify-ca"),
    ("PGUSER", given_external(user="lab"), "lab"),
    ("MCAPP_POOL_SIZE", {"api": {"poolSize": 7}}, "7"),
    ("MCAPP_DRAIN_SECONDS", {"api": {"drainSeconds": 9}}, "9"),
    ("MCAPP_LOG_LEVEL", {"api": {"logLevel": "debug"}}, "debug"),
]


@pytest.mark.parametrize(("name", "values", "made"), SAME)
def test_the_value_that_a_refusal_names_does_the_same(name: str, values: dict[str, Any], made: str) -> None:
    (container,) = render(values).pod("api")["containers"]
    (variable,) = [variable for variable in container["env"] if variable["name"] == name]
    assert made in variable["value"]


def test_values_of_an_older_chart_are_refused_in_one_sentence(tmp_path: Path) -> None:
    """--reuse-values takes the values of the chart before, which lack what is new."""
    with tarfile.open(ROOT / "tests/e2e/charts/mcapp-0.1.0.tgz") as archive:
        archive.extractall(tmp_path, filter="data")
    old = yaml.safe_load((tmp_path / "mcapp/values.yaml").read_text())
    old["db"]["auth"] |= {"superuserPassword": "x", "appPassword": "y"}
    new = yaml.safe_load((CHART / "values.yaml").read_text())
    for command in (render, install):
        with pytest.raises(HelmError) as told:
            command(only(new, old))
        first, *_ = str(told.value).splitlines()
        assert "use --reset-then-reuse-values instead of --reuse-values" in first
        assert "NOTHING WAS CHANGED" in first


def only(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """Return the values that make Helm see the old ones alone: null removes a default."""
    values = dict(old)
    for key, below in new.items():
        if key not in old:
            values[key] = None
        elif isinstance(below, dict) and isinstance(old[key], dict):
            values[key] = only(below, old[key])
    return values


RIGHT = [
    {"placement": {"databaseNodeLabels": {"role": None}}},
    {"web": {"service": {"type": "ClusterIP"}}},
    {
        "web": {
            "extraEnv": [
                {"name": name, "value": "x"} for name in ("TZ", "LANG", "NODES", "XPGHOST", "LISTENER")
            ]
        }
    },
    {
        "topology": "multi",
        "placement": {"databaseNodeLabels": {"role": None}, "databaseNodeLabelsOverride": {"a": "b"}},
    },
    {"db": {"auth": {"superuserPassword": "\t%$'\" ", "appPassword": "x"}}},
    {"api": {"resources": {"limits": {"cpu": 0.05, "nvidia.com/gpu": 1}, "requests": {"cpu": "50m"}}}},
    {"db": {"resources": {"limits": {"memory": "1Gi"}, "requests": {"memory": "1024Mi"}}}},
    {"db": {"auth": {"existingSecret": "mine", "keys": {"appPassword": "APP", "superuserPassword": "ROOT"}}}},
    {"api": {"tolerations": [{"operator": "Exists"}, {"key": "a"}]}},
    {"api": {"autoscaling": {"minReplicas": 3, "maxReplicas": 3}, "resources": {"requests": {"cpu": None}}}},
    {"metrics": {"serviceMonitor": {"interval": "90s", "scrapeTimeout": "1m30s"}}},
    {"ingress": {"hosts": ["*.lab", "1-lab", "a.b1"], "tls": [{"secretName": "wildcard"}]}},
    {"api": {"extraVolumeMounts": [{"name": "tmp", "mountPath": "/cache", "subPath": "cache"}]}},
    {"db": {"persistence": {"size": "7.5Ei"}}, "backup": {"persistence": {"size": "9223372036854775807"}}},
    {"db": {"resources": {"limits": {"hugepages-2Mi": "4Mi"}, "requests": {"hugepages-2Mi": "4096Ki"}}}},
    {
        "web": {
            "extraVolumes": [
                {"name": "a", "emptyDir": {"sizeLimit": "1.5Gi"}},
                {"name": "b", "emptyDir": None},
            ]
        }
    },
    {"backup": {"schedule": "0\t3  29 FEB ?", "timeZone": "America/Argentina/Buenos_Aires"}},
    {"backup": {"schedule": "@every 1h30m", "timeZone": "Etc/UTC"}},
    {
        "networkPolicy": {
            "apiServerPeers": [{"ipBlock": {"cidr": "2001:db8::/32", "except": ["2001:db8:1::/48"]}}]
        }
    },
    {"db": {"podLabels": {f"{'a.' * 20}b/{'c' * 63}": "d"}, "podAnnotations": {"a": "b\nc"}}},
    {"web": {"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}}},
    {
        "api": {
            "topologySpreadConstraints": [
                {
                    "maxSkew": 1,
                    "topologyKey": "zone",
                    "whenUnsatisfiable": how,
                    "labelSelector": {"matchLabels": {"a": "b"}},
                }
                for how in ("DoNotSchedule", "ScheduleAnyway")
            ]
        }
    },
]


@pytest.mark.parametrize("values", RIGHT, ids=str)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_right_value_beside_a_wrong_one_is_taken(command: str, values: dict[str, Any]) -> None:
    COMMANDS[command](values)
