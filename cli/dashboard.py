"""`tallystick dashboard`: what accounts owe, how fast they pay and what is expected of them."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from cli.context import Format, Session, command_options, note, replay_option
from cli.dashboard_screen import screen
from cli.output import print_json, print_rows, show
from cli.values import CHART_FILE, DATE, MOMENT
from domain.shared.currency import money_text
from projections.account_view import ACCOUNT_VIEW
from projections.dashboard import Scope, Totals
from projections.promise_totals import Counted, PromiseTotals
from projections.view import Kind
from runtime.dashboards import Dashboard, DashboardGroup, read_dashboard


@click.command()
@click.option(
    "--scope",
    type=click.Choice([one.value for one in Scope]),
    help="Whose accounts: the user's own, those of the user and the teams below, or all. By"
    " default a credit manager's team, other users' own, and all without a user.",
)
@click.option("--user", "user_id", metavar="ID", help="The user whose dashboard it is.")
@click.option("--as-of", type=DATE, help="The date of the figures; by default today.")
@click.option("--known-at", type=MOMENT, help="As the log knew it then; by default now.")
@click.option(
    "--chart",
    type=CHART_FILE,
    help="Draw aging and trends to this file, too: .png or .svg.",
)
@command_options
@replay_option
def dashboard(
    session: Session,
    scope: str | None,
    user_id: str | None,
    as_of: date | None,
    known_at: datetime | None,
    chart: Path | None,
) -> None:
    """Print the figures of accounts by home currency."""
    wanted = None if scope is None else Scope(scope)
    if user_id is None and wanted in {Scope.OWN, Scope.TEAM}:
        raise click.UsageError(f"--scope {scope} wants a user: give --user ID.")
    found = read_dashboard(
        session.database,
        session.tenant(),
        scope=wanted,
        user_id=user_id,
        as_of=as_of,
        known_at=known_at,
    )
    match session.format:
        case Format.JSON:
            print_json(_told(found))
        case Format.CSV:
            columns = ["home_currency", "figure", "label", "value", "currency"]
            print_rows(session.format, columns, [list(row) for row in _rows(found)])
        case Format.TABLE:
            show(*screen(found))
    if chart is not None:
        from cli.charts import draw_dashboard  # noqa: PLC0415  (slow, and not for everybody)

        draw_dashboard(found, chart)
        note(f"Drawn to {chart}.")


def _told(found: Dashboard) -> dict[str, Any]:
    return {
        "scope": found.scope.value,
        "user": found.user_id,
        "as_of": found.as_of.isoformat(),
        "known_at": found.known_at.isoformat() if found.known_at else None,
        "aging_basis": found.basis.value,
        "groups": [_group(one) for one in found.groups],
    }


def _group(group: DashboardGroup) -> dict[str, Any]:
    currency = group.totals.home_curr_id

    def money(amount: Decimal | None) -> str | None:
        return None if amount is None else money_text(amount, currency)

    days_late = [
        {
            "month": month.isoformat(),
            "documents": 0 if paid is None else paid.documents,
            "avg_days_late": None if paid is None else _text(paid.avg_days_late),
            "avg_days_late_weighted": None if paid is None else _text(paid.avg_days_late_weighted),
        }
        for month, paid in group.days_late
    ]
    if group.dso is None:
        panel: dict[str, Any] = {"shows": "average_days", "average_days": days_late}
    else:
        dso = [
            {"month": one.month.isoformat(), "on": one.on.isoformat(), "dso": _text(one.dso)}
            for one in group.dso
        ]
        panel = {"shows": "dso", "dso": dso}
    return {
        "currency": currency,
        "accounts": group.totals.accounts,
        "totals": _totals(group.totals),
        "aging": {
            basis.value: [{"label": one.label, "amount": money(one.amount)} for one in buckets]
            for basis, buckets in group.aging.items()
        },
        "days_to_pay_by_size": [
            {
                "label": one.label,
                "at_least": money(one.at_least),
                "below": money(one.below),
                "avg_days_to_pay": _text(one.avg_days_to_pay),
            }
            for one in group.sizes
        ],
        "projected_payments": [
            {"days": one.days, "until": one.until.isoformat(), "amount": money(one.amount)}
            for one in group.expected
        ],
        "promises": [_promises(one) for one in group.promises],
        "days_late_trend": days_late,
        "prior_six_months": panel,
    }


def _totals(totals: Totals) -> dict[str, Any]:
    """Return the totals of the accounts view: counts as numbers, the rest as decimal text."""
    found: dict[str, Any] = {}
    for one in ACCOUNT_VIEW.totals:
        value = totals.figures[one.name]
        if one.kind is Kind.MONEY:
            found[one.name] = money_text(value, totals.home_curr_id)
        else:
            found[one.name] = int(value) if one.kind is Kind.INTEGER else _text(value)
    return found


def _promises(totals: PromiseTotals) -> dict[str, Any]:
    def counted(one: Counted) -> dict[str, Any]:
        return {"count": one.count, "amount": money_text(one.amount, totals.curr_id)}

    return {
        "currency": totals.curr_id,
        "open": counted(totals.open),
        "kept": counted(totals.kept),
        "broken": counted(totals.broken),
        "windows": [
            {"label": one.label, "kept": counted(one.kept), "broken": counted(one.broken)}
            for one in totals.windows
        ],
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _rows(found: Dashboard) -> Iterator[tuple[str, str, str, Any, str]]:
    """Return every figure as a row.

    A row tells the home currency of the accounts, what the figure is and of which part, its value
    and the currency of the value, which is empty if it is no money.
    """
    money = {one.name for one in ACCOUNT_VIEW.totals if one.kind is Kind.MONEY}
    for group in found.groups:
        told = _group(group)
        home = told["currency"]
        yield home, "accounts", "", told["accounts"], ""
        for name, value in told["totals"].items():
            yield home, name, "", value, home if name in money else ""
        for basis, buckets in told["aging"].items():
            for one in buckets:
                yield home, f"aging_{basis}", one["label"], one["amount"], home
        for one in told["days_to_pay_by_size"]:
            yield home, "avg_days_to_pay", one["label"], one["avg_days_to_pay"], ""
        for one in told["projected_payments"]:
            yield home, "projected_payments", one["until"], one["amount"], home
        for promised in told["promises"]:
            for label, outcomes in _outcomes(promised):
                for outcome, counted in outcomes.items():
                    currency = promised["currency"]
                    yield home, f"promises_{outcome}", label, counted["amount"], currency
                    yield home, f"promises_{outcome}_count", label, counted["count"], ""
        for month in told["days_late_trend"]:
            for name in ("avg_days_late", "avg_days_late_weighted"):
                yield home, name, month["month"], month[name], ""
        for month in told["prior_six_months"].get("dso", ()):
            yield home, "dso", month["on"], month["dso"], ""


def _outcomes(promised: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return what became of promises: ever, and over each window."""
    yield "", {name: promised[name] for name in ("open", "kept", "broken")}
    for window in promised["windows"]:
        yield window["label"], {name: window[name] for name in ("kept", "broken")}
