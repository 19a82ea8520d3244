"""What documents have open on a date, and in which buckets of both aging sets it falls.

The SQL that the aging report and the views of invoices and accounts share: the steps of balances
open on a date, found class by class (domain/durations.py), and the bucket of an amount, the twin
of `domain.aging.bucket`.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from msgspec import Struct

from domain.aging import AgeUnit, Basis
from domain.durations import CLASSES
from domain.site_options import SiteOptions
from projections.corrections import (
    corrected_documents,
    corrections,
    is_corrected,
    rows_known,
)
from projections.invoices import INVOICES
from projections.payments import PAYMENTS
from projections.query import AS_IT_STANDS, as_known

_BALANCES = INVOICES.tables[2].name
BALANCES_HISTORY = f"{_BALANCES}_history"
"""The table of what balances were known to be before."""


@lru_cache(maxsize=256)
def class_parameters(as_of: date) -> dict[str, Any]:
    """Return the named parameters of `open_amounts`: since when ranges of a class may be open."""
    return {
        "as_of": as_of,
        "durations": [duration for duration, _ in CLASSES],
        "since": [
            date.fromordinal(max(date.min.toordinal(), as_of.toordinal() - days + 1))
            for _, days in CLASSES
        ],
    }


class Amounts(Struct, frozen=True):
    """The SQL of amounts that age, with what tells how many documents a group of them stands for.

    Its columns are company_id, cust_id, tran_id, tran_date, due_date, balance_hc, documents,
    carried, which is the balance that the ERP has, and payment_id. An amount is of a document, or
    of a payment; the id of the other is null.
    """

    sql: str
    count: str = "count(*)"


def _columns(payment_id: str = "NULL::text") -> str:
    """Return the SQL of the columns of amounts that stand for a whole document each."""
    return f"""b.company_id, b.cust_id, b.tran_id, b.tran_date, b.due_date, b.balance_hc,
               1 AS documents, b.balance_hc AS carried, {payment_id} AS payment_id"""


def union(parts: Sequence[Amounts]) -> str:
    """Return the SQL of all amounts of several parts."""
    return " UNION ALL ".join(part.sql for part in parts)


def any_step(table: str) -> str:  # noqa: ARG001  (what it is asked of)
    """Return the condition that all steps of a table hold."""
    return "true"


def open_amounts(
    options: SiteOptions,
    known_at: datetime | None,
    condition: str = "true",
    steps: Callable[[str], str] = any_step,
) -> list[Amounts]:
    """Return the amounts that age on the date `as_of`, in parts that add up.

    With `known_at`, what was known at that moment. `condition` restricts the amounts (as `b`), and
    `steps` those of documents that a table of balances, by its name, tells of. Unapplied items,
    which are negative balances and unapplied rests of payments, age only by option (AGE-17). What
    is disputed and excluded does not age, and instalments do in the place of the document that
    they pay (projections/corrections.py).
    """
    holds = counted(options, condition)
    amounts = [
        *map(Amounts, _all_steps(known_at, holds, steps)),
        _corrections(known_at, corrected_documents(known_at, holds)),
    ]
    if options.age_unapplied:
        amounts.append(Amounts(_unapplied(known_at, condition)))
    return amounts


def open_balances(options: SiteOptions, known_at: datetime | None) -> str:
    """Return the SQL of the same amounts as the ERP has them: whole documents, disputed or not."""
    return " UNION ALL ".join(_all_steps(known_at, counted(options, "true"), any_step))


def _all_steps(known_at: datetime | None, condition: str, steps: Callable[[str], str]) -> list[str]:
    """Return the SQL of the steps of balances that are open on the date, as known."""
    if known_at is None:
        return [_steps(_BALANCES, f"{condition} AND {steps(_BALANCES)}")]
    began = f"b.known_from <= %(known_at)s AND {condition}"
    until = f"b.known_to > %(known_at)s AND {began}"
    return [
        _steps(_BALANCES, f"{began} AND {steps(_BALANCES)}"),
        _steps(BALANCES_HISTORY, f"{until} AND {steps(BALANCES_HISTORY)}"),
    ]


def open_amounts_of(account: str, options: SiteOptions, known_at: datetime | None) -> list[Amounts]:
    """Return the same amounts of the account that the row `account` is about.

    For few accounts: it looks at their documents one by one.
    """
    invoices, _, balances = INVOICES.tables
    steps = rows_known(balances, known_at)
    own = f"b.company_id = {account}.company_id AND b.cust_id = {account}.cust_id"
    documents = f"""
        SELECT * FROM (
            SELECT b.company_id, b.cust_id, b.tran_id, b.tran_date,
                   coalesce(b.due_date, b.tran_date) AS due_date,
                   {balance_on("b", "balance", steps)} AS balance,
                   {balance_on("b", "balance_hc", steps)} AS balance_hc
            FROM {rows_known(invoices, known_at)} b
            WHERE b.tenant = %(tenant)s AND {own}
              AND (b.balance_hc <> 0 OR b.balance <> 0 OR b.balance_since > %(as_of)s)
        ) b
        WHERE {counted(options, "(b.balance <> 0 OR b.balance_hc <> 0)")}"""
    corrected = f"SELECT b.* FROM ({documents}) b WHERE {is_corrected(known_at)}"
    amounts = [
        Amounts(f"SELECT {_columns()} FROM ({documents}) b"),
        _corrections(known_at, corrected),
    ]
    if options.age_unapplied:
        amounts.append(Amounts(_unapplied(known_at, own)))
    return amounts


def _corrections(known_at: datetime | None, documents: str) -> Amounts:
    return Amounts(corrections(known_at, documents), "sum(b.documents)")


def balance_on(document: str, column: str, steps: str) -> str:
    """Return the SQL of a balance of the row `document` on the date: its present, or a past one."""
    return f"""CASE WHEN {document}.balance_since <= %(as_of)s THEN {document}.{column}
        ELSE coalesce((
        SELECT s.{column} FROM {steps} s
        WHERE s.tenant = {document}.tenant AND s.company_id = {document}.company_id
          AND s.tran_id = {document}.tran_id
          AND s.effective_from <= %(as_of)s AND s.effective_to > %(as_of)s), 0) END"""


def counted(options: SiteOptions, condition: str) -> str:
    """Return the condition that an amount counts: credits only by option (AGE-17)."""
    return condition if options.age_unapplied else f"b.balance_hc > 0 AND {condition}"


def _steps(table: str, condition: str) -> str:
    """Return the SQL of the steps of a table that are open on the date."""
    return f"""
        SELECT {_columns()}
        FROM unnest(%(durations)s::smallint[], %(since)s::date[]) AS d (duration_class, since)
        CROSS JOIN LATERAL (
            SELECT * FROM {table} b
            WHERE b.tenant = %(tenant)s AND b.duration_class = d.duration_class
              AND b.effective_from BETWEEN d.since AND %(as_of)s
              AND b.effective_to > %(as_of)s AND {condition}
            {AS_IT_STANDS}  -- class by class, by the index, even where much of the table is open
        ) b"""


def _unapplied(known_at: datetime | None, condition: str) -> str:
    """Return what payments had unapplied on the date, as negative amounts of the payment date.

    The rest that the ERP reports, or the amount less all applications, plus what was applied
    only later, all in home currency: applications count at their documents' booked rates. A
    foreign payment without a figure in home currency is not aged (G10).
    """
    payments = "SELECT * FROM payments"
    applications = "SELECT * FROM payment_applications"
    if known_at is not None:
        payments = as_known(PAYMENTS.tables[0])
        applications = as_known(INVOICES.tables[1])
    return f"""
        SELECT {_columns("b.payment_id")}
        FROM (
            SELECT b.company_id, b.cust_id, b.payment_id, NULL::text AS tran_id,
                   b.pmt_date AS tran_date, b.pmt_date AS due_date,
                   -(coalesce(b.unapplied_amt_hc, b.unapplied_amt, b.amount - applied.ever)
                     + applied.later) AS balance_hc
            FROM ({payments}) b
            JOIN companies h ON h.tenant = b.tenant AND h.company_id = b.company_id
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(a.amount_hc), 0) AS ever,
                       coalesce(sum(a.amount_hc) FILTER (WHERE a.applied_date > %(as_of)s), 0)
                           AS later
                FROM ({applications}) a
                WHERE a.tenant = b.tenant AND a.company_id = b.company_id
                  AND a.payment_id = b.payment_id
            ) applied
            WHERE b.tenant = %(tenant)s AND b.pmt_date <= %(as_of)s AND {condition}
              AND (b.curr_id = h.home_currency OR b.unapplied_amt_hc IS NOT NULL)
        ) b
        WHERE b.balance_hc <> 0"""


def late_base(alias: str, options: SiteOptions) -> str:
    """Return the SQL of the date from which an amount is late; credits age by their own (G13)."""
    if not options.age_unapplied:  # then there are no credits among the amounts
        return f"{alias}.due_date"
    credit = f"{alias}.documents * {alias}.balance_hc < 0"  # one taken out is told the other way
    return f"CASE WHEN {credit} THEN {alias}.tran_date ELSE {alias}.due_date END"


def bucket_sql(basis: Basis, options: SiteOptions, tran_date: str, due_date: str) -> str:
    """Return the SQL of the bucket (an index into the labels) of a document of these dates."""
    base = tran_date if basis is Basis.INVOICE else due_date
    boundaries = boundaries_of(basis, options)
    first = 1 if basis is Basis.INVOICE else 2
    if options.age_unit is AgeUnit.DAYS:  # a comparison of dates is cheaper than one of ages
        within = [f"{base} >= %(as_of)s::date - {boundary:d}" for boundary in boundaries]
    else:
        age = (
            f"((extract(year FROM %(as_of)s::date) - extract(year FROM {base})) * 12"
            f" + extract(month FROM %(as_of)s::date) - extract(month FROM {base})"
            f" - (extract(day FROM %(as_of)s::date) < extract(day FROM {base}))::integer)"
        )
        within = [f"{age} <= {boundary:d}" for boundary in boundaries]
    steps = " ".join(f"WHEN {holds} THEN {first + n}" for n, holds in enumerate(within))
    current = "" if basis is Basis.INVOICE else f"WHEN %(as_of)s::date <= {base} THEN 1"
    return (
        f"CASE WHEN {tran_date} > %(as_of)s THEN 0 {current} {steps}"
        f" ELSE {first + len(boundaries)} END"
    )


def boundaries_of(basis: Basis, options: SiteOptions) -> tuple[int, ...]:
    """Return the boundaries of a set."""
    if basis is Basis.INVOICE:
        return options.aging_boundaries_invoice
    return options.aging_boundaries_due
