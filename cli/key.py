"""`tallystick key`: API keys."""

import click

from cli.context import Session, command_options
from domain.api_key import Role
from runtime.keys import create_key


@click.group()
def key() -> None:
    """API keys: who may come in, and as what."""


@key.command()
@click.option("--role", type=click.Choice([one.value for one in Role]), required=True)
@click.option("--name", required=True, help="Whose key it is, for the audit trail.")
@click.option("--user", "user_id", metavar="ID", help="The user that its holder acts for.")
@command_options
def create(session: Session, role: str, name: str, user_id: str | None) -> None:
    """Print a new key, this once."""
    click.echo(create_key(session.database, session.tenant(), Role(role), name, user_id))
