"""`tallystick explain figure`: what a figure is made of, document by document, event by event."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import click

from cli.context import Format, Session, command_options, note
from cli.event_lines import amount_text, effects
from cli.output import print_json, print_rows
from cli.values import DATE, MOMENT
from domain.aging import Basis
from domain.shared.wording import number_of
from projections.contributions import Part
from projections.dashboard import accounts_of
from projections.query import answered
from projections.view import Asked
from runtime.figures import (
    Contributed,
    Figure,
    FigureExplained,
    FigureOfAccounts,
    FigureOfAging,
    FigureReport,
    Measure,
    contributed,
    explained,
    figure_of_account,
)
from runtime.site import site_options, today
from runtime.snapshots import at_one_moment

CONTRIBUTIONS_SHOWN = 50
"""Contributions that are printed where nobody says how many."""

_TAKES = {
    FigureReport.AGING: {"--company", "--account", "--basis"},
    FigureReport.ACCOUNT: {"--company", "--account", "--promised-in"},
    FigureReport.DASHBOARD: {"--currency", "--promised-in"},
}
_NEEDS = {
    FigureReport.AGING: ("--company",),
    FigureReport.ACCOUNT: ("--company", "--account"),
    FigureReport.DASHBOARD: (),
}


@click.command()
@click.argument("figure")
@click.option(
    "--report",
    type=click.Choice([one.value for one in FigureReport]),
    default=FigureReport.AGING.value,
    help="Where the figure stands.",
)
@click.option("--company", metavar="ID", help="The ERP company; of aging and account.")
@click.option("--account", metavar="ID", help="The account; aging without it is of the company.")
@click.option("--currency", metavar="ID", help="Of dashboard: the home currency of the accounts.")
@click.option("--promised-in", metavar="ID", help="Of promises: the currency that was promised.")
@click.option("--as-of", type=DATE, help="The date of the figure; by default today.")
@click.option("--known-at", type=MOMENT, help="As the log knew it then; by default now.")
@click.option(
    "--basis",
    type=click.Choice([one.value for one in Basis]),
    help="Of aging: by which date; by default due.",
)
@click.option("--count", "counted", is_flag=True, help="The number of records, not their amount.")
@click.option(
    "--first",
    type=click.IntRange(min=1, max=100_000),
    default=CONTRIBUTIONS_SHOWN,
    show_default=True,
    help="How many contributions to print, the largest first.",
)
@command_options
def figure(
    session: Session,
    figure: str,
    report: str,
    company: str | None,
    account: str | None,
    currency: str | None,
    promised_in: str | None,
    as_of: date | None,
    known_at: datetime | None,
    basis: str | None,
    counted: bool,
    first: int,
) -> None:
    """What FIGURE is made of: documents that add up to it, and the events that made each.

    FIGURE of aging is a bucket's label, such as 1-30, or total; of an account or the dashboard
    a field of accounts, such as totalPastDue, or of promises, such as promisesOpen.
    """
    where = FigureReport(report)
    given = {
        "--company": company,
        "--account": account,
        "--currency": currency,
        "--promised-in": promised_in,
        "--basis": basis,
    }
    _check(where, {name for name, value in given.items() if value is not None})
    tenant = session.tenant()
    with session.database.connect("worker") as connection, at_one_moment(connection):
        options = site_options(connection, tenant.id)
        on = as_of or today(options)
        asked = Asked(tenant.id, options, on, in_past=as_of is not None, known_at=known_at)
        measure = Measure.COUNT if counted else Measure.AMOUNT
        wanted: Figure
        match where:
            case FigureReport.AGING:
                chosen = Basis(basis) if basis else Basis.DUE
                wanted = FigureOfAging(asked, figure, chosen, company or "", account, measure)
            case FigureReport.ACCOUNT:
                wanted = figure_of_account(
                    asked,
                    figure,
                    company or "",
                    account or "",
                    curr_id=promised_in,
                    measure=measure,
                )
            case FigureReport.DASHBOARD:
                wanted = FigureOfAccounts(
                    accounts_of(asked),
                    figure,
                    home_curr_id=currency,
                    curr_id=promised_in,
                    measure=measure,
                )
        told = answered(connection, explained(wanted))
        parts = answered(connection, contributed(asked, told.value.contributions, Part(first)))
    if session.format is Format.JSON:
        print_json(_told(where, asked, told, parts))
        return
    currency = told.value.currency
    if session.format is Format.CSV:
        print_rows(session.format, _COLUMNS, [row for one in parts for row in _rows(one, currency)])
    else:
        unit = f" {currency}" if currency else ""
        click.echo(
            f"{told.value.figure} on {on}: {amount_text(told.value.value, currency)}{unit},"
            f" the sum of {number_of(told.count, 'contribution')}"
        )
        for one in parts:
            click.echo("\n".join(_lines(one, currency)))
    if len(parts) < told.count:
        less = number_of(told.count - len(parts), "smaller contribution")
        note(f"Not shown: {less}; see --first.")


def _check(report: FigureReport, given: set[str]) -> None:
    for name in _NEEDS[report]:
        if name not in given:
            raise click.UsageError(f"A figure of {report} needs {name}.")
    for name in sorted(given - _TAKES[report]):
        raise click.UsageError(f"A figure of {report} takes no {name}.")


_COLUMNS = (
    "kind",
    "company",
    "account",
    "record",
    "contribution",
    "balance",
    "position",
    "version",
    "event",
    "on",
    "recorded",
    "actor",
    "effect",
)


def _rows(one: Contributed, currency: str | None) -> list[Sequence[Any]]:
    """Return a row for each event of a contribution."""
    told, history = one.contribution, one.history
    events = () if history is None else history.newest
    of_record = [
        told.kind.value,
        told.company_id,
        told.cust_id,
        told.record_id,
        amount_text(told.contribution, currency),
        "" if history is None else amount_text(history.balance, currency),
    ]
    return [
        [
            *of_record,
            event.position,
            event.version,
            event.type,
            event.effective_on,
            event.recorded_at.isoformat(),
            event.actor,
            amount_text(event.effect, currency),
        ]
        for event in events
    ]


def _lines(one: Contributed, currency: str | None) -> list[str]:
    """Return what people are told of a contribution and the events behind it."""
    told, history = one.contribution, one.history
    amount = amount_text(told.contribution, currency)
    about = f"{told.kind} {told.record_id} of account {told.company_id}/{told.cust_id}: {amount}"
    if history is None:
        return [about]
    if history.balance is not None and history.balance != told.contribution:
        about = f"{about}, of {amount_text(history.balance, currency)} open"
    return [about, *effects(history.newest, currency)]


def _told(
    report: FigureReport, asked: Asked, told: FigureExplained, parts: Sequence[Contributed]
) -> dict[str, Any]:
    currency = told.value.currency
    return {
        "report": report.value,
        "figure": told.value.figure,
        "as_of": asked.as_of.isoformat(),
        "known_at": asked.known_at.isoformat() if asked.known_at else None,
        "currency": currency,
        "value": amount_text(told.value.value, currency),
        "total": amount_text(told.total, currency),
        "equal": told.equal,
        "count": told.count,
        "contributions": [_contribution(one, currency) for one in parts],
    }


def _contribution(one: Contributed, currency: str | None) -> dict[str, Any]:
    told, history = one.contribution, one.history
    events = () if history is None else history.newest
    return {
        "kind": told.kind.value,
        "company": told.company_id,
        "account": told.cust_id,
        "record": told.record_id,
        "stream": one.stream,
        "contribution": amount_text(told.contribution, currency),
        "balance": None if history is None else amount_text(history.balance, currency),
        "events": [
            {
                "position": event.position,
                "stream": event.stream,
                "version": event.version,
                "type": event.type,
                "effective_on": event.effective_on.isoformat(),
                "recorded_at": event.recorded_at.isoformat(),
                "actor": event.actor,
                "effect": amount_text(event.effect, currency),
            }
            for event in events
        ],
    }
