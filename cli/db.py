"""`tallystick db`: the database in use."""

import click

from cli.context import DEFAULT_TENANT, Session, command_options, note
from runtime.database import ROLES
from runtime.tenants import TenantError

FENCED = frozenset({"app", "auditor"})
"""The roles that see the rows of one tenant alone."""


@click.group()
def db() -> None:
    """The database in use."""


@db.command()
@click.option(
    "--role",
    type=click.Choice(list(ROLES)),
    default="owner",
    show_default=True,
    help="As whom to connect; app and auditor see the rows of the tenant alone.",
)
@command_options
def url(session: Session, role: str) -> None:
    """Print the connection string."""
    click.echo(session.database.url(role, _fence(session) if role in FENCED else None))


def _fence(session: Session) -> int | None:
    """Return the tenant whose rows the connection sees; where there is no demo, it sees none."""
    try:
        return session.tenant().id
    except TenantError:
        if session.tenant_name != DEFAULT_TENANT:
            raise
        note("No tenant is named, so the connection sees no rows of any.")
        return None
