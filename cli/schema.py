"""`tallystick schema`: the GraphQL schema as SDL."""

import click

from api.schema import sdl


@click.command()
def schema() -> None:
    """Print the GraphQL schema."""
    click.echo(sdl(), nl=False)
