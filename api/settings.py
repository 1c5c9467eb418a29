"""The settings of a process: COUNTERFOIL_* variables and a `.env`, read once and checked."""

import difflib
import os
import re
import secrets
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.execution.readings import READINGS
from api.subscriptions.register import StreamLimits
from domain.kernel.policy import Policy

PREFIX = "COUNTERFOIL_"
_KUBERNETES = re.compile(
    r"^COUNTERFOIL(_[A-Z0-9_]+)?_(SERVICE_(HOST|PORT.*)|PORT(_\d+_(TCP|UDP).*)?)$"
)


class BadSetting(Exception):
    """A setting is unknown or malformed; the text is one line that names it."""


class _Base(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )


class Settings(_Base):
    """What a process needs to know of its surroundings. Policy numbers have fields of their own."""

    database_url: str = "sqlite://var/counterfoil.db"
    database_pool: int = Field(default=12, ge=1, le=100)
    redis_url: str | None = None
    redis_protocol: Literal[2, 3] = 2
    secret_key: str | None = Field(default=None, min_length=32)
    public_url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    log_format: Literal["auto", "json", "text"] = "auto"
    graphiql: bool = True
    shared_answers: bool = True
    trusted_proxies: str = ""
    cors_origins: str = ""
    traces_url: str | None = None
    slow_operation_ms: int = Field(default=1_000, ge=1, le=600_000)
    request_seconds: float = Field(default=10, gt=0, le=60)
    compiled_execution: bool = True
    query_cost_max: int = Field(default=5_000, ge=1, le=1_000_000)
    query_budget: int = Field(default=10_000, ge=1, le=1_000_000_000)
    query_budget_per_second: int = Field(default=500, ge=1, le=1_000_000)
    reading_budget: int = Field(default=READINGS.size, ge=1, le=1_000_000_000)
    reading_budget_per_second: int = Field(default=READINGS.per_second, ge=1, le=1_000_000)
    introspection_for_strangers: bool | None = None
    automatic_queries: bool = True
    trusted_only: Literal["nobody", "strangers", "everybody"] = "nobody"
    streams_max: int = Field(default=2_000, ge=1)
    streams_per_address: int = Field(default=100, ge=1)
    streams_per_caller: int = Field(default=20, ge=1)
    streams_opened_per_second: int = Field(default=20, ge=1)
    stream_operations: int = Field(default=20, ge=1, le=100)
    stream_messages_per_second: int = Field(default=20, ge=1)
    stream_message_bytes: int = Field(default=100_000, ge=1_000, le=1_000_000)
    stream_init_seconds: float = Field(default=5, gt=0, le=60)
    stream_heartbeat_seconds: float = Field(default=15, gt=0, le=300)
    stream_send_seconds: float = Field(default=10, gt=0, le=60)

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith(("sqlite://", "postgres://", "postgresql://")):
            raise ValueError("must start with sqlite:// or postgres://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _known_redis(cls, value: str | None) -> str | None:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must start with redis://")
        return value or None

    @field_validator("cors_origins")
    @classmethod
    def _exact_origins(cls, value: str) -> str:
        _origins(value)
        return value

    @field_validator("traces_url")
    @classmethod
    def _collector(cls, value: str | None) -> str | None:
        if value and urlsplit(value).scheme not in ("http", "https"):
            raise ValueError("must start with http:// or https://")
        return value or None

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("must be an absolute http(s) address")
        return value.rstrip("/")

    @property
    def cors_allowed(self) -> frozenset[str]:
        """The origins whose pages may call `/graphql`."""
        return _origins(self.cors_origins)

    @property
    def open_schema(self) -> bool:
        """Whether strangers may introspect: as set, else where GraphiQL is served to them."""
        chosen = self.introspection_for_strangers
        return self.graphiql if chosen is None else chosen

    @property
    def embedded(self) -> bool:
        """Whether this is the one-process mode with SQLite."""
        return self.database_url.startswith("sqlite://")

    @cached_property
    def policy(self) -> Policy:
        """The house's numbers, with those that COUNTERFOIL_* sets."""
        given: dict[str, int] = {}
        environment = _environment()
        for field in fields(Policy):
            text = environment.get(PREFIX + field.name.upper())
            if text is not None:
                if not re.fullmatch(r"\d{1,12}", text, re.ASCII):
                    name = PREFIX + field.name.upper()
                    raise BadSetting(f"{name}: must be a whole number, not {text[:40]!r}")
                given[field.name] = _bounded(field.name, int(text))
        return Policy(**given)

    @property
    def stream_limits(self) -> StreamLimits:
        """What long-lived connections may ask of this process."""
        return StreamLimits(
            connections=self.streams_max,
            per_address=self.streams_per_address,
            per_caller=self.streams_per_caller,
            opened_per_second=self.streams_opened_per_second,
            operations=self.stream_operations,
            messages_per_second=self.stream_messages_per_second,
            message_bytes=self.stream_message_bytes,
            init_seconds=self.stream_init_seconds,
            heartbeat_seconds=self.stream_heartbeat_seconds,
            send_seconds=self.stream_send_seconds,
        )

    def root_secret(self) -> str:
        """The root of all secrets; made once into `var/` in embedded mode. Raises BadSetting."""
        if self.secret_key is not None:
            return self.secret_key
        if not self.embedded:
            raise BadSetting(
                f"{PREFIX}SECRET_KEY: is needed with PostgreSQL; "
                'make one with `python -c "import secrets; print(secrets.token_urlsafe(48))"`'
            )
        path = Path(self.database_url.removeprefix("sqlite://")).parent / "secret_key"
        return _kept(path)


