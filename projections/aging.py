"""Aging at any date, as known at any moment: sums of open balances by bucket (AGE-01 to AGE-22).

The question runs over the steps of balances that were open on the date, found class by class
(domain/durations.py), and over nothing else.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from domain.aging import AgeUnit, Basis, labels
from domain.durations import CLASSES
from domain.site_options import SiteOptions
from projections.invoices import INVOICES
from projections.payments import PAYMENTS
from projections.query import Query, as_known, sql

ZERO = Decimal(0)


class AgingBy(StrEnum):
    """What a group of aging is."""

    COMPANY = "company"
    ACCOUNT = "account"


class AgingCell(Struct, frozen=True):
    """What one group has in one bucket (an index into the labels)."""

    company_id: str
    cust_id: str | None
    currency: str
    bucket: int
    amount: Decimal
    count: int


class AgingBucket(Struct, frozen=True):
    """A bucket of a group: home-currency amount and number of open documents."""

    label: str
    amount: Decimal
    count: int


class AgingGroup(Struct, frozen=True):
    """A company, or an account of it, with everything it has open."""

    company: str
    account: str | None
    currency: str
    buckets: list[AgingBucket]
    amount: Decimal
    count: int


def aging_cells(
    tenant: int,
    options: SiteOptions,
    *,
    as_of: date,
    basis: Basis,
    by: AgingBy = AgingBy.COMPANY,
    known_at: datetime | None = None,
    company_id: str | None = None,
    cust_id: str | None = None,
) -> Query[AgingCell]:
    """Return the question for the open amounts on `as_of` by group and bucket.

    With `known_at`, as the log knew it at that moment; otherwise as known now. Unapplied items
    (negative balances and payments' unapplied rests) count only if the site's option says so
    (AGE-17); they age by their own date (G13).
    """
    account = "b.cust_id" if by is AgingBy.ACCOUNT else "NULL::text"
    age = _age(basis, options)
    one = "AND b.company_id = %(company_id)s" if company_id is not None else ""
    if cust_id is not None:
        one += " AND b.cust_id = %(cust_id)s"
    open_now = _open_on("balances", "b.known_from <= %(known_at)s" if known_at else "", one)
    sources = [open_now]
    if known_at is not None:
        then = "b.known_from <= %(known_at)s AND b.known_to > %(known_at)s"
        sources.append(_open_on("balances_history", then, one))
    if options.age_unapplied:
        sources.append(_unapplied(known_at, one))
    else:
        sources = [f"{source} AND b.balance_hc > 0" for source in sources]
    statement = f"""
        SELECT c.company_id, cells.cust_id, c.home_currency, cells.bucket, cells.amount,
               cells.documents
        FROM (
            SELECT b.company_id, {account} AS cust_id, {age} AS bucket,
                   sum(b.balance_hc) AS amount, count(*) AS documents
            FROM ({" UNION ALL ".join(sources)}) b
            GROUP BY 1, 2, 3
        ) cells
        JOIN companies c ON c.tenant = %(tenant)s AND c.company_id = cells.company_id
        ORDER BY c.company_id, cells.cust_id, cells.bucket
    """
    durations, spans = zip(*CLASSES, strict=True)
    parameters = {
        "tenant": tenant,
        "as_of": as_of,
        "known_at": known_at,
        "company_id": company_id,
        "cust_id": cust_id,
        "durations": list(durations),
        "spans": list(spans),
    }
    return Query(sql(statement), parameters, AgingCell)


def _open_on(table: str, known: str, one: str) -> str:
    """Return the steps of a table open on the date."""
    return f"""
        SELECT b.company_id, b.cust_id, b.tran_date, b.due_date, b.balance_hc
        FROM unnest(%(durations)s::smallint[], %(spans)s::integer[]) AS d (duration_class, days)
        CROSS JOIN LATERAL (
            SELECT * FROM {table} b
            WHERE b.tenant = %(tenant)s AND b.duration_class = d.duration_class
              AND b.effective_from <= %(as_of)s
              AND b.effective_from > %(as_of)s::date - d.days
              AND b.effective_to > %(as_of)s {"AND " + known if known else ""} {one}
        ) b
        WHERE true"""


def _unapplied(known_at: datetime | None, one: str) -> str:
    """Return what payments had unapplied on the date, as negative amounts of the payment date.

    The rest that the ERP reports, or the amount less all applications, plus what was applied
    only later. Without a home-currency figure a foreign payment is not aged (G10).
    """
    payments = "SELECT * FROM payments"
    applications = "SELECT * FROM payment_applications"
    if known_at is not None:
        payments = as_known(PAYMENTS.tables[0])
        applications = as_known(INVOICES.tables[1])
    return f"""
        SELECT b.company_id, b.cust_id, b.pmt_date AS tran_date, b.pmt_date AS due_date,
               -(coalesce(b.unapplied_amt_hc, b.unapplied_amt, b.amount - applied.ever)
                 + applied.later) AS balance_hc
        FROM ({payments}) b
        JOIN companies c ON c.tenant = b.tenant AND c.company_id = b.company_id
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(a.amount), 0) AS ever,
                   coalesce(sum(a.amount) FILTER (WHERE a.applied_date > %(as_of)s), 0) AS later
            FROM ({applications}) a
            WHERE a.tenant = b.tenant AND a.company_id = b.company_id
              AND a.payment_id = b.payment_id
        ) applied
        WHERE b.tenant = %(tenant)s AND b.pmt_date <= %(as_of)s {one}
          AND (b.curr_id = c.home_currency OR b.unapplied_amt_hc IS NOT NULL)
          AND coalesce(b.unapplied_amt_hc, b.unapplied_amt, b.amount - applied.ever)
              + applied.later <> 0"""


def _age(basis: Basis, options: SiteOptions) -> str:
    """Return the SQL of a document's bucket, the twin of `domain.aging.bucket`."""
    if basis is Basis.INVOICE:
        base, first, boundaries = "b.tran_date", 1, options.aging_boundaries_invoice
    else:
        base = "CASE WHEN b.balance_hc < 0 THEN b.tran_date ELSE b.due_date END"
        first, boundaries = 2, options.aging_boundaries_due
    if options.age_unit is AgeUnit.DAYS:
        age = f"(%(as_of)s::date - ({base}))"
    else:
        age = (
            f"((extract(year FROM %(as_of)s::date) - extract(year FROM {base})) * 12"
            f" + extract(month FROM %(as_of)s::date) - extract(month FROM {base})"
            f" - (extract(day FROM %(as_of)s::date) < extract(day FROM {base}))::integer)"
        )
    steps = " ".join(
        f"WHEN {age} <= {boundary:d} THEN {first + number}"
        for number, boundary in enumerate(boundaries)
    )
    current = "" if basis is Basis.INVOICE else f"WHEN %(as_of)s::date <= {base} THEN 1"
    return (
        f"CASE WHEN b.tran_date > %(as_of)s THEN 0 {current} {steps}"
        f" ELSE {first + len(boundaries)} END"
    )


def aging_groups(
    cells: Sequence[AgingCell], options: SiteOptions, basis: Basis
) -> list[AgingGroup]:
    """Put cells together to groups with every bucket; they come sorted by company and account."""
    boundaries = (
        options.aging_boundaries_invoice if basis is Basis.INVOICE else options.aging_boundaries_due
    )
    names = labels(basis, boundaries)
    groups: dict[tuple[str, str | None], list[AgingCell]] = {}
    for cell in cells:
        groups.setdefault((cell.company_id, cell.cust_id), []).append(cell)
    return [
        AgingGroup(
            company,
            account,
            found[0].currency,
            _buckets(names, found),
            sum((cell.amount for cell in found), ZERO),
            sum(cell.count for cell in found),
        )
        for (company, account), found in groups.items()
    ]


def _buckets(names: Sequence[str], cells: Sequence[AgingCell]) -> list[AgingBucket]:
    by_bucket = {cell.bucket: cell for cell in cells}
    return [
        AgingBucket(name, by_bucket[number].amount, by_bucket[number].count)
        if number in by_bucket
        else AgingBucket(name, ZERO, 0)
        for number, name in enumerate(names)
    ]
