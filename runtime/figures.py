"""What a figure is made of: the records that add up to it, and the events that made them so.

The figure itself is asked as its report asks it, and told beside the sum of its contributions.
Whoever explains decides how the questions are answered.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias

from msgspec import Struct

from domain.aging import Basis, labels
from domain.conditions import AllOf, Compared, Operator
from domain.shared.decider import Refused
from domain.shared.text import camel, can_be_kept
from projections.account_view import ACCOUNT_VIEW
from projections.aging import AgingBy, aging_cells, aging_groups
from projections.contributions import (
    ACCOUNT_FIGURES,
    Contribution,
    Contributions,
    Part,
    all_of,
    explainable,
    home_currencies,
    part_of,
    to_accounts,
    to_aging,
    to_promises,
    why_not,
)
from projections.dashboard import accounts_of, totals_of_accounts
from projections.listing import Listing, by_key
from projections.open_documents import boundaries_of
from projections.promise_totals import PROMISE_FIGURES, figure_of, promise_totals
from projections.query import Asking
from projections.record_events import (
    RecordHistory,
    events_of_streams,
    histories,
    related_streams,
    stream_of,
    streams_of,
)
from projections.view import Asked, Kind

NOT_OF_DOCUMENTS = "figure_not_of_documents"
"""The code of the refusal of a figure that is no sum over records."""

TOTAL = "total"
"""The figure of aging that is all buckets together."""


class FigureReport(StrEnum):
    """Where a figure stands."""

    AGING = "aging"
    ACCOUNT = "account"
    DASHBOARD = "dashboard"


class Measure(StrEnum):
    """What of records is added up: their amounts, or how many they are."""

    AMOUNT = "amount"
    COUNT = "count"


class FigureOfAging(Struct, frozen=True):
    """A bucket of a group of aging, or all of them: `figure` is the bucket's label, or total."""

    asked: Asked
    figure: str
    basis: Basis
    company_id: str
    cust_id: str | None = None
    measure: Measure = Measure.AMOUNT


class FigureOfAccounts(Struct, frozen=True):
    """A figure of an account (`cust_id`), or of all accounts of a dashboard's list together.

    Accounts of a list are those in the home currency `home_curr_id`, which need not be said where
    all are in one. `curr_id` is the currency that was promised, for figures of promises.
    """

    listing: Listing
    figure: str
    company_id: str | None = None
    cust_id: str | None = None
    home_curr_id: str | None = None
    curr_id: str | None = None
    measure: Measure = Measure.AMOUNT

    @property
    def asked(self) -> Asked:
        """For whom and for when it is asked."""
        return self.listing.asked


Figure: TypeAlias = FigureOfAging | FigureOfAccounts


class Value(Struct, frozen=True):
    """What a report says a figure is, and what adds up to it.

    `currency` is that of amounts, as the ERP writes it; None for counts and sums of days.
    """

    figure: str
    value: Decimal
    currency: str | None
    contributions: Contributions


class FigureExplained(Struct, frozen=True):
    """A figure with the sum of all contributions, and how many there are."""

    value: Value
    total: Decimal
    count: int

    @property
    def equal(self) -> bool:
        """Whether the contributions add up to the figure."""
        return self.total == self.value.value


class Contributed(Struct, frozen=True):
    """A contribution with the stream of its record, and how the record became what it is."""

    contribution: Contribution
    stream: str
    history: RecordHistory | None


def figure_of_account(
    asked: Asked, figure: str, company_id: str, cust_id: str, **other: Any
) -> FigureOfAccounts:
    """Return a figure of an account."""
    key = [
        Compared("company_id", Operator.EQ, company_id),
        Compared("cust_id", Operator.EQ, cust_id),
    ]
    listing = accounts_of(asked, AllOf(key))
    return FigureOfAccounts(listing, figure, company_id, cust_id, **other)


# The questions.


def explained(figure: Figure) -> Asking[FigureExplained]:
    """Return what a figure is and what its contributions add up to.

    Raises:
        Refused: if there is no such figure, or if it is no sum over records.
    """
    match figure:
        case FigureOfAging():
            value = yield from _of_aging(figure)
        case FigureOfAccounts():
            value = yield from _of_accounts(figure)
    (together,) = yield all_of(value.contributions)
    return FigureExplained(value, together.total, together.count)


def contributed(
    asked: Asked, contributions: Contributions, part: Part, *, with_events: bool = True
) -> Asking[list[Contributed]]:
    """Return a part of the contributions, in their order, and their events if they are wanted."""
    found: list[Contribution] = yield part_of(contributions, part)
    if part.backward:
        found.reverse()
    keys = [(one.kind, one.company_id, one.record_id) for one in found]
    if not with_events or not keys:
        return [
            Contributed(one, stream_of(key), None) for one, key in zip(found, keys, strict=True)
        ]
    related = yield related_streams(asked.tenant, keys)
    streams = streams_of(keys, related)
    logged = yield events_of_streams(
        asked.tenant, (stream for own in streams.values() for stream in own), asked.known_at
    )
    companies = sorted({one.company_id for one in found})
    currencies = yield home_currencies(asked.tenant, companies)
    told = histories(streams, logged, asked.as_of, dict(currencies))
    return [
        Contributed(one, stream_of(key), told[key]) for one, key in zip(found, keys, strict=True)
    ]


