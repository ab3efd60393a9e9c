"""Settings: defaults, what is refused and how, and that the manual knows each."""

import re
from pathlib import Path

import pytest

from app.settings import Settings, read_settings
from domain.errors import ConfigurationError

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def _problem(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        read_settings(None)
    return caught.value.message


def test_defaults_are_those_of_the_manual() -> None:
    settings = read_settings(None)
    assert (settings.port, settings.raw_retention_days, settings.analytics_retention_days) == (
        8009,
        7,
        1095,
    )
    assert settings.analytics_aggregation_levels == ("hourly", "daily", "weekly", "monthly")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PORT", "eighty", "whole number"),
        ("PORT", "70000", "less than or equal to 65535"),
        ("WEEK_START", "someday", "'monday', 'tuesday'"),
        ("ANALYTICS_AGGREGATION_LEVELS", "hourly,yearly", "'hourly', 'daily', 'weekly'"),
        ("INGEST_MAX_FUTURE", "a while", "duration"),
        ("DATABASE_URL", "mysql://x", "must start with postgresql:// or postgres://"),
        ("PROMETHEUS_TARGETS", "http://a/metrics,ftp://b", "must start with https:// or http://"),
        ("PROMETHEUS_HISTOGRAM", "http requests", "pattern"),
        ("CATALOGUE_FILE", "/no/such/file.toml", "is no file"),
    ],
)
def test_a_wrong_value_is_one_line_with_name_value_and_what_is_valid(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    message = _problem(monkeypatch, **{name: value})
    assert message.startswith(f"{name}=")
    assert expected in message
    assert value.rpartition(",")[2] in message
    assert "\n" not in message


def test_secrets_are_not_repeated_in_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    message = _problem(
        monkeypatch, JWT_SECRET="too-short-a-secret", DATABASE_URL="mysql://me:hunter2@host/db"
    )
    assert "too-short-a-secret" not in message
    assert "hunter2" not in message
    assert "me:***@host" in message


def test_production_needs_a_way_to_check_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "JWT_SECRET or JWT_JWKS" in _problem(monkeypatch, ENVIRONMENT="production")


def test_lists_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", "https://a.example, https://b.example")
    assert read_settings(None).cors_origins == ("https://a.example", "https://b.example")


def test_an_env_file_is_read_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("PORT=9001\nRAW_RETENTION_DAYS=3\nUNRELATED=1\n")
    monkeypatch.setenv("PORT", "9002")
    settings = read_settings(tmp_path / ".env")
    assert (settings.port, settings.raw_retention_days) == (9002, 3)


def test_an_empty_value_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    assert read_settings(None).database_url is None


def test_the_readme_names_each_setting_and_its_default() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", README.read_text("utf-8"), re.MULTILINE))
    assert set(rows) == {name.upper() for name in Settings.model_fields}
    assert rows["PORT"] == "`8009`"
