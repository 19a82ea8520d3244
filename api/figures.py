"""GraphQL: what a figure of aging, of an account or of a dashboard is made of."""

import base64
import binascii
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, TypeVar

import msgspec
import strawberry

from api.accounts import AccountFilter
from api.aging import Basis
from api.audit_trail import EVENTS
from api.connections import After, AsOf, AtLeast, Before, Cutting, First, KnownAt, Last, PageInfo
from api.context import Info, Reading
from api.dashboard import dashboard_accounts
from api.errors import ApiError, Code
from api.selection import fields_below
from domain.shared.decider import Refused
from domain.shared.text import can_be_kept
from projections.contributions import Part, Place
from projections.dashboard import Scope
from projections.figure_records import RecordKind
from projections.query import Asking
from projections.record_events import EVENTS_TOLD_MAX, RecordEvent
from runtime.figures import (
    NOT_OF_DOCUMENTS,
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

Told = TypeVar("Told")

strawberry.enum(
    FigureReport,
    name="FigureReport",
    description="Where a figure stands: in `aging` (AGING), on an account (ACCOUNT), or among the"
    " totals of `dashboard` (DASHBOARD).",
)
strawberry.enum(
    Measure,
    name="FigureMeasure",
    description="What of records is added up: their amounts (AMOUNT), or how many they are"
    " (COUNT).",
)
strawberry.enum(
    RecordKind,
    name="ContributingRecord",
    description="What a record is that contributes to a figure: a document (INVOICE), a PAYMENT"
    " with what is not applied of it, a DISPUTE, a PROMISE, an ISSUE, an ACTIVITY, or a"
    " PENDING_PAYMENT that was made online.",
)


@strawberry.type(name="RecordEvent", description="An event that made a record what it is.")
class RecordEventResult:
    """An event."""

    position: int = strawberry.field(description="Its position in the log.")
    stream: str = strawberry.field(description="What it is about, as in `auditTrail`.")
    version: int = strawberry.field(description="Its place in the stream, from 1.")
    type: str = strawberry.field(description="What happened, such as PaymentApplied.")
    effective_on: date = strawberry.field(description="The date on which it is true.")
    recorded_at: datetime = strawberry.field(description="When it was recorded.")
    actor: str = strawberry.field(description="Who asked: a user, an API key or a job.")
    effect: Decimal | None = strawberry.field(
        description="By how much it changed what is open of the record on the as-of date, in home"
        " currency; 0 where it changed dates, account, or what counts of the balance, as a"
        " dispute or a payment schedule does. Null of records without a balance."
    )

    @classmethod
    def of(cls, event: RecordEvent) -> "RecordEventResult":
        """Return an event as it is told."""
        return cls(
            position=event.position,
            stream=event.stream,
            version=event.version,
            type=event.type,
            effective_on=event.effective_on,
            recorded_at=event.recorded_at,
            actor=event.actor,
            effect=event.effect,
        )


@strawberry.type(description="What a record adds to a figure.")
class FigureContribution:
    """A contribution."""

    kind: RecordKind = strawberry.field(description="What the record is.")
    company_id: str = strawberry.field(description="The ERP company.")
    cust_id: str = strawberry.field(description="The account.")
    record_id: str = strawberry.field(
        description="The record: a document's `tranId`, a payment's `paymentId`, or another's id."
    )
    stream: str = strawberry.field(description="The record's stream, as in `auditTrail`.")
    contribution: Decimal = strawberry.field(
        description="What it adds: an exact amount in the figure's currency, or a number."
    )
    balance: Decimal | None = strawberry.field(
        description="What is open of the record on the as-of date, in home currency, which the"
        " effects of its events add up to; of a payment what is not applied, negative. Null of"
        " records without a balance."
    )
    events: list[RecordEventResult] = strawberry.field(
        description="The events that made it what it is on the as-of date, in the order of the"
        f" log; the newest {EVENTS_TOLD_MAX} of them."
    )
    event_count: int = strawberry.field(description="How many such events there are.")

    @classmethod
    def of(cls, told: Contributed) -> "FigureContribution":
        """Return a contribution as it is told."""
        one, history = told.contribution, told.history
        return cls(
            kind=one.kind,
            company_id=one.company_id,
            cust_id=one.cust_id,
            record_id=one.record_id,
            stream=told.stream,
            contribution=one.contribution,
            balance=None if history is None else history.balance,
            events=[] if history is None else list(map(RecordEventResult.of, history.newest)),
            event_count=0 if history is None else len(history.events),
        )


@strawberry.type(description="A contribution with its place among all.")
class FigureContributionEdge:
    """A contribution with its place."""

    cursor: str = strawberry.field(description="Where it stands among all.")
    node: FigureContribution = strawberry.field(description="The contribution.")


@strawberry.type(description="A page of the contributions to a figure, the largest first.")
class FigureContributionConnection:
    """A page of contributions."""

    nodes: list[FigureContribution] = strawberry.field(description="The page's contributions.")
    edges: list[FigureContributionEdge] = strawberry.field(
        description="The page's contributions with their places."
    )
    page_info: PageInfo = strawberry.field(description="Where the page lies among all.")
    total_count: int = strawberry.field(description="How many contributions there are.")


_OF_EVENTS = frozenset({"balance", "events", "eventCount"})
"""Fields of a contribution that its events are read for."""


@strawberry.type(description="A figure, and the records that add up to it exactly.")
class FigureExplanation:
    """A figure explained."""

    report: FigureReport = strawberry.field(description="Where the figure stands.")
    figure: str = strawberry.field(description="The figure.")
    as_of: date = strawberry.field(description="The date of the figure in business terms.")
    known_at: datetime | None = strawberry.field(
        description="The moment as of whose knowledge it is; null for now."
    )
    currency: str | None = strawberry.field(
        description="The currency of the amounts, as the ERP writes it; null for numbers."
    )
    value: Decimal = strawberry.field(description="The figure as its report tells it.")
    total: Decimal = strawberry.field(description="The sum of all contributions, of all pages.")
    equal: bool = strawberry.field(
        description="Whether the two are equal; if they are not, that is a defect."
    )
    told: strawberry.Private[FigureExplained]
    reading: strawberry.Private[Reading]

    @strawberry.field(description="The records that add up to the figure, the largest first.")
    async def contributions(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> FigureContributionConnection:
        """Return a page of contributions."""
        cutting = Cutting.of(first, after, last, before)
        asked_for = fields_below(info, "nodes") | fields_below(info, "edges", "node")
        found = await self.reading.answered(
            contributed(
                self.reading.asked,
                self.told.value.contributions,
                part_of(cutting),
                with_events=bool(asked_for & _OF_EVENTS),
            )
        )
        return _page(found, cutting, self.told.count)


def _page(
    found: Sequence[Contributed], cutting: Cutting, total_count: int
) -> FigureContributionConnection:
    shown, more = shown_of(found, cutting)
    nodes = [FigureContribution.of(one) for one in shown]
    cursors = [cursor_of(one.contribution.place) for one in shown]
    return FigureContributionConnection(
        nodes=nodes,
        edges=[
            FigureContributionEdge(cursor=cursor, node=node)
            for cursor, node in zip(cursors, nodes, strict=True)
        ],
        page_info=cutting.page_info(cursors, more=more),
        total_count=total_count,
    )


def part_of(cutting: Cutting) -> Part:
    """Return the part that a page is cut from: one more than it shows, to know whether there is.

    Raises:
        ApiError: if a cursor is none of such a list.
    """
    after, before = place_of(cutting.after), place_of(cutting.before)
    return Part(cutting.count + 1, after, before, cutting.backward)


def shown_of(found: Sequence[Told], cutting: Cutting) -> tuple[Sequence[Told], bool]:
    """Return what a page shows of the part it is cut from, and whether there is more."""
    more = len(found) > cutting.count
    return found[1:] if more and cutting.backward else found[: cutting.count], more


_DIGITS_MAX = 100
"""Digits of a contribution before the point, at most."""


def cursor_of(place: Place) -> str:
    """Return the cursor that stands for a place."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def place_of(cursor: str | None) -> Place | None:
    """Return the place that a cursor stands for.

    Raises:
        ApiError: if it stands for none.
    """
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        place = msgspec.json.decode(
            base64.b64decode(padded, altchars=b"-_", validate=True), type=Place
        )
    except (binascii.Error, msgspec.DecodeError, ValueError) as bad:
        raise ApiError(Code.BAD_USER_INPUT, f"{cursor!r} is no cursor of this list.") from bad
    rank_is_one = place.rank.is_finite() and place.rank.adjusted() < _DIGITS_MAX
    if not rank_is_one or not all(map(can_be_kept, place.texts)):
        raise ApiError(Code.BAD_USER_INPUT, f"{cursor!r} is no cursor of this list.")
    return place


_TAKES = {
    FigureReport.AGING: {"companyId", "custId", "basis", "measure"},
    FigureReport.ACCOUNT: {"companyId", "custId", "currId", "measure"},
    FigureReport.DASHBOARD: {"scope", "filter", "homeCurrId", "currId", "measure"},
}
"""Which arguments narrow a figure of each report down."""

_NEEDS = {
    FigureReport.AGING: ("companyId",),
    FigureReport.ACCOUNT: ("companyId", "custId"),
    FigureReport.DASHBOARD: (),
}


@strawberry.type
class FigureQuery:
    """What figures are made of."""

    @strawberry.field(
        description="What a figure is made of: the documents or other records that add up to it"
        " exactly, and the events that made each what it is, at any date and as known at any"
        " moment. Figures that are no sums, such as averages, are refused with the code"
        " FIGURE_NOT_EXPLAINABLE. Inquiry users may not ask, as they may not read the log."
    )
    async def explain_figure(
        self,
        info: Info,
        report: Annotated[
            FigureReport, strawberry.argument(description="Where the figure stands.")
        ],
        figure: Annotated[
            str,
            strawberry.argument(
                description="Of AGING the label of a bucket, such as 1-30, or total; of others a"
                " field of accounts, such as totalPastDue, or a figure of promises:"
                " promisesOpen, promisesKept or promisesBroken, of the last two also those of a"
                " time, such as promisesBroken6Months."
            ),
        ],
        company_id: Annotated[
            str | None,
            strawberry.argument(description="The ERP company; of AGING and ACCOUNT it is needed."),
        ] = None,
        cust_id: Annotated[
            str | None,
            strawberry.argument(
                description="The account; needed of ACCOUNT. AGING without it is of the company."
            ),
        ] = None,
        basis: Annotated[
            Basis | None,
            strawberry.argument(
                description="Of AGING: which date amounts age from; by default as the site shows."
            ),
        ] = None,
        measure: Annotated[
            Measure | None,
            strawberry.argument(
                description="Of AGING and promises: the AMOUNT, which is the default, or the COUNT."
            ),
        ] = None,
        scope: Annotated[
            Scope | None,
            strawberry.argument(
                description="Of DASHBOARD: whose accounts, as `dashboard` takes it."
            ),
        ] = None,
        where: Annotated[
            AccountFilter | None,
            strawberry.argument(name="filter", description="Of DASHBOARD: which of them."),
        ] = None,
        home_curr_id: Annotated[
            str | None,
            strawberry.argument(
                description="Of DASHBOARD: the home currency of the group, if there are several."
            ),
        ] = None,
        curr_id: Annotated[
            str | None,
            strawberry.argument(
                description="Of promises: the currency that was promised, if there are several."
            ),
        ] = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> FigureExplanation:
        """Return what a figure is made of."""
        EVENTS.admit(info)
        given = {
            "companyId": company_id,
            "custId": cust_id,
            "basis": basis,
            "measure": measure,
            "scope": scope,
            "filter": where,
            "homeCurrId": home_curr_id,
            "currId": curr_id,
        }
        _check(report, {name for name, value in given.items() if value is not None})
        reading = await info.context.reading(as_of, known_at)
        asked, counted = reading.asked, measure or Measure.AMOUNT
        wanted: Figure
        match report:
            case FigureReport.AGING:
                wanted = FigureOfAging(
                    asked,
                    figure,
                    basis or asked.options.aging_basis,
                    company_id or "",
                    cust_id,
                    counted,
                )
            case FigureReport.ACCOUNT:
                wanted = figure_of_account(
                    asked,
                    figure,
                    company_id or "",
                    cust_id or "",
                    curr_id=curr_id,
                    measure=counted,
                )
            case FigureReport.DASHBOARD:
                _, listing = await dashboard_accounts(info, reading, scope, where)
                wanted = FigureOfAccounts(
                    listing,
                    figure,
                    home_curr_id=home_curr_id,
                    curr_id=curr_id,
                    measure=counted,
                )
        told = await _answered(reading, explained(wanted))
        return FigureExplanation(
            report=report,
            figure=told.value.figure,
            as_of=asked.as_of,
            known_at=known_at,
            currency=told.value.currency,
            value=told.value.value,
            total=told.total,
            equal=told.equal,
            told=told,
            reading=reading,
        )


def _check(report: FigureReport, given: set[str]) -> None:
    """Let only arguments pass that say something of a report's figures.

    Raises:
        ApiError: if others are given, or one is missing.
    """
    for name in _NEEDS[report]:
        if name not in given:
            raise ApiError(Code.BAD_USER_INPUT, f"A figure of {report.name} needs {name}.")
    for name in sorted(given - _TAKES[report]):
        raise ApiError(Code.BAD_USER_INPUT, f"A figure of {report.name} takes no {name}.")


async def _answered(reading: Reading, asking: Asking[FigureExplained]) -> FigureExplained:
    try:
        return await reading.answered(asking)
    except Refused as refusal:
        code = Code.BAD_USER_INPUT
        if refusal.code == NOT_OF_DOCUMENTS:
            code = Code.FIGURE_NOT_EXPLAINABLE
        raise ApiError(code, refusal.message) from refusal
