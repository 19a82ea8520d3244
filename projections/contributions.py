"""What a figure is made of, record by record: the SQL that works it out, grouped more finely.

Aging, the figures of accounts and promises are sums over records. The same sums by record are
what each contributes, so that contributions add up to the figure exactly.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from domain.aging import Basis
from domain.shared.text import camel
from domain.site_options import SiteOptions
from domain.size_ranges import RANGES
from projections.account_joins import RECORDS
from projections.account_view import ACCOUNT_VIEW
from projections.account_work import WORK_RECORDS
from projections.aging import aged
from projections.companies import COMPANIES
from projections.figure_records import OPEN_ITEMS, RecordKind, Records, id_sql, kind_sql
from projections.listing import Listing, keys_of
from projections.open_documents import class_parameters
from projections.promise_totals import promises_one_by_one
from projections.query import Query, sql
from projections.view import Field, Kind

(_COMPANIES,) = COMPANIES.tables

_RECORDS: Mapping[str, Records] = {**RECORDS, **WORK_RECORDS}

_ORDER = ("rank", "company_id", "cust_id", "kind", "record_id")
"""What contributions are ordered by: the largest first, whatever its sign."""


class Contributions(Struct, frozen=True):
    """The SQL of contributions: company_id, cust_id, kind, record_id and contribution."""

    statement: str
    parameters: Mapping[str, Any]


class Place(Struct, frozen=True):
    """Where a contribution stands in the order of contributions."""

    rank: Decimal
    company_id: str
    cust_id: str
    kind: str
    record_id: str

    @property
    def texts(self) -> tuple[str, ...]:
        """What of it is text."""
        return self.company_id, self.cust_id, self.kind, self.record_id


class Contribution(Struct, frozen=True):
    """What a record adds to a figure."""

    company_id: str
    cust_id: str
    kind: RecordKind
    record_id: str
    contribution: Decimal

    @property
    def place(self) -> Place:
        """Where it stands."""
        rank = -abs(self.contribution)
        return Place(rank, self.company_id, self.cust_id, self.kind.value, self.record_id)


class Together(Struct, frozen=True):
    """All contributions together: their sum, and how many there are."""

    total: Decimal
    count: int


class Part(Struct, frozen=True):
    """Which part of the contributions: `count` of them after or before a place.

    With `backward` the last ones are meant.
    """

    count: int
    after: Place | None = None
    before: Place | None = None
    backward: bool = False

    def conditions(self, order: Sequence[str], parameters: dict[str, Any]) -> list[str]:
        """Return the SQL of where the part lies, adding its `parameters`.

        `order` are the columns, of those of places, that records are ordered by.
        """
        found: list[str] = []
        for word, sign, place in (("follow", ">", self.after), ("precede", "<", self.before)):
            if place is None:
                continue
            given: list[str] = []
            for name in order:
                parameters[f"{word}_{name}"] = getattr(place, name)
                given.append(f"%({word}_{name})s::{'numeric' if name == 'rank' else 'text'}")
            found.append(f"({', '.join(order)}) {sign} ({', '.join(given)})")
        return found

    def order_by(self, order: Sequence[str]) -> str:
        """Return the SQL of the order in which the part is read, by these columns."""
        return ", ".join(f"{name} DESC" if self.backward else name for name in order)


# Which figures can be told record by record, and why others cannot.

_SUMS = "avgDaysSumTotal, avgDaysWeightedTotal, avgDaysAmtTotal and avgDaysCountTotal"

_REASONS: Mapping[str, str] = {
    "available_credit": "it is the credit limit less totalAge, which can be explained",
    "coc_balance": "it is rounded as a whole, so that no parts of it add up to it exactly",
    "daily_carry": "it is rounded as a whole, so that no parts of it add up to it exactly",
    "credit_limit": "the ERP states it of the account",
    "dso": "it is a ratio of totalAge and sales, which can be explained",
    "days_past_due": "it is the age of one document, and no sum",
    "avg_days_to_pay_total": "it is an average; explain daysToPaySum and daysToPayCount",
    **dict.fromkeys(
        ("avg_days_late", "avg_days_late_weighted", "avg_days_late_diff"),
        f"it is an average; explain the sums {_SUMS}",
    ),
    **{f"avg_days_to_pay{number + 1}": "it is an average" for number in range(RANGES)},
}
"""Figures of accounts that are no sums -> why."""


def _own_records(field: Field) -> Records | None:
    """Return the records that a field adds up over; None if it is no such sum."""
    if field.name in _REASONS or field.kind not in {Kind.MONEY, Kind.INTEGER, Kind.NUMBER}:
        return None
    if not any(total.name == field.name for total in ACCOUNT_VIEW.totals):
        return None
    return next((_RECORDS[need] for need in field.needs if need in _RECORDS), None)


ACCOUNT_FIGURES: Mapping[str, Records] = {
    field.name: records
    for field in ACCOUNT_VIEW.fields
    if (records := _own_records(field)) is not None
}
"""The figures of accounts that are sums over records -> the records."""


def why_not(name: str) -> str | None:
    """Return why a figure of accounts is no sum over records; None if there is no such figure."""
    if name in _REASONS:
        return _REASONS[name]
    if any(one.name == name for one in (*ACCOUNT_VIEW.fields, *ACCOUNT_VIEW.totals)):
        return "it is no sum over documents or other records"
    return None


def explainable(names: Sequence[str]) -> str:
    """Return figures as people name them, one after the other."""
    return ", ".join(map(camel, names))


# The contributions to a figure.


def to_aging(
    tenant: int,
    options: SiteOptions,
    *,
    as_of: date,
    basis: Basis,
    known_at: datetime | None,
    company_id: str,
    cust_id: str | None,
    bucket: int | None,
    counted: bool,
) -> Contributions:
    """Return what documents and payments add to a bucket of aging, or to all of them.

    If `counted`, to the number of documents; else to the amount. The group is a company or an
    account of it.
    """
    keys = [("b.company_id", "company_id"), ("b.cust_id", "cust_id")]
    keys += [(f"b.{column}", column) for column in OPEN_ITEMS.values()]
    cells = aged(
        options,
        keys,
        basis=basis,
        known_at=known_at,
        of_company=True,
        of_account=cust_id is not None,
    )
    kind, record_id = kind_sql("cells", OPEN_ITEMS), id_sql("cells", OPEN_ITEMS)
    statement = f"""
        SELECT cells.company_id, cells.cust_id, {kind} AS kind, {record_id} AS record_id,
               sum(cells.{"documents" if counted else "amount"}) AS contribution
        FROM ({cells}) cells
        WHERE {"true" if bucket is None else f"cells.bucket = {bucket:d}"}
        GROUP BY 1, 2, 3, 4"""
    parameters = class_parameters(as_of) | {
        "tenant": tenant,
        "known_at": known_at,
        "company_id": company_id,
        "cust_id": cust_id,
    }
    return Contributions(statement, parameters)


def to_accounts(
    listing: Listing, name: str, home_curr_id: str, *, few: bool = False
) -> Contributions:
    """Return what records add to one of `ACCOUNT_FIGURES` of the accounts of a list together.

    Accounts are those in one home currency. If they are `few`, they are looked at one by one.
    """
    records, field = ACCOUNT_FIGURES[name], ACCOUNT_VIEW.field(name)
    members, parameters = keys_of(listing, "home_curr_id")
    alias = records.alias
    if few:
        figures = f"CROSS JOIN LATERAL ({records.one(listing.asked)}) {alias}"
    else:
        figures = f"""JOIN ({records.all(listing.asked)}) {alias}
            ON {alias}.company_id = c.company_id AND {alias}.cust_id = c.cust_id"""
    statement = f"""
        SELECT c.company_id, c.cust_id, {records.kind} AS kind, {records.id} AS record_id,
               {field.sql} AS contribution
        FROM ({members}) AS c (company_id, cust_id, home_curr_id)
        {figures}
        WHERE c.home_curr_id = %(figure_currency)s"""
    return Contributions(statement, {**parameters, "figure_currency": home_curr_id})


def to_promises(
    listing: Listing, name: str, home_curr_id: str, curr_id: str, *, counted: bool
) -> Contributions:
    """Return what promises add to one of `PROMISE_FIGURES` of the accounts of a list together.

    Accounts are those in one home currency, and promises those in the currency `curr_id`.
    """
    promises, parameters = promises_one_by_one(listing, name, counted=counted)
    statement = f"""
        SELECT x.company_id, x.cust_id, '{RecordKind.PROMISE.value}' AS kind,
               x.promise_id AS record_id, x.contribution
        FROM ({promises}) x
        WHERE x.home_curr_id = %(figure_currency)s AND x.curr_id = %(promised_currency)s"""
    return Contributions(
        statement,
        {**parameters, "figure_currency": home_curr_id, "promised_currency": curr_id},
    )


def part_of(contributions: Contributions, part: Part) -> Query[Contribution]:
    """Return the question for a part of the contributions; backward ones answer from the end on."""
    parameters = dict(contributions.parameters)
    conditions = ["contribution <> 0", *part.conditions(_ORDER, parameters)]
    statement = f"""
        SELECT company_id, cust_id, kind, record_id, contribution
        FROM ({_ranked(contributions)}) f
        WHERE {" AND ".join(conditions)}
        ORDER BY {part.order_by(_ORDER)} LIMIT {part.count:d}"""
    return Query(sql(statement), parameters, _contribution)


def all_of(contributions: Contributions) -> Query[Together]:
    """Return the question for all contributions together."""
    statement = f"""
        SELECT coalesce(sum(contribution), 0)::numeric,
               count(*) FILTER (WHERE contribution <> 0)
        FROM ({contributions.statement}) f"""
    return Query(sql(statement), contributions.parameters, Together)


def _ranked(contributions: Contributions) -> str:
    return f"""
        SELECT f.company_id, f.cust_id, f.kind COLLATE "C" AS kind,
               f.record_id COLLATE "C" AS record_id, f.contribution::numeric AS contribution,
               -abs(f.contribution::numeric) AS rank
        FROM ({contributions.statement}) f"""


def _contribution(
    company_id: str, cust_id: str, kind: str, record_id: str, contribution: Decimal
) -> Contribution:
    return Contribution(company_id, cust_id, RecordKind(kind), record_id, contribution)


def home_currencies(tenant: int, company_ids: Sequence[str]) -> Query[tuple[str, str]]:
    """Return the question for the home currencies of companies: pairs of a company and its own."""
    statement = f"""SELECT h.company_id, h.home_currency FROM {_COMPANIES.name} h
        WHERE h.tenant = %(tenant)s AND h.company_id = ANY(%(company_ids)s)"""
    parameters = {"tenant": tenant, "company_ids": list(company_ids)}
    return Query(sql(statement), parameters, _pair)


def _pair(company_id: str, currency: str) -> tuple[str, str]:
    return company_id, currency
