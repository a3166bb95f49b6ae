"""The settings: the only reader of the environment and of `.env`."""

import re
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import IPv6Address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class SettingsError(ValueError):
    """One sentence that names the variable and says what it should hold, never what it holds."""


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _seconds(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"\d{1,5}(\.\d+)?", value):
        return timedelta(seconds=float(value))
    return value


def _centres(value: Any) -> Any:
    """Read `TLS=Toulouse,MPL=Montpellier`."""
    if not isinstance(value, str):
        return value
    pairs = [pair.partition("=") for pair in value.split(",")]
    return {code.strip(): name.strip() for code, _, name in pairs}


def _three_letters_and_a_name(centres: Mapping[str, str]) -> Mapping[str, str]:
    if not centres or not all(re.fullmatch("[A-Z]{3}", c) and n for c, n in centres.items()):
        raise ValueError("not a list of centres")
    return centres


def _phones(value: Any) -> Any:
    """Read `TLS:reanimation=05 61 00 00 00,MPL:reanimation=04 67 00 00 00`."""
    if not isinstance(value, str):
        return value
    found: dict[str, dict[str, str]] = {}
    for entry in filter(None, map(str.strip, value.split(","))):
        said = re.fullmatch(r"([A-Z]{3}):([a-z]+) *= *(\+?\d[\d .]{3,20})", entry)
        if said is None:
            raise ValueError("not a list of telephones")
        found.setdefault(said[1], {})[said[2]] = said[3]
    return found


def _web_address(value: str) -> str:
    parts = urlsplit(value)  # raises when a bracket or the port is none
    if not re.fullmatch(r"https?://[^\s/]+\S*", value) or not parts.hostname or parts.port == 0:
        raise ValueError("not a web address")
    if "[" in parts.netloc:
        IPv6Address(parts.hostname)
    return value.rstrip("/")


def _database_address(value: str) -> str:
    found = DATABASE.fullmatch(value)
    if not found or int(found["port"] or 1) not in range(1, 65536):
        raise ValueError("not the address of a database")
    return value


def _secret_like(pattern: str) -> AfterValidator:
    def check(value: SecretStr) -> SecretStr:
        if not re.fullmatch(pattern, value.get_secret_value()):
            raise ValueError("not of the expected shape")
        return value

    return AfterValidator(check)


DATABASE = re.compile(
    # Not SQLite's own form of an address, whose file is not the one that is watched and locked.
    r"sqlite:///(?!file:)[^?]+|postgresql\+psycopg://(?=.)"
    # As SQLAlchemy reads it: a password may hold anything but an @.
    r"([^:/]*(:[^@]*)?@)?(\[[^/?]+\]|[^/:?]+)?(:(?P<port>\d{1,5}))?([/?].*)?"
)
Centres = Annotated[
    Mapping[str, str],
    NoDecode,
    BeforeValidator(_centres),
    AfterValidator(_three_letters_and_a_name),
]
WebAddress = Annotated[str, AfterValidator(_web_address)]
LONGEST = timedelta(seconds=50)
"""A poll and the pause after it are shorter than what the heartbeat takes for a standstill."""
Seconds = Annotated[timedelta, BeforeValidator(_seconds), Field(ge=timedelta(0), le=LONGEST)]


