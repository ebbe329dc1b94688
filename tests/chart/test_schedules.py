"""A schedule and a time zone of the backups are what Kubernetes takes, and come at all."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import zoneinfo
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from mcapp.config import CHART
from mcapp.genvalues.rules import broken
from mcapp.genvalues.values import effective
from tests.support.render import HelmError, Objects, evaluated

Render = Callable[..., Objects]

# By robfig/cron v3 ParseStandard, of which Kubernetes' validation is made.
RIGHT = [
    *(
        "0 3 * * *",
        "*/5 * * * *",
        "59 23 31 12 6",
        "0 0 1 1 0",
        "1,2,,3 * * * *",
        "1, * * * *",
        "5-5 * * * *",
    ),
    *(
        "*/1 * * * *",
        "*/99 * * * *",
        "? ? ? ? ?",
        "?/7 * * * *",
        "10-59/7 * * * *",
        "5/15 * * * *",
        "007 * * * *",
    ),
    *(
        "+5 * * * *",
        "0 3 * * MON-FRI",
        "0 3 * jan *",
        "0 3 * JAN-mar,Dec *",
        "0 3 * * sun,6",
        "0 3 * * Sun/2",
    ),
    *(
        "0 3  *\t* *",
        " 0 3 * * * ",
        "0 3 * * *\n",
        "@daily",
        "@midnight",
        "@hourly",
        "@weekly",
        "@monthly",
        "@yearly",
    ),
    *(
        "@annually",
        "@every 1h",
        "@every 1h30m10s",
        "@every 1.5h",
        "@every +90s",
        "@every 1000ms",
        "@every 1s",
    ),
    *(
        "0 0 29 2 *",
        "0 0 30 1-12/2 *",
        "0 0 31 1,2 *",
        "0 0 31 2 1",
        "0 0 31 2 */2",
        "0 0 29-31 2 *",
        "0 0 */31 2 *",
    ),
]
WRONG = [
    *(
        "",
        " ",
        "0 3 * *",
        "0 0 3 * * *",
        "at 3",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 0 *",
    ),
    *(
        "* * * 13 *",
        "* * * * 7",
        "*/0 * * * *",
        "5-1 * * * *",
        "1-2-3 * * * *",
        "1/2/3 * * * *",
        "-1 * * * *",
        ", * * * *",
    ),
    *(
        "*-5 * * * *",
        "*5 * * * *",
        "1- * * * *",
        "/5 * * * *",
        "*/ * * * *",
        "*/-1 * * * *",
        "1.5 * * * *",
        "x * * * *",
    ),
    *(
        "0 3 * * MONDAY",
        "0 jan * * *",
        "0 3 * mon *",
        "0 3 jan * *",
        "0 3 * +jan *",
        "0 3 * * fri-mon",
        "0 3 * * L",
    ),
    *(
        "0 3 W * *",
        "0 3 * * 1#2",
        "99999999999999999999 * * * *",
        "*/99999999999999999999 * * * *",
        "MON-FRI",
    ),
    *(
        "@Daily",
        "@daily ",
        " @daily",
        "@",
        "@reboot",
        "@every",
        "@every ",
        "@every 1",
        "@every -1h",
        "@every 0s",
    ),
    *("@every 1ms", "@every 1d", "@every  1h", "@every 1h ", "@every 9999999h", "@every 1hh", "@every h"),
    *(
        "TZ=UTC 0 3 * * *",
        "CRON_TZ=Asia/Taipei 0 3 * * *",
        "TZ=UTC",
        "0 0 31 2 *",
        "0 0 30 2 ?",
        "0 0 31 4,6,9,11 *",
    ),
    *("0 0 31 2-4/2 */1", "0 0 30-31 feb *", "0 0 31 11 *,1"),
]
KNOWN = [
    "",
    "UTC",
    "Etc/UTC",
    "Etc/GMT+8",
    "Asia/Taipei",
    "America/Argentina/Buenos_Aires",
    "EST5EDT",
    "GMT0",
    "NZ-CHAT",
]
UNKNOWN = ["Mars/Base", "Local", "LOCAL", "Asia/Taipe", "Utc", "Asia", "Taipei", "UTC+8", "Europe/Zulu"]
UNKNOWN_FORM = [
    "local",
    "Etc/UTC/",
    "asia/taipei",
    "utc",
    "../etc",
    "/UTC",
    "Asia//Taipei",
    "Asia Taipei",
    "posix/UTC",
    "+08:00",
]


def wanted(texts: Iterable[str]) -> list[str]:
    """Return what the chart wants in the place of each schedule; empty for a right one."""
    return evaluated(f'include "mcapp.scheduleWanted" {json.dumps(text)}' for text in texts)


def test_every_schedule_that_comes_is_taken_and_no_other() -> None:
    told = dict(zip([*RIGHT, *WRONG], wanted([*RIGHT, *WRONG]), strict=True))
    assert {text: said for text, said in told.items() if text in RIGHT and said} == {}
    assert [text for text in WRONG if not told[text]] == []


def test_each_field_says_what_it_may_be() -> None:
    (told,) = wanted(["60 24 0 13 7"])
    for said in (
        *("minutes from 0 to 59", "hours from 0 to 23", "days of the month from 1 to 31"),
        *("months from 1 to 12 or jan to dec", "days of the week from 0 to 6 or sun to sat"),
    ):
        assert said in told
    assert "in the place of '13'" in told
    (told,) = wanted(["*/0 5-1 * * *"])
    assert told.count("the lower end of a range first and a step of 1 or more") == 2


def refused(values: dict[str, str]) -> bool:
    """Return whether genvalues refuses these values of `backup` beyond the schema."""
    return any(broken(effective({"backup": values})))


def test_genvalues_takes_the_same() -> None:
    parts = ("*", "0", "31", "30", "*/2", "1-5", "feb", "4,6", "*/1", "31,1")
    fields = itertools.product(("0",), ("0",), parts, parts, ("?", "1", "*/1", "*/2", "7"))
    texts = [*RIGHT, *WRONG, *map(" ".join, fields)]
    told = wanted(texts)
    assert [
        text for text, said in zip(texts, told, strict=True) if bool(said) != refused({"schedule": text})
    ] == []


def unknown(render: Render, names: Iterable[str]) -> list[str]:
    """Return those of the names that the chart takes for no time zones, though the schema does."""
    made = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: zones}\ndata:\n  said: |\n"
        f"    {{{{- range $name := list {' '.join(map(json.dumps, names))} }}}}\n"
        '    {{- $zone := dict "timeZone" $name | dict "backup" }}\n'
        '    {{- dict "Values" $zone | include "mcapp.validate.timeZone" | trim | nindent 4 }}\n'
        "    {{- end }}\n    end"
    )
    said = render({"extraManifests": [made]}).one("ConfigMap", "zones")["data"]["said"]
    return re.findall("got '(.*)', want the name of a time zone", said)


def test_a_zone_that_there_is_is_taken(render: Render) -> None:
    names = [*KNOWN, *UNKNOWN]
    assert unknown(render, names) == UNKNOWN
    assert [name for name in names if refused({"timeZone": name})] == UNKNOWN
    schema = json.loads((CHART / "values.schema.json").read_text())["properties"]["backup"]["properties"]
    taken = Draft7Validator(schema["timeZone"])
    assert [name for name in [*names, *UNKNOWN_FORM] if taken.is_valid(name)] == names


def test_every_zone_of_this_machine_is_taken(render: Render) -> None:
    """But those of the database's makers, which Kubernetes does not know."""
    every = {name for name in zoneinfo.available_timezones() if not name[0].islower() and name != "Factory"}
    assert len(every) > 400
    assert unknown(render, sorted(every)) == []


def test_no_zone_is_refused_where_the_machine_knows_none(render: Render, tmp_path: Path) -> None:
    """A machine cannot lose its zones for a test, so the chart first asks for one that none has."""
    chart = Path(shutil.copytree(CHART, tmp_path / "mcapp"))
    template = chart / "templates" / "checks" / "_validate-schedule.tpl"
    asked = 'dateInZone "MST" 0 "Asia/Taipei"'
    assert asked in template.read_text()
    template.write_text(template.read_text().replace(asked, 'dateInZone "MST" 0 "Mars/Taipei"'))
    for name in ("Asia/Taipei", "Mars/Base"):
        render({"backup": {"timeZone": name}}, chart=str(chart))
    with pytest.raises(HelmError, match="got 'Local', want the name of a time zone"):
        render({"backup": {"timeZone": "Local"}}, chart=str(chart))
