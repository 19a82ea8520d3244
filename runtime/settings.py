"""Settings: environment variables named TALLYSTICK_…, validated when the program starts."""

import os
from enum import StrEnum
from pathlib import Path

import platformdirs
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class LogFormat(StrEnum):
    """How log lines are written."""

    CONSOLE = "console"
    JSON = "json"


class SettingsError(Exception):
    """A setting cannot be used; the message says which and why."""


def _default_home() -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/tallystick")
    return platformdirs.user_data_path("tallystick")


class Settings(BaseSettings):
    """Everything that can be set from outside."""

    model_config = SettingsConfigDict(env_prefix="TALLYSTICK_", env_ignore_empty=True)

    home: Path = Field(
        default_factory=_default_home,
        description="Where the embedded database and files live.",
    )
    database_url: str | None = Field(
        default=None,
        description="A PostgreSQL server (16 or later) to use instead of the embedded one.",
    )
    request_seconds_max: float = Field(
        default=30.0, gt=0, description="Seconds a request may take before it is given up."
    )
    simulations_max: int = Field(
        default=2,
        gt=0,
        description="Previews and simulations of rules that a server works at at once.",
    )
    introspection: bool = Field(
        default=True, description="Whether clients may ask the GraphQL schema of itself."
    )
    trusted_documents: Path | None = Field(
        default=None,
        description="A JSON file of GraphQL documents by id; given, no others are carried out.",
    )
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s?#]+$",
        description="Where people reach the frontend, for links in messages.",
    )
    sync_root: Path | None = Field(
        default=None,
        description="The folder within which exports lie that jobs load; without it none is.",
    )
    jobs_poll_seconds: float = Field(
        default=15.0, gt=0, description="How often it is looked for jobs that are due."
    )
    credit_score: str | None = Field(
        default=None,
        pattern=r"^[\w.]+:\w+$",
        description="A Python function that computes credit scores, as module:function.",
    )
    audit_name: str = Field(
        default="tallystick",
        pattern=r"^[^\s+/]+(/[^\s+/]+)*$",
        description="Where checkpoints of logs come from: a host name of your own is best.",
    )
    audit_keys: Path | None = Field(
        default=None,
        description="The file of the keys that sign checkpoints; audit.keys in the home if unset.",
    )
    master_key: SecretStr | None = Field(
        default=None,
        description="Wraps the keys of persons: 32 bytes in base64, or several, the newest first;"
        " master.key in the home if unset.",
    )
    log_level: str = Field(
        default="warning",
        pattern="^(debug|info|warning|error)$",
        description="The least level that is logged: debug, info, warning or error.",
    )
    log_format: LogFormat = Field(
        default=LogFormat.CONSOLE, description="How log lines are written: console or json."
    )

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, value: str | None) -> str | None:
        try:
            conninfo_to_dict(value or "")
        except ProgrammingError as failure:
            raise ValueError(str(failure).strip()) from failure
        return value


def load_settings() -> Settings:
    """Return the settings of the environment.

    Raises:
        SettingsError: naming the first variable that cannot be used.
    """
    try:
        return Settings()
    except ValidationError as failure:
        first = failure.errors()[0]
        name = "TALLYSTICK_" + "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(f"{name} cannot be used: {first['msg']}.") from failure