class Settings(BaseSettings):
    """What `.env` decides; each description completes "expected …" in a refusal."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8",
        # A line left empty in .env means the default, and not an empty value.
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        # The input may be the token.
        hide_input_in_errors=True,
    )

    telegram_token: Annotated[SecretStr, _secret_like(r"\d+:[A-Za-z0-9_-]{3,}")] = Field(
        description="the bot's token as BotFather gives it, digits, a colon and letters"
    )
    telegram_api_url: WebAddress = Field(
        "https://api.telegram.org",
        description="the address of a Bot API server, without /bot<token>",
    )
    poll_timeout: Seconds = Field(
        timedelta(seconds=30), description="seconds of long poll, 0 to 50"
    )
    poll_interval: Seconds = Field(timedelta(0), description="seconds between two polls, 0 to 50")
    database_url: Annotated[str, AfterValidator(_database_address)] = Field(
        "sqlite:///var/relais.db",
        repr=False,  # it may hold a password
        description="sqlite:///FILE (without options) or postgresql+psycopg://USER:PASSWORD@HOST:PORT/NAME",
    )
    # Apart from the database: it shows that an older one was put in its place. What was seen of
    # the database last is kept next to it (.seen).
    proof_file: Path | None = Field(
        None, description="a file for the last proof of the event chain, best on another disk"
    )
    # A link to Telegram carries at most 64 of these characters to /start.
    setup_code: Annotated[SecretStr, _secret_like("[A-Za-z0-9_-]{16,64}")] | None = Field(
        None, description="16 to 64 letters, digits, - or _"
    )
    # Changed, it would break the seal of every event before.
    audit_key: Annotated[SecretStr, Field(min_length=8)] = Field(
        description="8 characters or more, random and kept for ever"
    )
    timezone: ZoneInfo = Field(
        ZoneInfo("Europe/Paris"), description="the name of a time zone, such as Europe/Paris"
    )
    pathway: str = Field(
        "onco-occitanie", description="the name of a file of bot/pathways, or a path"
    )
    centres: Centres = Field(
        {"TLS": "Toulouse", "MPL": "Montpellier"},
        description="three capitals and a name for each centre, TLS=Toulouse,MPL=Montpellier",
    )
    phones: Annotated[Mapping[str, Mapping[str, str]], NoDecode, BeforeValidator(_phones)] = Field(
        {},
        description="a number for each team to call, TLS:reanimation=05 61 00 00 00,…",
    )
    webhook_url: WebAddress | None = Field(
        None, description="the public address that Telegram calls, or nothing to poll"
    )
    webhook_secret: Annotated[SecretStr, _secret_like("[A-Za-z0-9_-]{1,256}")] | None = Field(
        None, description="1 to 256 letters, digits, - or _, as soon as WEBHOOK_URL is set"
    )
    http_port: int | None = Field(
        None, ge=1, le=65535, description="a port from 1 to 65535, needed by WEBHOOK_URL"
    )
    # Behind a proxy by default: /healthz asks nobody who they are.
    http_host: Annotated[str, Field(pattern=r"^[\w.:-]+$")] = Field(
        "127.0.0.1", description="the address that HTTP_PORT listens on"
    )
    heartbeat_url: WebAddress | None = Field(
        None, description="the address to call when everything is explained"
    )
    clock_url: WebAddress | None = Field(
        None, description="the address of a training clock to follow, or nothing"
    )
    flood_limits: Literal["telegram", "none"] = Field(
        "telegram", description="telegram, or none in training: members are not limited either"
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = (
        Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    )


def read_settings(env_file: Path | None = Path(".env")) -> Settings:
    """Read the environment, then `env_file`; refuse the first value that is wrong."""
    try:
        settings = Settings(_env_file=env_file)  # type: ignore[call-arg]
    except ValidationError as error:
        raise _refusal(error, env_file) from None  # the cause would show the value
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{env_file} cannot be read: expected a text in UTF-8.") from None
    if settings.webhook_url:
        for name in ("webhook_secret", "http_port"):
            if getattr(settings, name) is None:
                raise SettingsError(_sentence(name, "missing"))
    return settings


def _refusal(error: ValidationError, env_file: Path | None) -> SettingsError:
    first = error.errors(include_input=False, include_url=False)[0]
    name = str(first["loc"][0])
    if first["type"] != "missing":
        return SettingsError(_sentence(name, "wrong"))
    # Most often it is the whole file that is missing, or the command that runs elsewhere.
    lost = env_file is not None and not env_file.exists()
    do = f"; there is no {env_file} here, copy .env.example to it and fill it in" if lost else ""
    return SettingsError(_sentence(name, "missing", do))


def _sentence(name: str, fault: str, do: str = "") -> str:
    expected = Settings.model_fields[name].description
    return f"{name.upper()} is {fault}: expected {expected}{do}."
