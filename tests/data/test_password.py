"""A superuser's password that PostgreSQL's programs would cut is refused before anything is done with it."""

from __future__ import annotations

import pytest

from mcapp.backup.server import one_line
from mcapp.errors import FailedError


@pytest.mark.parametrize("password", ["pw\n", "p\rw", "pw\r\n", "p\0w"])
def test_a_line_break_is_refused_by_its_key(password: str) -> None:
    with pytest.raises(FailedError, match="Secret mine, key root, holds a line break") as told:
        one_line(password, "mine", "root")
    assert password.strip() not in str(told.value)


def test_any_other_password_is_taken() -> None:
    assert one_line("it's\t$x %s", "mine", "root") == "it's\t$x %s"
