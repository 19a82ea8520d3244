"""What every command has: tenant, format, settings and the database, opened when first needed."""

import functools
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar, cast

import click

from runtime.database import Database
from runtime.replaying import replayed
from runtime.settings import Settings, load_settings
from runtime.tenants import Tenant, find_tenant

Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_TENANT = "demo"


class Format(StrEnum):
    """How a result is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Session:
    """One run of the command."""

    def __init__(self, tenant: str, output: Format) -> None:
        self.tenant_name = tenant
        self.format = output
        self.settings: Settings = load_settings()
        self._database: Database | None = None

    @property
    def database(self) -> Database:
        """The database in use."""
        if self._database is None:
            self._database = Database.open(self.settings)
        return self._database

    def look_into(self, replay: str) -> None:
        """Work from now on on the database as it was, in a replay of the tenant."""
        self._database = replayed(self.database, self.tenant(), replay)

    def tenant(self) -> Tenant:
        """Return the tenant that was named."""
        with self.database.connect("worker") as connection:
            return find_tenant(connection, self.tenant_name)


def command_options(command: Command) -> Command:
    """Let a command take the global options behind its name, too, and give it the session."""

    @click.option("--tenant", metavar="NAME", help=f"The tenant (default: {DEFAULT_TENANT}).")
    @click.option(
        "--format", "output", type=click.Choice([one.value for one in Format]), help="How to print."
    )
    @click.pass_obj
    @functools.wraps(command)
    def with_session(
        session: Session, *args: Any, tenant: str | None, output: str | None, **kwargs: Any
    ) -> Any:
        if tenant is not None:
            session.tenant_name = tenant
        if output is not None:
            session.format = Format(output)
        return command(session, *args, **kwargs)

    return cast("Command", with_session)


def replay_option(command: Command) -> Command:
    """Let a command answer from a replay, which the session's database is then."""

    @click.option("--replay", metavar="NAME", help="Answer from a replay (`audit replay`).")
    @functools.wraps(command)
    def with_replay(session: Session, *args: Any, replay: str | None, **kwargs: Any) -> Any:
        if replay is not None:
            session.look_into(replay)
        return command(session, *args, **kwargs)

    return cast("Command", with_replay)


def note(message: str) -> None:
    """Tell a person something, on standard error."""
    click.echo(message, err=True)


def is_terminal() -> bool:
    """Whether a person watches standard error."""
    return sys.stderr.isatty()
