"""The dashboard on a terminal: tables, and bars beside them."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from rich.bar import Bar
from rich.box import SIMPLE_HEAD
from rich.columns import Columns
from rich.console import RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from domain.aging import AgeUnit, Basis
from domain.shared.currency import money_text
from projections.dashboard import Scope
from projections.promise_totals import Counted
from runtime.dashboards import Dashboard, DashboardGroup

BAR_WIDTH = 24
"""Characters of the longest bar."""

_WHOSE = {
    Scope.OWN: "accounts of {}",
    Scope.TEAM: "accounts of {} and team",
    Scope.ALL: "all accounts",
}


def heading(found: Dashboard) -> str:
    """Return what a dashboard is about, on one line."""
    whose = _WHOSE[found.scope].format(found.user_id)
    known = f", as known at {found.known_at.isoformat()}" if found.known_at else ""
    return f"Dashboard of {whose} as of {found.as_of}{known}"


def screen(found: Dashboard) -> Iterator[RenderableType]:
    """Return what is shown: a heading, and the tables of each home currency."""
    yield Text(heading(found), style="bold")
    if not found.groups:
        yield Text("There are no accounts.")
    for group in found.groups:
        yield from _group(group, found.basis, found.age_unit)


def _group(group: DashboardGroup, basis: Basis, unit: AgeUnit) -> Iterator[RenderableType]:
    currency = group.totals.home_curr_id
    accounts = group.totals.accounts
    noun = "account" if accounts == 1 else "accounts"
    yield Rule(f"[bold]{currency}[/bold]: {accounts} {noun}", align="left")
    tables = [
        _figures(group, basis),
        _aging(group, basis, unit),
        _expected(group),
        _sizes(group, basis),
        *_promises(group),
        *_dso(group),
        _days_late(group),
    ]
    yield Columns([Padding(one, (0, 3, 1, 0)) for one in tables])


def _table(title: str, *columns: str) -> Table:
    """Return a table whose first column is text, and the others numbers."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left", no_wrap=True)
    return table


def _figures(group: DashboardGroup, basis: Basis) -> Table:
    figures = group.totals.figures
    currency = group.totals.home_curr_id
    table = _table("Figures", "", "", "")
    table.show_header = False

    def amount(label: str, name: str) -> None:
        table.add_row(label, money(figures[name], currency), currency)

    def number(label: str, name: str, unit: str = "") -> None:
        table.add_row(label, days(figures[name]) if unit else f"{figures[name]:,}", unit)

    amount("Open", "total_age")
    number("Open documents", "open_documents")
    amount("Due now", "due_now")
    amount("Due in future", "due_future")
    amount("Past due", "total_past_due")
    number("Days sales outstanding", "dso", "days")
    number("Average days late", "avg_days_late", "days")
    number("  weighted by amount", "avg_days_late_weighted", "days")
    number("  difference", "avg_days_late_diff", "days")
    number(f"Average days to pay from {_FROM[basis]}", "avg_days_to_pay_total", "days")
    amount("Cost of credit so far", "coc_balance")
    amount("Cost of credit a day", "daily_carry")
    number("Open disputes", "open_dispute_count")
    amount("Disputed", "disputed_amount_hc")
    return table


_FROM = {Basis.DUE: "due date", Basis.INVOICE: "invoice date"}


def _aging(group: DashboardGroup, basis: Basis, unit: AgeUnit) -> Table:
    currency = group.totals.home_curr_id
    buckets = group.aging[basis]
    total = sum((one.amount for one in buckets), Decimal(0))
    table = _table(f"Open by {_FROM[basis]}", unit.value, currency, "share", "")
    bars = _bars([one.amount for one in buckets])
    for one, bar in zip(buckets, bars, strict=True):
        share = f"{100 * one.amount / total:.1f} %" if total else ""
        table.add_row(one.label, money(one.amount, currency), share, bar)
    return table


def _expected(group: DashboardGroup) -> Table:
    currency = group.totals.home_curr_id
    table = _table("Expected payments, cumulative", "until", "days", currency, "")
    bars = _bars([one.amount for one in group.expected])
    for one, bar in zip(group.expected, bars, strict=True):
        table.add_row(one.until.isoformat(), str(one.days), money(one.amount, currency), bar)
    return table


def _sizes(group: DashboardGroup, basis: Basis) -> Table:
    currency = group.totals.home_curr_id
    table = _table(f"Average days to pay from {_FROM[basis]}", f"size in {currency}", "days", "")
    bars = _bars([one.avg_days_to_pay for one in group.sizes])
    for one, bar in zip(group.sizes, bars, strict=True):
        table.add_row(one.label, days(one.avg_days_to_pay), bar)
    return table


def _promises(group: DashboardGroup) -> Iterator[Table]:
    for one in group.promises:
        currency = one.curr_id
        table = _table("Promises", "", "open", currency, "kept", currency, "broken", currency)

        def counted(*told: Counted, currency: str = currency) -> list[str]:
            cells = ((str(part.count), money(part.amount, currency)) for part in told)
            return [cell for pair in cells for cell in pair]

        table.add_row("ever", *counted(one.open, one.kept, one.broken))
        for window in one.windows:
            table.add_row(window.label, "", "", *counted(window.kept, window.broken))
        yield table


def _days_late(group: DashboardGroup) -> Table:
    table = _table("Days late of what was paid", "month", "documents", "plain", "weighted", "")
    bars = _bars([paid and paid.avg_days_late for _, paid in group.days_late])
    for (month, paid), bar in zip(group.days_late, bars, strict=True):
        table.add_row(
            f"{month:%Y-%m}",
            str(paid.documents if paid else 0),
            days(paid and paid.avg_days_late),
            days(paid and paid.avg_days_late_weighted),
            bar,
        )
    return table


def _dso(group: DashboardGroup) -> Iterator[Table]:
    if group.dso is not None:
        table = _table("Days sales outstanding", "on", "days", "")
        bars = _bars([one.dso for one in group.dso])
        for one, bar in zip(group.dso, bars, strict=True):
            table.add_row(one.on.isoformat(), days(one.dso), bar)
        yield table


def _bars(values: Sequence[Decimal | None]) -> list[RenderableType]:
    """Return a bar for each value, from zero: to the left of it for values below zero."""
    known = [float(one) for one in values if one is not None]
    low, high = min([0.0, *known]), max([0.0, *known])
    if low == high:
        return ["" for _ in values]
    bars: list[RenderableType] = []
    for one in values:
        ends = sorted((-low, (0.0 if one is None else float(one)) - low))
        bars.append(Bar(high - low, *ends, width=BAR_WIDTH, color="blue"))
    return bars


def money(amount: Decimal, currency: str) -> str:
    """Return an amount as people read it."""
    return f"{Decimal(money_text(amount, currency)):,f}"


def days(number: Decimal | None) -> str:
    """Return a number of days; a dash where there is none."""
    return "-" if number is None else f"{number:f}"