def _of_aging(figure: FigureOfAging) -> Asking[Value]:
    asked, basis = figure.asked, figure.basis
    names = labels(basis, boundaries_of(basis, asked.options))
    if figure.figure not in {TOTAL, *names}:
        message = f"Aging has no figure {figure.figure}. It has {TOTAL}, {', '.join(names)}."
        raise Refused("figure_unknown", message, "figure")
    if not can_be_kept(figure.cust_id or ""):
        raise Refused("account_unknown", f"There is no account {figure.cust_id!r}.", "custId")
    there = can_be_kept(figure.company_id)
    company = (yield home_currencies(asked.tenant, [figure.company_id])) if there else []
    if not company:
        message = f"There is no company {figure.company_id!r}."
        raise Refused("company_unknown", message, "companyId")
    cells = yield aging_cells(
        asked.tenant,
        asked.options,
        as_of=asked.as_of,
        basis=basis,
        by=AgingBy.COMPANY if figure.cust_id is None else AgingBy.ACCOUNT,
        known_at=asked.known_at,
        company_id=figure.company_id,
        cust_id=figure.cust_id,
    )
    counted = figure.measure is Measure.COUNT
    value = Decimal(0)
    for one in aging_groups(cells, asked.options, basis):
        told = one
        if figure.figure != TOTAL:
            told = one.buckets[names.index(figure.figure)]
        value += told.count if counted else told.amount
    contributions = to_aging(
        asked.tenant,
        asked.options,
        as_of=asked.as_of,
        basis=basis,
        known_at=asked.known_at,
        bucket=None if figure.figure == TOTAL else names.index(figure.figure),
        counted=counted,
        company_id=figure.company_id,
        cust_id=figure.cust_id,
    )
    return Value(figure.figure, value, None if counted else company[0][1], contributions)


_NAMES = {
    told: name for name in (*ACCOUNT_FIGURES, *PROMISE_FIGURES) for told in (name, camel(name))
}
"""What people may call a figure of accounts -> its name."""

_OTHERS = {
    told: one.name
    for one in (*ACCOUNT_VIEW.fields, *ACCOUNT_VIEW.totals)
    for told in (one.name, camel(one.name))
}


def _of_accounts(figure: FigureOfAccounts) -> Asking[Value]:
    name = _NAMES.get(figure.figure)
    if name is None:
        raise _no_sum(figure.figure)
    if name in PROMISE_FIGURES:
        return (yield from _of_promises(figure, name))
    if figure.measure is Measure.COUNT:
        message = f"{camel(name)} is not told as an amount and a count; leave the measure out."
        raise Refused("figure_has_no_count", message, "measure")
    listing = figure.listing
    if figure.cust_id is not None:
        record = yield from _account(figure, name)
        value, home_curr_id = record[name], record["home_curr_id"]
    else:
        groups = yield totals_of_accounts(listing, [name])
        by_currency = {one.home_curr_id: one.figures[name] for one in groups}
        home_curr_id = _chosen(list(by_currency), figure.home_curr_id, "homeCurrId")
        value = by_currency[home_curr_id]
    field = ACCOUNT_VIEW.field(name)
    contributions = to_accounts(listing, name, home_curr_id, few=figure.cust_id is not None)
    currency = home_curr_id if field.kind is Kind.MONEY else None
    return Value(camel(name), Decimal(value), currency, contributions)


def _account(figure: FigureOfAccounts, *names: str) -> Asking[dict[str, Any]]:
    """Return fields of the account as its view tells them, and its home currency."""
    asked = figure.asked
    listing = Listing(ACCOUNT_VIEW, asked, (*names, "home_curr_id"))
    found = yield by_key(listing, [(figure.company_id, figure.cust_id)])
    if not found:
        message = f"There is no account {figure.cust_id} of company {figure.company_id}."
        raise Refused("account_unknown", message, "custId")
    return dict(zip(listing.columns, found[0].values, strict=True))


def _of_promises(figure: FigureOfAccounts, name: str) -> Asking[Value]:
    listing = figure.listing
    if figure.cust_id is not None:
        yield from _account(figure)
    totals = yield promise_totals(listing)
    home = _chosen(
        list(dict.fromkeys(one.home_curr_id for one in totals)), figure.home_curr_id, "homeCurrId"
    )
    own = {one.curr_id: one for one in totals if one.home_curr_id == home}
    curr_id = _chosen(list(own), figure.curr_id, "currId")
    told = figure_of(own[curr_id], name)
    counted = figure.measure is Measure.COUNT
    contributions = to_promises(listing, name, home, curr_id, counted=counted)
    value = Decimal(told.count) if counted else told.amount
    return Value(camel(name), value, None if counted else curr_id, contributions)


def _chosen(there: Sequence[str], wanted: str | None, field: str) -> str:
    """Return the currency that is meant of those that there are."""
    if wanted is None and len(there) == 1:
        return there[0]
    if wanted in there:
        return str(wanted)
    among = f"There are {', '.join(there)}." if there else "There is none."
    if wanted is None:
        raise Refused("currency_needed", f"Say which currency is meant. {among}", field)
    raise Refused("currency_unknown", f"Nothing is in the currency {wanted}. {among}", field)


def _no_sum(told: str) -> Refused:
    can = f"Figures that can be: {explainable([*ACCOUNT_FIGURES, *PROMISE_FIGURES])}."
    reason = why_not(_OTHERS.get(told, told))
    if reason is None:
        return Refused("figure_unknown", f"There is no figure {told}. {can}", "figure")
    message = f"{told} cannot be explained by documents: {reason}. {can}"
    return Refused(NOT_OF_DOCUMENTS, message, "figure")
