"""Settings: validated at the start, and documented."""

import re
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from runtime.patience import PATIENCE, patient
from runtime.settings import Settings, SettingsError, load_settings

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TALLYSTICK_LOG_LEVEL", "loud"),
        ("TALLYSTICK_LOG_FORMAT", "poem"),
        ("TALLYSTICK_REQUEST_SECONDS_MAX", "0"),
        ("TALLYSTICK_REQUEST_SECONDS_MAX", "soon"),
        ("TALLYSTICK_SIMULATIONS_MAX", "0"),
        ("TALLYSTICK_INTROSPECTION", "maybe"),
        ("TALLYSTICK_CREDIT_SCORE", "examples.credit_score"),
        ("TALLYSTICK_DATABASE_URL", "localhost"),
        ("TALLYSTICK_DATABASE_URL", "postgresql://localhost/?colour=red"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name} cannot be used"):
        load_settings()


def test_settings_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TALLYSTICK_HOME", str(tmp_path))
    monkeypatch.setenv("TALLYSTICK_INTROSPECTION", "false")
    settings = load_settings()
    assert (settings.home, settings.introspection) == (tmp_path, False)


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLYSTICK_HOME", "")
    monkeypatch.setenv("TALLYSTICK_DATABASE_URL", "")
    settings = load_settings()
    assert (settings.home, settings.database_url) == (Settings().home, None)
    assert settings.home.is_absolute()


def test_a_server_s_silence_is_borne_as_long_as_its_url_says() -> None:
    told = conninfo_to_dict(patient("postgresql://erp@db/books?keepalives_idle=5&sslmode=require"))
    assert told == {
        "host": "db",
        "user": "erp",
        "dbname": "books",
        "sslmode": "require",
        "keepalives_idle": "5",
    } | {name: str(PATIENCE[name]) for name in PATIENCE if name != "keepalives_idle"}


def test_every_setting_is_documented_with_its_default() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    documented = re.findall(r"^\| `(TALLYSTICK_\w+)` \| (.*?) \|", text, re.MULTILINE)
    assert documented == [
        (f"TALLYSTICK_{name.upper()}", field.description)
        for name, field in Settings.model_fields.items()
    ]
