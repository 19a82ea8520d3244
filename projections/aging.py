"""Aging at any date, as known at any moment: sums of open balances by bucket (AGE-01 to AGE-22).

The question runs over the steps of balances that were open on the date, found class by class
(domain/durations.py), and over nothing else.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from domain.aging import Basis, labels
from domain.site_options import SiteOptions
from projections.open_documents import (
    any_step,
    boundaries_of,
    bucket_sql,
    class_parameters,
    late_base,
    open_amounts,
)
from projections.query import Query, sql

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
    parts = aged(
        options,
        [("b.company_id", "company_id"), (account, "cust_id")],
        basis=basis,
        known_at=known_at,
        of_company=company_id is not None,
        of_account=cust_id is not None,
    )
    statement = f"""
        SELECT c.company_id, cells.cust_id, c.home_currency, cells.bucket,
               sum(cells.amount), sum(cells.documents)::bigint
        FROM ({parts}) cells
        JOIN companies c ON c.tenant = %(tenant)s AND c.company_id = cells.company_id
        GROUP BY 1, 2, 3, 4
        HAVING sum(cells.amount) <> 0 OR sum(cells.documents) <> 0
        ORDER BY 1, 2, 4
    """
    parameters = class_parameters(as_of) | {
        "tenant": tenant,
        "known_at": known_at,
        "company_id": company_id,
        "cust_id": cust_id,
    }
    return Query(sql(statement), parameters, AgingCell)


def aged(
    options: SiteOptions,
    keys: Sequence[tuple[str, str]],
    *,
    basis: Basis,
    known_at: datetime | None,
    of_company: bool = False,
    of_account: bool = False,
    steps: Callable[[str], str] = any_step,
) -> str:
    """Return the SQL of what is open by bucket and by `keys`, in parts that add up.

    `keys` are expressions over the amounts (`b`) with their names; the other columns are bucket,
    amount and documents. Only those `of_company` are of the parameter `company_id`, and of one
    account if they are `of_account` of `cust_id`. `steps` is that of `open_amounts`.
    """
    age = bucket_sql(basis, options, "b.tran_date", late_base("b", options))
    one = "b.company_id = %(company_id)s" if of_company else "true"
    if of_account:
        one += " AND b.cust_id = %(cust_id)s"
    told = ", ".join(f"{expression} AS {name}" for expression, name in keys)
    places = ", ".join(str(place) for place in range(1, len(keys) + 2))
    return " UNION ALL ".join(
        f"""
            SELECT {told}, {age} AS bucket,
                   sum(b.balance_hc) AS amount, {part.count} AS documents
            FROM ({part.sql}) b
            GROUP BY {places}"""
        for part in open_amounts(options, known_at, one, steps)
    )


def aging_groups(
    cells: Sequence[AgingCell], options: SiteOptions, basis: Basis
) -> list[AgingGroup]:
    """Put cells together to groups with every bucket; they come sorted by company and account."""
    names = labels(basis, boundaries_of(basis, options))
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
