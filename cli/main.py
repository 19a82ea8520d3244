"""The `tallystick` command: options that all commands share, and how failures end."""

import importlib
import sys

import click

from cli.context import DEFAULT_TENANT, Format, Session
from runtime.failures import explain
from runtime.logging import configure_logging
from runtime.settings import SettingsError

EXIT_FAILED = 1
EXIT_WRONG_USAGE = 2


COMMANDS = (
    "aging",
    "audit",
    "credit-scores",
    "dashboard",
    "db",
    "demo",
    "explain",
    "jobs",
    "key",
    "master-key",
    "projections",
    "rules",
    "schema",
    "serve",
    "sync",
    "tenant",
)
"""Each is a module here and the command of its name in it, imported when it is asked for."""


_FURTHER = {
    "audit": ("cli.audit_diff", "cli.audit_erasure", "cli.audit_replay", "cli.audit_trail"),
}
"""Modules that add commands of their own to one of these."""


class _Commands(click.Group):
    """Commands that cost nothing to those who run another."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        for further in _FURTHER.get(cmd_name, ()):
            importlib.import_module(further)
        return getattr(importlib.import_module(f"cli.{name}"), name)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--tenant", "tenant_name", default=DEFAULT_TENANT, metavar="NAME", help="The tenant.")
@click.option(
    "--format",
    "output",
    type=click.Choice([one.value for one in Format]),
    default=Format.TABLE.value,
    help="How results are printed.",
)
@click.version_option(package_name="tallystick")
@click.pass_context
def tallystick(context: click.Context, tenant_name: str, output: str) -> None:
    """Collections for accounts receivable, with a history that can be proven."""
    try:
        context.obj = Session(tenant_name, Format(output))
    except SettingsError as failure:
        raise click.UsageError(str(failure)) from failure
    configure_logging(context.obj.settings)


def main() -> None:
    """Run the command; a failure that can be expected ends with a sentence and exit code 1."""
    try:
        tallystick(standalone_mode=True)
    except Exception as failure:
        sentence = explain(failure)
        if sentence is None:
            raise
        click.echo(f"Error: {sentence}", err=True)
        sys.exit(EXIT_FAILED)


if __name__ == "__main__":
    main()
