"""The figures of an account: how fast it paid, what it costs and what is expected of it.

Sums stand beside each average, so that groups of accounts average correctly (KPI-08).
"""

from collections.abc import Sequence

from domain.size_ranges import RANGES
from projections.account_joins import PROJECTED_DAYS, SALES_DAYS
from projections.view import Field, Kind, Total, sum_of

_PAID = ("paid",)
_CURRENCY = "home_curr_id"


def figure_fields() -> tuple[Field, ...]:
    """Return the fields of the figures."""
    return (*_days_late(), *_days_to_pay(), *_credit(), *_expected())


_ADDED_UP = {
    "no_over_due_inv",
    "open_documents",
    "open_issue_cnt",
    "open_activity_count",
    "open_promise_count",
    "broken_promise_count",
    "broken_promise90_days",
    "broken_promise6_mnths",
    "broken_promises1_yr",
    "broken_promise2_yrs",
    "open_dispute_count",
    "dispute_count",
    "pending_payment_count",
    "avg_days_count_total",
    "avg_days_sum_total",
    "avg_days_weighted_total",
    "days_to_pay_count",
    "days_to_pay_sum",
}
"""Counts and sums that add up over accounts; amounts of money all do."""


def totals(fields: Sequence[Field]) -> tuple[Total, ...]:
    """Return the totals of a list of accounts with these fields (KPI-25).

    Averages are made of the sums of all its accounts, never of their averages (KPI-08).
    """
    added_up = (
        sum_of(field) for field in fields if field.kind is Kind.MONEY or field.name in _ADDED_UP
    )
    return (*added_up, *_averages())


def _averages() -> tuple[Total, ...]:
    late = "sum(p.days_late)::numeric / nullif(sum(p.documents), 0)"
    weighted = "sum(p.weighted) / nullif(sum(p.amount), 0)"
    by_size = (
        _average(
            f"avg_days_to_pay{number + 1}",
            f"Average days to pay of the documents in range {number + 1} of size.",
            f"sum(r.days_{number})::numeric / nullif(sum(r.counted_{number}), 0)",
            "KPI-13",
            "paid_by_size",
        )
        for number in range(RANGES)
    )
    return (
        _average("avg_days_late", "Average days late of all documents paid.", late, "KPI-05"),
        _average(
            "avg_days_late_weighted",
            "The same average, each document weighted by its amount.",
            weighted,
            "KPI-06",
        ),
        _average(
            "avg_days_late_diff",
            "The plain average less the weighted one.",
            f"{late} - {weighted}",
            "KPI-07",
        ),
        _average(
            "avg_days_to_pay_total",
            "Average days to pay of all documents paid.",
            "sum(p.days_to_pay)::numeric / nullif(sum(p.counted), 0)",
            "KPI-14",
        ),
        *by_size,
        _average(
            "dso",
            "Days sales outstanding of all accounts together.",
            f"sum({_OPEN}) / nullif(sum(s.sales), 0) * {SALES_DAYS}",
            "KPI-02",
            "open",
            "sold",
        ),
    )


def _average(name: str, description: str, sql: str, source: str, *needs: str) -> Total:
    return Total(
        name,
        Kind.NUMBER,
        f"{description} Null if there is nothing to divide by.",
        f"round({sql}, 2)",
        nullable=True,
        needs=needs or _PAID,
        source=source,
    )


def _days_late() -> tuple[Field, ...]:
    return (
        _number(
            "avg_days_late",
            "Average days from the due date to the closing of the documents paid in full, each"
            " counting once; negative if early. Also called average days delinquent, and days"
            " beyond terms.",
            "round(p.days_late::numeric / p.documents, 2)",
            "KPI-05, KPI-12",
        ),
        _number(
            "avg_days_late_weighted",
            "The same average, each document weighted by its amount in home currency.",
            "round(p.weighted / p.amount, 2)",
            "KPI-06",
        ),
        _number(
            "avg_days_late_diff",
            "The plain average less the weighted one: above zero if small documents are paid"
            " later than large ones.",
            "round(p.days_late::numeric / p.documents - p.weighted / p.amount, 2)",
            "KPI-07",
        ),
        _count("avg_days_count_total", "How many documents were paid in full.", "p.documents"),
        _count("avg_days_sum_total", "The sum of their days late.", "p.days_late"),
        Field(
            "avg_days_amt_total",
            Kind.MONEY,
            "The sum of their amounts, in home currency.",
            "coalesce(p.amount, 0)",
            currency=_CURRENCY,
            needs=("company", "paid"),
            source="KPI-08",
        ),
        Field(
            "avg_days_weighted_total",
            Kind.NUMBER,
            "The sum of their days late, each times its amount in home currency.",
            "coalesce(p.weighted, 0)",
            needs=_PAID,
            source="KPI-08",
        ),
    )


