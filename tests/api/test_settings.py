from __future__ import annotations

import pytest

from dev.local.api_process import ApiProcess
from mcapp_api.settings import Settings, SettingsError


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("MCAPP_PORT", "70000", "MCAPP_PORT must be a whole number from 1 to 65535, not '70000'."),
        ("MCAPP_PORT", "8000.5", "MCAPP_PORT must be a whole number from 1 to 65535, not '8000.5'."),
        ("MCAPP_POOL_SIZE", "many", "MCAPP_POOL_SIZE must be a whole number from 1 to 50, not 'many'."),
        ("MCAPP_DRAIN_SECONDS", "nan", "MCAPP_DRAIN_SECONDS must be a number from 0 to 300, not 'nan'."),
        (
            "MCAPP_LOG_LEVEL",
            "loud",
            "MCAPP_LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR, not 'LOUD'.",
        ),
        (
            "DATABASE_URL",
            "mysql://app:secret@db/appdb",
            "DATABASE_URL must look like postgresql://host:5432/database; it starts with something else.",
        ),
        (
            "DATABASE_URL",
            "postgresql://app:secret@db:5432/appdb?nonsense=1",
            "DATABASE_URL must look like postgresql://host:5432/database; libpq cannot read it.",
        ),
    ],
)
def test_wrong_setting(name: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_environment({name: value})
    assert str(raised.value) == says


def test_defaults() -> None:
    settings = Settings.from_environment({"POD_NAME": "api-1", "MCAPP_PORT": ""})
    assert settings == Settings(
        database={"host": "db", "port": "5432", "dbname": "appdb"},
        pod="api-1",
        node=None,
        node_address=None,
        pool_size=4,
        drain_seconds=5,
        port=8000,
        log_level="INFO",
    )
    assert settings.database_address == "db:5432"


def test_process_ends_with_one_sentence() -> None:
    api = ApiProcess({"MCAPP_POOL_SIZE": "0"})
    assert api.process.wait(20) == 2
    assert api.output() == "MCAPP_POOL_SIZE must be a whole number from 1 to 50, not '0'.\n"
    api.stop()
