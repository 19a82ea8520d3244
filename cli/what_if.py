"""`tallystick rules what-if`: strategies over past dates, without effect."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click
import msgspec

from cli.context import Format, Session, command_options, note
from cli.output import print_json, print_rows
from cli.values import DATE, MOMENT
from domain.strategy import StrategyError, parsed_strategy, starter_strategy
from domain.what_if import CAVEAT, Comparison, Counts, Figures, Known, figures
from runtime.site import site_options, today
from runtime.what_if import Draft, InForce, Question, Source, compare, simulate

_AS_OF = "as-of:"

CUSTOMERS_SHOWN = 20
"""Customers that a table names at most."""


class StrategyType(click.ParamType[Source]):
    """A strategy: one that is in force or was, the one that comes with the product, or a file."""

    name = "strategy"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Source:
        """Return where the strategy comes from, or fail as wrong usage."""
        if not isinstance(value, str):
            return value
        if value == "in-force":
            return InForce()
        if value == "starter":
            return Draft("starter", starter_strategy())
        if value.startswith(_AS_OF):
            return InForce(MOMENT.convert(value.removeprefix(_AS_OF), param, ctx))
        path = Path(value)
        try:
            strategy, unreadable = parsed_strategy(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, StrategyError) as failure:
            self.fail(
                f"{value!r} is neither in-force, starter, as-of:MOMENT nor a strategy: {failure}",
                param,
                ctx,
            )
        for one in unreadable:
            note(f"rejected {one.kind} {one.name}: {one.reason}")
        if unreadable:
            self.fail(f"{value} cannot be read as a whole.", param, ctx)
        return Draft(path.name, strategy)


STRATEGY = StrategyType()


@click.command("what-if")
@click.option("--from", "first", type=DATE, required=True, help="The first date.")
@click.option("--to", "last", type=DATE, required=True, help="The last date.")
@click.option(
    "--strategy",
    "source",
    type=STRATEGY,
    default="in-force",
    show_default=True,
    metavar="in-force|starter|as-of:MOMENT|FILE",
    help="The strategy.",
)
@click.option(
    "--against",
    type=STRATEGY,
    metavar="in-force|starter|as-of:MOMENT|FILE",
    help="Another strategy, to compare.",
)
@click.option(
    "--known",
    type=click.Choice([one.value for one in Known]),
    default=Known.THEN.value,
    show_default=True,
    help="Look at each date as it was known then, or as it is known now.",
)
@click.option("--every-day", is_flag=True, help="Run classes daily, whatever their schedule.")
@click.option("--class", "class_id", metavar="ID", help="Only this credit class.")
@click.option("--everyone", is_flag=True, help="Take all customers for those of the class.")
@command_options
def what_if(
    session: Session,
    first: date,
    last: date,
    source: Source,
    against: Source | None,
    known: str,
    every_day: bool,
    class_id: str | None,
    everyone: bool,
) -> None:
    """Say what a strategy would have done between two dates, and compare it with another."""
    database, tenant = session.database, session.tenant().id
    with database.connect("worker") as connection:
        business_date = today(site_options(connection, tenant))
    question = Question(first, last, business_date, Known(known), every_day, class_id, everyone)
    if against is None:
        _tell_one(session.format, figures(simulate(database, tenant, source, question)))
    else:
        _tell_both(session.format, compare(database, tenant, (source, against), question))


def _tell_one(output: Format, told: Figures) -> None:
    if output is Format.JSON:
        print_json(msgspec.to_builtins(told, str_keys=True) | {"caveat": CAVEAT})
        return
    print_rows(output, _COLUMNS, _rows(told))
    if output is Format.TABLE:
        click.echo(_contacts(told))
        _notes((told,))
        click.echo(CAVEAT)


def _tell_both(output: Format, told: Comparison) -> None:
    if output is Format.JSON:
        print_json(msgspec.to_builtins(told, str_keys=True))
        return
    print_rows(output, _COLUMNS, [*_rows(told.first), *_rows(told.second)])
    if output is not Format.TABLE:
        return
    overlap, first, second = told.overlap, told.first.strategy, told.second.strategy
    click.echo(_contacts(told.first))
    click.echo(_contacts(told.second))
    share = "" if overlap.jaccard is None else f" ({overlap.jaccard} of those of either)"
    click.echo(
        f"Acted on by both on the same date: {overlap.both:,} accounts or documents{share};"
        f" only by {first}: {overlap.only_first:,}; only by {second}: {overlap.only_second:,}."
    )
    click.echo(
        f"Contacted by both: {overlap.contacted_by_both:,} customers;"
        f" only by {first}: {_customers(overlap.contacted_only_by_first)};"
        f" only by {second}: {_customers(overlap.contacted_only_by_second)}."
    )
    _notes((told.first, told.second))
    click.echo(told.caveat)


_COLUMNS = (
    "strategy",
    "class",
    "rule",
    "created",
    "extended",
    "closed",
    "why closed",
    "open",
    "delayed",
    "held",
    "customers",
    "amounts",
)


def _rows(told: Figures) -> list[list[Any]]:
    rules = [
        [told.strategy, one.rule.class_id, one.rule.rule_id, *_cells(one.counts)]
        for one in told.rules
    ]
    return [*rules, [told.strategy, None, "all", *_cells(told.total)]]


def _cells(counts: Counts) -> list[Any]:
    why = ", ".join(f"{kind.value} {count}" for kind, count in counts.closed_by.items())
    amounts = ", ".join(f"{amount:,.2f} {currency}" for currency, amount in counts.amounts.items())
    return [
        counts.created,
        counts.extended,
        counts.closed,
        why,
        counts.still_open,
        counts.delayed,
        counts.held,
        counts.customers,
        amounts,
    ]


def _contacts(told: Figures) -> str:
    """Return how often customers would have been contacted, in a sentence."""
    of = told.contacts
    if not of.contacts:
        return f"{told.strategy}: nobody would have been contacted on {told.dates} dates."
    months = ", ".join(f"{month}: {count:,}" for month, count in of.by_month.items())
    return (
        f"{told.strategy}: {of.contacts:,} contacts with {of.customers:,} customers on"
        f" {told.dates} dates; each {of.least} to {of.most}, half of them up to {of.median:f}, nine"
        f" of ten up to {of.p90}. By month: {months}."
    )


def _notes(several: Sequence[Figures]) -> None:
    """Say which rules look at what rules make."""
    for told in several:
        for one in told.rules:
            if one.rule.fed_by:
                click.echo(
                    f"{told.strategy}: {one.rule.rule_id} looks at {', '.join(one.rule.fed_by)};"
                    " it saw the issues and activities that really were."
                )


def _customers(accounts: Sequence[tuple[str, str]]) -> str:
    if not accounts:
        return "none"
    named = ", ".join("/".join(one) for one in accounts[:CUSTOMERS_SHOWN])
    more = len(accounts) - CUSTOMERS_SHOWN
    return f"{len(accounts):,} ({named}{f' and {more:,} more' if more > 0 else ''})"
