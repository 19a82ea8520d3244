"""`tallystick tenant`: whose logs there are."""

import click

from cli.context import Session, command_options, note
from runtime.tenants import create_tenant


@click.group()
def tenant() -> None:
    """Tenants: a log and read models of their own."""


@tenant.command()
@click.argument("name")
@command_options
def create(session: Session, name: str) -> None:
    """Make the tenant NAME."""
    create_tenant(session.database, name)
    note(f"Tenant {name} is there.")
