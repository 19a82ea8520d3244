"""`tallystick db`: the database in use."""

import click

from cli.context import Session, command_options
from runtime.database import ROLES


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
    fenced = role in {"app", "auditor"}
    click.echo(session.database.url(role, session.tenant().id if fenced else None))