def _origins(text: str) -> frozenset[str]:
    """The exact origins in a setting, with commas between; ValueError for what is none.

    An asterisk and `null` are no origins: whoever is let in here comes with the user's cookie.
    """
    found = [one.strip() for one in text.split(",") if one.strip()]
    for one in found:
        parts = urlsplit(one)
        spelled = f"{parts.scheme}://{parts.netloc}"
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in one or "*" in one:
            raise ValueError(f"{one[:80]!r} is no origin; write one as https://console.example")
        if one != spelled.lower():
            raise ValueError(f"{one[:80]!r} must be written as {spelled.lower()}")
    return frozenset(found)


def _bounded(name: str, value: int) -> int:
    """A policy number that nothing later can trip over: from 1, and time within ten years."""
    most = {"_seconds": 315_360_000, "_days": 3_650}.get(name[name.rfind("_") :], 10**12)
    if not 1 <= value <= most:
        raise BadSetting(f"{PREFIX}{name.upper()}: must be from 1 to {most}, not {value}")
    return value


def _kept(path: Path) -> str:
    """The secret in `path`, made with mode 0600 when there is none; safe against a rival."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        found = path.read_text().strip()
        if len(found) < 32:
            raise BadSetting(f"{path}: holds no usable secret; restore it from a backup") from None
        return found
    made = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w") as file:
        file.write(made)
    return made


def _environment() -> dict[str, str]:
    """The variables that count: the process's own over those of `.env`."""
    found: dict[str, str] = {}
    dotenv = Path(".env")
    if dotenv.is_file():
        for line in dotenv.read_text(encoding="utf-8").splitlines():
            name, sign, value = line.partition("=")
            if sign and not name.lstrip().startswith("#"):
                found[name.strip().removeprefix("export ")] = value.strip().strip("\"'")
    return found | dict(os.environ)


def _check_names() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    known |= {PREFIX + field.name.upper() for field in fields(Policy)}
    for name in sorted(_environment()):
        if name.startswith(PREFIX) and name not in known and not _KUBERNETES.match(name):
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise BadSetting(f"{name}: there is no such setting{hint}")


def load_settings() -> Settings:
    """Read and check all settings; raises BadSetting with one line that names the culprit."""
    _check_names()
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise BadSetting(f"{name}: {first['msg'].removeprefix('Value error, ')}") from None
    _ = settings.policy
    return settings
