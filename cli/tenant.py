"""`tallystick tenant`: whose logs there are."""

import click

from cli.context import Session, command_options, note
from runtime.strategies import put_starter_in_force
from runtime.tenants import create_tenant


@click.group()
def tenant() -> None:
    """Tenants: a log and read models of their own."""


@tenant.command()
@click.argument("name")
@command_options
def create(session: Session, name: str) -> None:
    """Make the tenant NAME, with the strategy that comes with the product in force."""
    made = create_tenant(session.database, name)
    put_starter_in_force(session.database, made, actor="cli")
    note(f"Tenant {name} is there.")
