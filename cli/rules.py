"""`tallystick rules`: strategies, and running them."""

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from application.rule_messages import Telling
from cli.context import Format, Session, command_options, note
from cli.output import print_json, print_rows
from cli.values import DATE
from cli.what_if import what_if
from domain.rule_plan import ACTIONS_MAX
from domain.strategy import StrategyError, Unreadable, parsed_strategy, printed_strategy
from projections.query import fetch
from projections.rules_in_force import credit_classes
from projections.view import Asked
from runtime.rule_messages import deliver_preview, run_and_tell
from runtime.rule_runs import CATCH_UP_DAYS, RuleRunner, RunResult
from runtime.site import site_options, today
from runtime.strategies import put_in_force, put_starter_in_force, strategy_in_force

ANY_NUMBER = sys.maxsize


@click.group()
def rules() -> None:
    """Rules: what is to be done about which accounts and documents."""


rules.add_command(what_if)


@rules.command()
@click.option("--business-date", type=DATE, required=True, help="The date to run for.")
@click.option("--class", "class_id", metavar="ID", help="Only this credit class.")
@click.option("--preview", is_flag=True, help="Say what would be done, and do nothing.")
@click.option(
    "--deliver",
    is_flag=True,
    help="With --preview: deliver it as a message with an Excel file to who runs the site.",
)
@click.option(
    "--confirm", is_flag=True, help=f"Let a rule make more than {ACTIONS_MAX:,} actions at once."
)
@click.option(
    "--catch-up",
    default=CATCH_UP_DAYS,
    show_default=True,
    metavar="DAYS",
    type=click.IntRange(0),
    help="How many days back dates are run first that were missed.",
)
@command_options
def run(
    session: Session,
    business_date: date,
    class_id: str | None,
    preview: bool,
    deliver: bool,
    confirm: bool,
    catch_up: int,
) -> None:
    """Run the rules of all credit classes for a date, or those of one.

    A message tells who runs the site what was done.
    """
    if deliver and not preview:
        raise click.UsageError("--deliver goes with --preview: a run is told of anyway.")
    tenant = session.tenant()
    _with_some_strategy(session)
    actions_max = ANY_NUMBER if confirm else ACTIONS_MAX
    telling = Telling(business_date, class_id, None, "cli", "cli/rules-run")
    if deliver:
        result, delivered = deliver_preview(
            session.database, tenant, telling, actions_max=actions_max, catch_up_days=catch_up
        )
        note(f"{'Delivered as' if delivered.new else 'Already in'} message {delivered.message_id}")
    elif preview:
        with RuleRunner(session.database, tenant, actor="cli") as runner:
            result = runner.preview(
                business_date, class_id, actions_max=actions_max, catch_up_days=catch_up
            )
    else:
        result = run_and_tell(
            session.database,
            tenant,
            telling,
            actions_max=actions_max,
            catch_up_days=catch_up,
            progress=lambda name, on: note(f"Running {name} for {on}"),
        )
    _report(session.format, business_date, result, preview=preview)
    held = [rule for one in result.runs for rule in one.rules if rule.held]
    for rule in held:
        note(
            f"{rule.rule_id} would make {rule.held:,} actions at once and made none;"
            " `--confirm` lets it."
        )
    if held:
        sys.exit(1)


def _report(output: Format, business_date: date, result: RunResult, *, preview: bool) -> None:
    counts = {name: result.total(name) for name in ("created", "closed", "delayed")}
    told = {
        "business_date": business_date.isoformat(),
        **counts,
        "preview": preview,
        "position": result.position,
    }
    if output is Format.JSON:
        print_json(told)
        return
    rows = [
        [
            one.class_id,
            one.business_date.isoformat(),
            rule.rule_id,
            rule.version,
            rule.created,
            rule.extended,
            rule.closed,
            rule.delayed,
            rule.held,
        ]
        for one in result.runs
        for rule in one.rules
    ]
    headers = ["class", "date", "rule", "version", "created", "extended", "closed", "delayed"]
    print_rows(output, [*headers, "held"], rows)


def _with_some_strategy(session: Session) -> None:
    """Put the starter strategy into force where there is none at all."""
    tenant = session.tenant()
    with session.database.connect("worker") as connection:
        options = site_options(connection, tenant.id)
        asked = Asked(tenant.id, options, today(options))
        there = fetch(connection, credit_classes(asked))
    if not there:
        note("There are no credit classes yet; putting the starter strategy into force.")
        put_starter_in_force(session.database, tenant, actor="cli")


@rules.command()
@command_options
def starter(session: Session) -> None:
    """Put the strategy that comes with the product into force; told twice it changes nothing."""
    done = put_starter_in_force(session.database, session.tenant(), actor="cli")
    note(f"{done.events} events")
    _refuse(done.refused)


@rules.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--confirm", is_flag=True, help="Take rules that meet most of what there is, too.")
@command_options
def import_(session: Session, file: Path, confirm: bool) -> None:
    """Put the strategy in FILE into force; what is wrong in it is told, and the rest taken."""
    try:
        strategy, unreadable = parsed_strategy(file.read_text(encoding="utf-8"))
    except (StrategyError, UnicodeDecodeError) as failure:
        raise click.ClickException(f"{file}: {failure}") from failure
    done = put_in_force(
        session.database, session.tenant(), strategy, actor="cli", confirmed=confirm
    )
    note(f"{done.events} events")
    _refuse([*unreadable, *done.refused])


def _refuse(refused: Sequence[Unreadable]) -> None:
    for one in refused:
        note(f"rejected {one.kind} {one.name}: {one.reason}")
    if refused:
        sys.exit(1)


@rules.command()
@command_options
def export(session: Session) -> None:
    """Print the strategy in force as TOML."""
    tenant = session.tenant()
    with session.database.connect("worker") as connection:
        options = site_options(connection, tenant.id)
        strategy = strategy_in_force(connection, Asked(tenant.id, options, today(options)))
    click.echo(printed_strategy(strategy), nl=False)


@rules.command("list")
@command_options
def list_(session: Session) -> None:
    """List the rules in force, in the order of their evaluation."""
    tenant = session.tenant()
    with session.database.connect("worker") as connection:
        options = site_options(connection, tenant.id)
        strategy = strategy_in_force(connection, Asked(tenant.id, options, today(options)))
    rows = [
        [
            one.class_id,
            one.seq_no,
            one.rule_id,
            one.name,
            one.view.value,
            one.action_code,
            one.filter,
        ]
        for one in strategy.rules
    ]
    print_rows(session.format, ["class", "seq", "rule", "name", "view", "action", "filter"], rows)
