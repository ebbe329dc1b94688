"""A quantity is the same as a float, an integer or a text, where it is compared, shown or passed on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from mcapp.config import CHART
from tests.chart.test_identity import settings_of_db
from tests.support.render import HA, HelmError, Objects, evaluated, helm, with_lookups

Render = Callable[..., Objects]

# A template's expression, and what the two helpers make of it. A values file gives floats, --set integers.
FORMS = [
    ("268435456.0", "268435456", "256Mi"),
    ("(int64 268435456)", "268435456", "256Mi"),
    ('"268435456"', "268435456", "256Mi"),
    ('"256Mi"', "268435456", "256Mi"),
    ("5368709120.0", "5368709120", "5Gi"),
    ('"5Gi"', "5368709120", "5Gi"),
    ('"5e9"', "5000000000", "5000000000"),
    ("5000000000.0", "5000000000", "5000000000"),
    ('"012"', "12", "12"),
    ('"1.5Gi"', "1610612736", "1.5Gi"),
    ('"1E"', "1000000000000000000", "1E"),
    ('"8Pi"', "9007199254740992", "8Pi"),
    ('"250m"', "0.25", "250m"),
    ('"1000k"', "1000000", "1000k"),
    ('"5368709120.0"', "5368709120", "5Gi"),
    ('"9007199254740993"', "9007199254740992", "9007199254740993"),
    ("(int64 9223372036854775807)", "9223372036854776000", "9223372036854775807"),
]


def test_one_number_and_one_text_for_each_form() -> None:
    numbers = evaluated(f'include "mcapp.quantity" {form}' for form, _, _ in FORMS)
    texts = evaluated(f'include "mcapp.size" {form}' for form, _, _ in FORMS)
    assert list(zip(numbers, texts, strict=True)) == [(number, text) for _, number, text in FORMS]


@pytest.mark.parametrize("size", [5368709120, "5368709120", "5Gi"])
@pytest.mark.parametrize("mode", ["standalone", "ha"])
def test_a_size_in_bytes_is_asked_for_and_shown_in_its_unit(render: Render, size: object, mode: str) -> None:
    given = {**HA, "db": {"mode": mode, "persistence": {"size": size}}}
    objects = render({**given, "backup": {"enabled": True, "persistence": {"size": size}}})
    for name in ("postgres-pvc", "backup-pvc") if mode == "standalone" else ("backup-pvc",):
        claim = objects.one("PersistentVolumeClaim", name)["spec"]
        assert claim["resources"]["requests"]["storage"] == "5Gi"
    if mode == "standalone":
        assert settings_of_db(objects)["mcapp.volume_size"] == "5Gi"
    else:
        (claim,) = objects.one("StatefulSet", "db")["spec"]["volumeClaimTemplates"]
        assert claim["spec"]["resources"]["requests"]["storage"] == "5Gi"
        patroni = objects.one("ConfigMap", "db-patroni")["data"]["patroni.yaml"]
        assert "mcapp.volume_size: 5Gi\n" in patroni


TIERS = ("web", "api", "db", "backup")


def test_every_containers_resources_are_texts_without_exponents(render: Render) -> None:
    given = {"limits": {"memory": 2684354560, "cpu": 2}, "requests": {"memory": 268435456, "cpu": 0.5}}
    objects = render(
        {tier: {"resources": given} for tier in TIERS} | {"backup": {"enabled": True, "resources": given}}
    )
    text = {"limits": {"memory": "2684354560", "cpu": "2"}, "requests": {"memory": "268435456", "cpu": "0.5"}}
    for tier in ("web", "api", "db"):
        assert objects.pod(tier)["containers"][0]["resources"] == text
    job = objects.one("CronJob", "db-backup")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert job["containers"][0]["resources"] == text


def test_no_resources_are_none(render: Render) -> None:
    objects = render({"web": {"resources": {"limits": None, "requests": None}}})
    assert objects.pod("web")["containers"][0]["resources"] == {}


@pytest.mark.parametrize(
    ("limits", "requests", "told"),
    [
        (
            {"memory": 300000000},
            {"memory": 2000000000},
            "got 300000000, want at least requests.memory (2000000000)",
        ),
        ({"memory": 300000000}, {"memory": "2G"}, "got 300000000, want at least requests.memory (2G)"),
        (
            {"memory": "300000000"},
            {"memory": 2e9},
            "got '300000000', want at least requests.memory (2000000000)",
        ),
        ({"cpu": 0.25}, {"cpu": 0.5}, "got 0.25, want at least requests.cpu (0.5)"),
    ],
)
def test_a_refusal_quotes_what_was_written(
    render: Render, limits: dict[str, Any], requests: dict[str, Any], told: str
) -> None:
    with pytest.raises(HelmError) as refused:
        render({"api": {"resources": {"limits": limits, "requests": requests}}})
    assert told in str(refused.value), json.dumps(str(refused.value))


UNITS = {
    **{"": 1, "m": Fraction(1, 1000)},
    **{unit: 1000**power for power, unit in enumerate("kMGTPE", 1)},
    **{f"{unit}i": 1024**power for power, unit in enumerate("KMGTPE", 1)},
}
# Texts of quantities, in forms that the API server reads, and numbers as a values file gives them.
READ = [
    *(
        "5Gi",
        "5G",
        "5e9",
        "5E9",
        "5Ei",
        "7.999Ei",
        "8Ei",
        "9Ei",
        "0.5Gi",
        "0.1Gi",
        "0.1Ei",
        "1.1Gi",
        "0.5Ki",
        "8191.5Pi",
    ),
    *(
        "8192Pi",
        "8388607Ti",
        "8388608Ti",
        "8796093022207Mi",
        "8796093022208Mi",
        "9007199254740991Ki",
        "9007199254740992Ki",
    ),
    *(
        "0",
        "0.0",
        "0e400",
        "00012",
        "1e18",
        "1e19",
        "9e18",
        "1e400",
        "1e0400",
        "1e018",
        "0.5e1",
        "0.5",
        "1.5k",
        "1.0005k",
    ),
    *(
        "9223372036854775807",
        "9223372036854775808",
        "09223372036854775807",
        "18446744073709551616",
        "5368709120.5",
    ),
    *(
        "5368709120.50",
        "5368709120.0",
        "9E",
        "9.3E",
        "9223372036854775807.5",
        "1.0000000000000000001Gi",
        "0.25Ki",
    ),
    *("0.0009765625Ki", "0.00048828125Ki", f"{'9' * 40}Mi", f"0.{'0' * 40}", f"0.{'0' * 40}1Gi"),
]
CORES = [
    "0.5",
    "500m",
    "1500m",
    "0.001",
    "0.0005",
    "1.5m",
    "9223372036854775",
    "9223372036854776",
    "0",
    "0.0",
]
NOT_READ = [
    "5gi",
    " 5Gi",
    "5Gi ",
    "5Gi\n",
    "-1Gi",
    "+5Gi",
    "5GB",
    "5 Gi",
    "",
    ".5Gi",
    "5.Gi",
    "1e-3",
    "1,5Gi",
    "1500m",
    "0x1F",
    "Gi",
]


def exactly(text: str) -> Fraction:
    """Return what the API server reads."""
    number, unit = re.fullmatch(r"([0-9.]+)(.*)", text).groups()  # type: ignore[union-attr]
    return Fraction(number) * Fraction(10 ** int(unit[1:]) if re.match("[eE][0-9]", unit) else UNITS[unit])


def test_a_right_quantity_is_whole_and_of_63_bits() -> None:
    asked = [*((text, "bytes", 1) for text in READ), *((text, "cores", 1000) for text in CORES)]
    told = evaluated(f'include "mcapp.quantityWanted" (list "{text}" "{kind}")' for text, kind, _ in asked)
    right = [(text, not wanted) for (text, _, _), wanted in zip(asked, told, strict=True)]
    amounts = [exactly(text) * scale for text, _, scale in asked]
    assert right == [
        (text, amount.denominator == 1 and amount < 2**63)
        for (text, _, _), amount in zip(asked, amounts, strict=True)
    ]


def test_no_other_form_of_a_size_is_taken() -> None:
    definition = json.loads((CHART / "values.schema.json").read_text())["definitions"]["size"]
    taken = Draft7Validator(definition)
    assert not [text for text in NOT_READ if taken.is_valid(text) and not text.endswith("\n")]
    assert not [text for text in READ if taken.is_valid(text) != bool(re.search("[1-9]", text))]


@pytest.mark.parametrize("size", ["9Ei", "5368709120.5", 10**19, "1e400"])
def test_a_size_that_would_be_cut_is_refused_as_it_was_written(render: Render, size: object) -> None:
    with pytest.raises(HelmError) as refused:
        render({"db": {"persistence": {"size": size}}, "backup": {"persistence": {"size": size}}})
    shown = f"'{size}'" if isinstance(size, str) else json.dumps(size)
    for part in ("db", "backup"):
        assert f"at '/{part}/persistence/size': got {shown}" in str(refused.value)


def test_a_size_on_the_command_line_is_exact() -> None:
    most = 2**63 - 1
    sized = f"db.persistence.size={most}"
    shown = helm(
        "template", "mcapp", str(CHART), "--set", sized, "--show-only", "templates/db/pvc.yaml", stdin=""
    )
    assert yaml.safe_load(shown)["spec"]["resources"]["requests"]["storage"] == str(most)
    for wrong in (f"{most + 1}", "5368709120.5"):
        with pytest.raises(HelmError, match=f"/db/persistence/size': .*{wrong}"):
            helm("template", "mcapp", str(CHART), "--set", f"db.persistence.size={wrong}", stdin="")


@pytest.mark.parametrize(("size", "written"), [("1.1Gi", "1.1Gi"), ("1181116006.4", "1181116006.4")])
def test_a_claim_with_a_part_of_a_byte_keeps_it(
    render: Render, tmp_path: Path, size: str, written: str
) -> None:
    """A claim cannot shrink, and on most clusters not grow: an upgrade from an older chart must go on."""
    chart = with_lookups(tmp_path)
    values = {
        "db": {"persistence": {"size": size}},
        "backup": {"enabled": True, "persistence": {"size": size}},
    }
    with pytest.raises(HelmError, match=r"(?s)/backup/persistence/size.*/db/persistence/size"):
        render(values, chart=chart)
    claim = {"spec": {"resources": {"requests": {"storage": "1181116006400m"}}}}
    live = {f"v1/PersistentVolumeClaim/mcapp/{name}": claim for name in ("postgres-pvc", "backup-pvc")}
    objects = render({**values, "_live": live}, chart=chart)
    for name in ("postgres-pvc", "backup-pvc"):
        storage = objects.one("PersistentVolumeClaim", name)["spec"]["resources"]["requests"]["storage"]
        assert storage == written
    larger = {name: {"spec": {"resources": {"requests": {"storage": "1Gi"}}}} for name in live}
    with pytest.raises(HelmError, match="/db/persistence/size': got"):
        render({**values, "_live": larger}, chart=chart)