def _days_to_pay() -> tuple[Field, ...]:
    by_size = (
        Field(
            f"avg_days_to_pay{number + 1}",
            Kind.NUMBER,
            f"Average days to pay of the documents in range {number + 1} of size; null if there"
            " are none.",
            f"round(r.days_{number}::numeric / nullif(r.counted_{number}, 0), 2)",
            nullable=True,
            needs=("paid_by_size",),
            source="KPI-13",
        )
        for number in range(RANGES)
    )
    return (
        _number(
            "avg_days_to_pay_total",
            "Average days from the date that the site ages from (the due date or the document's)"
            " to the closing of the documents paid in full, but for those dated too early to"
            " count.",
            "round(p.days_to_pay::numeric / nullif(p.counted, 0), 2)",
            "KPI-10, KPI-11, KPI-14, KPI-15",
        ),
        _count("days_to_pay_count", "How many documents count in it.", "p.counted"),
        _count("days_to_pay_sum", "The sum of their days to pay.", "p.days_to_pay"),
        *by_size,
    )


def _credit() -> tuple[Field, ...]:
    return (
        Field(
            "sales",
            Kind.MONEY,
            f"What was invoiced less credited in the {SALES_DAYS} days to the date, in home"
            " currency.",
            "coalesce(s.sales, 0)",
            currency=_CURRENCY,
            needs=("company", "sold"),
            source="KPI-02",
        ),
        Field(
            "dso",
            Kind.NUMBER,
            "Days sales outstanding: what ages in total, divided by sales, times"
            f" {SALES_DAYS}; null without sales.",
            f"round({_OPEN} / nullif(s.sales, 0) * {SALES_DAYS}, 2)",
            nullable=True,
            needs=("open", "sold"),
            source="KPI-02",
        ),
        Field(
            "available_credit",
            Kind.MONEY,
            "The credit limit less what ages in total, in home currency; null without a limit.",
            f"c.credit_limit - {_OPEN}",
            nullable=True,
            currency=_CURRENCY,
            needs=("company", "open"),
            source="KPI-19",
        ),
        Field(
            "coc_balance",
            Kind.MONEY,
            "What the open documents have cost so far: each balance at the site's rate a year,"
            " for the days since the document's date, in home currency.",
            "round(coalesce(a.carried, 0) * %(credit_apr)s / 100 / 365, 2)",
            currency=_CURRENCY,
            needs=("company", "open"),
            source="KPI-16, KPI-17",
        ),
        Field(
            "daily_carry",
            Kind.MONEY,
            "What the open documents cost a day, in home currency.",
            "round(coalesce(a.balance, 0) * %(credit_apr)s / 100 / 365, 2)",
            currency=_CURRENCY,
            needs=("company", "open"),
            source="KPI-16",
        ),
    )


_OPEN = "coalesce(a.total, 0)"


def _expected() -> tuple[Field, ...]:
    return tuple(
        Field(
            f"proj_pmts{days}_days",
            Kind.MONEY,
            f"What is expected to be paid within {days} days, by how fast the account paid so"
            " far, in home currency; cumulative.",
            f"coalesce(e.within_{days}, 0)",
            currency=_CURRENCY,
            needs=("company", "expected"),
            source="KPI-23, KPI-24",
        )
        for days in PROJECTED_DAYS
    )


def _number(name: str, description: str, sql: str, source: str) -> Field:
    return Field(
        name,
        Kind.NUMBER,
        f"{description} Null if nothing was paid.",
        sql,
        nullable=True,
        needs=_PAID,
        source=source,
    )


def _count(name: str, description: str, sql: str) -> Field:
    return Field(
        name, Kind.INTEGER, description, f"coalesce({sql}, 0)", needs=_PAID, source="KPI-08"
    )
