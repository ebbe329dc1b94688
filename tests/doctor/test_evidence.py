"""The lines of the logs that belong to the present fault."""

from __future__ import annotations

import json
import re

from mcapp.doctor.checks.evidence import of_now

PATTERN = re.compile(r"database unavailable|FATAL")


def api(time: str, message: str, code: str = "") -> str:
    line = {"time": f"2026-11-24T{time}.123Z", "level": "warning", "message": message}
    return f"[pod/api-1/api] {json.dumps({**line, **({'code': code} if code else {})})}"


def db(time: str, said: str) -> str:
    return f"[pod/db-0/postgres] 2026-11-24 {time}.456 UTC [77] {said}"


OLD = [
    api("00:24:01", "database unavailable", "password"),
    db("00:24:02", 'FATAL:  password authentication failed for user "app"'),
    api("00:25:00", "database connected"),
]


def test_a_fault_that_was_healed_is_no_evidence_for_another() -> None:
    now = [api("00:34:00", "database unavailable", "refused")]
    assert of_now([*OLD, *now], PATTERN, "refused") == now
    assert of_now(OLD, PATTERN, "password") == []


def test_the_present_fault_may_be_old() -> None:
    assert of_now(OLD[:2], PATTERN, "password") == OLD[:2]


def test_a_line_of_another_code_is_of_another_fault() -> None:
    lines = [api("00:34:00", "database unavailable", "dns"), db("00:34:01", "FATAL:  too many connections")]
    assert of_now(lines, PATTERN, "busy") == lines[1:]


def test_a_server_that_has_started_again_ends_what_was_before() -> None:
    lines = [
        db("00:30:00", "FATAL:  x"),
        db("00:31:00", "LOG:  database system is ready to accept connections"),
    ]
    assert of_now(lines, PATTERN, "other") == []


def test_a_line_without_a_time_counts() -> None:
    assert of_now(["[pod/x/y] FATAL: x"], PATTERN, "other") == ["[pod/x/y] FATAL: x"]
