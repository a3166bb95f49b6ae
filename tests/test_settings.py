"""Settings: read from the environment, refused with one sentence."""

import re
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.heartbeat import YOUNG
from bot.intake import ANSWER_WITHIN
from bot.settings import Settings, SettingsError, read_settings

GOOD = {
    "TELEGRAM_TOKEN": "123456789:AAE-not_a_real_token_at_all_0123456",
    "AUDIT_KEY": "an-audit-key-of-the-tests",
}


@pytest.fixture
def setenv(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that holds what is required and nothing else of ours."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_what_is_not_said_has_the_default_of_the_contract(setenv: pytest.MonkeyPatch) -> None:
    settings = read_settings(None)

    assert settings.telegram_api_url == "https://api.telegram.org"
    assert settings.database_url == "sqlite:///var/relais.db"
    assert settings.poll_timeout == timedelta(seconds=30)
    assert settings.poll_interval == timedelta(0)
    assert settings.timezone == ZoneInfo("Europe/Paris")
    assert settings.centres == {"TLS": "Toulouse", "MPL": "Montpellier"}
    assert settings.setup_code is None
    assert settings.http_port is None
    assert settings.http_host == "127.0.0.1"


def test_an_empty_value_counts_as_not_said(setenv: pytest.MonkeyPatch) -> None:
    setenv.setenv("HTTP_PORT", "")
    setenv.setenv("WEBHOOK_URL", "")

    settings = read_settings(None)

    assert settings.http_port is None
    assert settings.webhook_url is None


def test_the_file_is_read_and_the_environment_overrides_it(
    setenv: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("CENTRES=NIM=Nîmes\nLOG_LEVEL=debug\nPATHWAY=from-file\n", "utf-8")
    setenv.setenv("PATHWAY", "from-environment")

    settings = read_settings(env_file)

    assert settings.centres == {"NIM": "Nîmes"}
    assert settings.log_level == "DEBUG"
    assert settings.pathway == "from-environment"


def test_seconds_may_have_a_fraction(setenv: pytest.MonkeyPatch) -> None:
    setenv.setenv("POLL_INTERVAL", "0.25")

    assert read_settings(None).poll_interval == timedelta(milliseconds=250)


def test_the_slowest_poll_that_is_allowed_does_not_look_like_a_standstill(
    setenv: pytest.MonkeyPatch,
) -> None:
    setenv.setenv("POLL_TIMEOUT", "50")
    setenv.setenv("POLL_INTERVAL", "50")

    settings = read_settings(None)

    late = timedelta(seconds=ANSWER_WITHIN)
    assert settings.poll_timeout + late + settings.poll_interval < YOUNG


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_required_value_that_is_missing_is_named(setenv: pytest.MonkeyPatch, name: str) -> None:
    setenv.delenv(name)

    with pytest.raises(SettingsError, match=rf"^{name} is missing: expected .+\.$"):
        read_settings(None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELEGRAM_TOKEN", "hunter2-hunter2"),
        ("TELEGRAM_API_URL", "api.telegram.org"),
        ("TELEGRAM_API_URL", "http://[::1"),
        ("TELEGRAM_API_URL", "http://[::1x]"),
        ("TELEGRAM_API_URL", "http://::1"),
        ("TELEGRAM_API_URL", "http://localhost:80x"),
        ("TELEGRAM_API_URL", "http://localhost:99999"),
        ("POLL_TIMEOUT", "soon"),
        ("POLL_TIMEOUT", "-1"),
        ("POLL_TIMEOUT", "121"),
        ("POLL_INTERVAL", "121"),
        ("DATABASE_URL", "mysql://hunter2@db/relais"),
        ("DATABASE_URL", "postgresql://hunter2@db/relais"),
        ("DATABASE_URL", "postgresql+psycopg://hunter2@db:5432x/relais"),
        ("DATABASE_URL", "postgresql+psycopg://hunter2@db:99999/relais"),
        ("DATABASE_URL", "sqlite:///file:hunter2.db?uri=true"),
        ("DATABASE_URL", "sqlite:///hunter2.db?mode=ro"),
        ("SETUP_CODE", "hu2"),
        ("SETUP_CODE", "hunter2-too-few"),
        ("SETUP_CODE", "hunter2 and its spaces"),
        ("AUDIT_KEY", "hunter2"),
        ("TIMEZONE", "Europe/Toulouse"),
        ("CENTRES", "Albi"),
        ("CENTRES", "TLS=Albi,"),
        ("CENTRES", "ALB="),
        ("CENTRES", "tls=Albi"),
        ("WEBHOOK_URL", "ftp://relais.example"),
        ("WEBHOOK_SECRET", "hunter2 !"),
        ("HTTP_PORT", "0"),
        ("HTTP_PORT", "http"),
        ("HTTP_HOST", "all of them"),
        ("HEARTBEAT_URL", "yes"),
        ("CLOCK_URL", "noon"),
        ("FLOOD_LIMITS", "some"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_is_named_and_not_shown(
    setenv: pytest.MonkeyPatch, name: str, value: str
) -> None:
    setenv.setenv(name, value)

    with pytest.raises(SettingsError, match=rf"^{name} is wrong: expected [^\n]+\.$") as refusal:
        read_settings(None)

    assert value not in str(refusal.value)
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELEGRAM_API_URL", "http://[::1]:8081"),
        ("TELEGRAM_API_URL", "https://bot-api.example/telegram"),
        ("DATABASE_URL", "postgresql+psycopg://relais:a/b#c:d?e@db:5432/relais"),
        ("DATABASE_URL", "postgresql+psycopg:///relais?host=/run/postgresql"),
        ("DATABASE_URL", "postgresql+psycopg://relais@[::1]:5432/relais?sslmode=require"),
        ("DATABASE_URL", "sqlite:////srv/relais.db"),
    ],
)
def test_an_address_that_is_one_is_taken(
    setenv: pytest.MonkeyPatch, name: str, value: str
) -> None:
    setenv.setenv(name, value)

    assert getattr(read_settings(None), name.lower()) == value


def test_a_missing_file_is_named_with_what_to_do(
    setenv: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    setenv.delenv("AUDIT_KEY")

    with pytest.raises(SettingsError) as refusal:
        read_settings(tmp_path / ".env")

    said = f"there is no {tmp_path / '.env'} here, copy .env.example to it and fill it in."
    assert str(refusal.value).startswith("AUDIT_KEY is missing: ")
    assert str(refusal.value).endswith(said)


def test_a_file_that_is_no_text_is_one_sentence(
    setenv: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_bytes(b"TELEGRAM_TOKEN=\xff")

    with pytest.raises(SettingsError, match=r"\.env cannot be read: expected .+\.$"):
        read_settings(tmp_path / ".env")


@pytest.mark.parametrize("missing", ["WEBHOOK_SECRET", "HTTP_PORT"])
def test_a_webhook_needs_its_secret_and_its_port(setenv: pytest.MonkeyPatch, missing: str) -> None:
    setenv.setenv("WEBHOOK_URL", "https://relais.example/telegram")
    setenv.setenv("WEBHOOK_SECRET", "a-secret")
    setenv.setenv("HTTP_PORT", "8080")
    setenv.delenv(missing)

    with pytest.raises(SettingsError, match=f"^{missing} is missing"):
        read_settings(None)


def test_no_secret_shows_in_the_settings_themselves(setenv: pytest.MonkeyPatch) -> None:
    for name, value in {
        "SETUP_CODE": "hunter2-hunter2-setup",
        "AUDIT_KEY": "hunter2-audit-key-of-tests",
        "WEBHOOK_SECRET": "hunter2-webhook",
        "DATABASE_URL": "postgresql+psycopg://relais:hunter2@db/relais",
    }.items():
        setenv.setenv(name, value)

    shown = repr(read_settings(None)) + str(read_settings(None))

    assert "hunter2" not in shown
    assert GOOD["TELEGRAM_TOKEN"] not in shown


def test_settings_do_not_change(setenv: pytest.MonkeyPatch) -> None:
    settings = read_settings(None)

    with pytest.raises(ValueError, match="frozen"):
        settings.pathway = "other"


def test_the_example_lists_every_variable_and_no_other() -> None:
    example = (Path(__file__).parents[1] / ".env.example").read_text("utf-8")

    listed = re.findall(r"^#?([A-Z][A-Z_]+)=", example, re.MULTILINE)

    assert sorted(listed) == sorted(name.upper() for name in Settings.model_fields)
