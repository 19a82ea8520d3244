"""The events that made records what they are on a date, with what each did to the balance.

Events are folded as the read models fold them. An event is told if it changed what counts of the
record on the date: its balance, dates or account, what is disputed and left out, or its schedule.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias, cast

from msgspec import Struct

from domain.activity import ACTIVITY
from domain.dispute import DISPUTE
from domain.invoice import INVOICE, PaymentApplied, PaymentUnapplied
from domain.issue import ISSUE
from domain.payment import PAYMENT, PaymentDocument
from domain.payment_schedule import PAYMENT_SCHEDULE
from domain.pending_payment import PENDING_PAYMENT
from domain.promise import PROMISE
from domain.shared.streams import stream_category, stream_name
from eventstore.codec import decode
from eventstore.log import Recorded
from projections.activities import ACTIVITIES
from projections.disputes import DISPUTES, DisputeState
from projections.figure_records import RecordKind
from projections.invoices import INVOICES, BalanceRow, InvoiceRow
from projections.issues import ISSUES
from projections.payment_schedules import PAYMENT_SCHEDULES
from projections.payments import PAYMENTS
from projections.pending_payments import PENDING_PAYMENTS
from projections.projection import ReadModel
from projections.promises import PROMISES
from projections.query import AS_IT_STANDS, Query, sql

ZERO = Decimal(0)

EVENTS_TOLD_MAX = 50
"""Events of one record that are told, the newest, at most."""

Key: TypeAlias = tuple[RecordKind, str, str]
"""A record: kind, company, id."""


class LoggedEvent(Struct, frozen=True):
    """An event of the log, with who recorded it."""

    recorded: Recorded
    type: str
    effective_on: date
    actor: str


class RecordEvent(Struct, frozen=True):
    """An event that made a record what it is.

    `effect` says by how much it changed what is open of the record on the date, in home currency;
    None of records without a balance.
    """

    position: int
    stream: str
    version: int
    type: str
    effective_on: date
    recorded_at: datetime
    actor: str
    effect: Decimal | None


class RecordHistory(Struct, frozen=True):
    """How a record became what it is: the events, in the order of the log.

    `balance` is what is open of it, in home currency, which the effects of all events add up to;
    None of records without a balance.
    """

    balance: Decimal | None
    events: Sequence[RecordEvent]

    @property
    def newest(self) -> Sequence[RecordEvent]:
        """The newest events, so many as are told at most."""
        return self.events[-EVENTS_TOLD_MAX:]


# Which streams tell of records.

_READ_MODELS: Mapping[str, ReadModel[Any, Any]] = {
    INVOICE.category: INVOICES,
    PAYMENT.category: PAYMENTS,
    DISPUTE.category: DISPUTES,
    PAYMENT_SCHEDULE.category: PAYMENT_SCHEDULES,
    PROMISE.category: PROMISES,
    ISSUE.category: ISSUES,
    ACTIVITY.category: ACTIVITIES,
    PENDING_PAYMENT.category: PENDING_PAYMENTS,
}
"""Category of streams -> the read model that tells of them."""


class Related(Struct, frozen=True):
    """A stream that tells of a record beside its own."""

    kind: RecordKind
    company_id: str
    record_id: str
    stream: str


def related_streams(tenant: int, keys: Iterable[Key]) -> Query[Related]:
    """Return the question for disputes of documents, and for documents that payments paid.

    Those that are so no more, and were so before, are among them.
    """
    wanted = [key for key in keys if key[0] in {RecordKind.INVOICE, RecordKind.PAYMENT}]
    own = "WHERE tenant = %(tenant)s AND company_id = x.company_id AND payment_id = x.record_id"
    statement = f"""
        SELECT x.kind, x.company_id, x.record_id, NULL, d.dispute_id
        FROM unnest(%(kinds)s::text[], %(companies)s::text[], %(ids)s::text[])
            AS x (kind, company_id, record_id)
        JOIN disputes d ON d.tenant = %(tenant)s AND d.company_id = x.company_id
          AND d.tran_id = x.record_id
        WHERE x.kind = 'invoice'
        UNION
        SELECT x.kind, x.company_id, x.record_id, a.tran_id, NULL
        FROM unnest(%(kinds)s::text[], %(companies)s::text[], %(ids)s::text[])
            AS x (kind, company_id, record_id)
        CROSS JOIN LATERAL (
            SELECT tran_id FROM payment_applications {own}
            UNION ALL
            SELECT tran_id FROM payment_applications_history {own}
            {AS_IT_STANDS}  -- each by its key, as they are few
        ) a
        WHERE x.kind = 'payment'
        ORDER BY 1, 2, 3, 4, 5"""
    parameters = {
        "tenant": tenant,
        "kinds": [kind.value for kind, _, _ in wanted],
        "companies": [company_id for _, company_id, _ in wanted],
        "ids": [record_id for _, _, record_id in wanted],
    }
    return Query(sql(statement), parameters, _related)


def _related(
    kind: str, company_id: str, record_id: str, tran_id: str | None, dispute_id: str | None
) -> Related:
    if dispute_id is not None:
        stream = stream_name(DISPUTE.category, dispute_id)
    else:
        stream = stream_name(INVOICE.category, company_id, cast("str", tran_id))
    return Related(RecordKind(kind), company_id, record_id, stream)


def stream_of(key: Key) -> str:
    """Return the stream of a record itself."""
    kind, company_id, record_id = key
    if kind in {RecordKind.INVOICE, RecordKind.PAYMENT}:
        return stream_name(kind.value, company_id, record_id)
    return stream_name(kind.value, record_id)


def streams_of(keys: Iterable[Key], related: Iterable[Related]) -> dict[Key, list[str]]:
    """Return the streams that tell of each record."""
    streams = {key: [stream_of(key)] for key in keys}
    for key, own in streams.items():
        if key[0] is RecordKind.INVOICE:
            own.append(stream_name(PAYMENT_SCHEDULE.category, *key[1:]))
    for one in related:
        streams[one.kind, one.company_id, one.record_id].append(one.stream)
    return streams


def events_of_streams(
    tenant: int, streams: Iterable[str], known_at: datetime | None
) -> Query[LoggedEvent]:
    """Return the question for the events of streams in their order, as known at a moment.

    Events that the read models do not show yet are left out.
    """
    known = "true"
    if known_at is not None:
        known = "e.position <= (SELECT public.position_at(%(tenant)s, %(known_at)s))"  # once
    statement = f"""SELECT e.position, e.stream, e.version, e.type, e.data, e.effective_on,
            e.recorded_at, e.actor
        FROM unnest(%(streams)s::text[], %(read_models)s::text[]) AS s (stream, read_model)
        JOIN cursors c ON c.tenant = %(tenant)s AND c.read_model = s.read_model
        JOIN public.events e ON e.tenant = %(tenant)s AND e.stream = s.stream
          AND e.position <= c.position
        WHERE {known}
        ORDER BY e.position"""
    wanted = list(dict.fromkeys(streams))
    parameters = {
        "tenant": tenant,
        "streams": wanted,
        "read_models": [_READ_MODELS[stream_category(stream)].name for stream in wanted],
        "known_at": known_at,
    }
    return Query(sql(statement), parameters, _logged)


def _logged(
    position: int,
    stream: str,
    version: int,
    type_name: str,
    data: bytes,
    effective_on: date,
    recorded_at: datetime,
    actor: str,
) -> LoggedEvent:
    event = decode(type_name, bytes(data))
    recorded = Recorded(position, stream, version, event, recorded_at)
    return LoggedEvent(recorded, type_name, effective_on, actor)


# What events did.


class Standing(Struct, frozen=True):
    """What counts of a record on the date: its balance, and whatever else is looked at."""

    balance: Decimal
    looked_at: Any = None


Told: TypeAlias = Callable[[LoggedEvent], Standing]
"""Takes a further event in, and returns how the record then stands."""


def histories(
    streams: Mapping[Key, Sequence[str]],
    logged: Iterable[LoggedEvent],
    as_of: date,
    home_currency: Mapping[str, str],
) -> dict[Key, RecordHistory]:
    """Return how records became what they are on a date, of the events of their streams.

    `home_currency` tells that of each company of the records.
    """
    by_stream: dict[str, list[LoggedEvent]] = defaultdict(list)
    for one in logged:
        by_stream[one.recorded.stream].append(one)
    found: dict[Key, RecordHistory] = {}
    for key, own in streams.items():
        events = sorted(
            (one for stream in own for one in by_stream[stream]),
            key=lambda one: one.recorded.position,
        )
        found[key] = _history(key, events, as_of, home_currency)
    return found


def _history(
    key: Key, events: Sequence[LoggedEvent], as_of: date, home_currency: Mapping[str, str]
) -> RecordHistory:
    kind, company_id, record_id = key
    match kind:
        case RecordKind.INVOICE:
            take: Told = _Invoice(as_of)
        case RecordKind.PAYMENT:
            take = _Payment(record_id, as_of, home_currency.get(company_id))
        case RecordKind.DISPUTE:
            take = _Dispute(as_of)
        case _:
            return RecordHistory(None, [_told(one, None) for one in events])
    standing = Standing(ZERO)
    changes: list[RecordEvent] = []
    for one in events:
        now = take(one)
        if now != standing:
            changes.append(_told(one, now.balance - standing.balance))
            standing = now
    return RecordHistory(standing.balance, changes)


def _told(one: LoggedEvent, effect: Decimal | None) -> RecordEvent:
    recorded = one.recorded
    return RecordEvent(
        recorded.position,
        recorded.stream,
        recorded.version,
        one.type,
        one.effective_on,
        recorded.recorded_at,
        one.actor,
        effect,
    )


class _Invoice:
    """A document: its balance on the date, and what else says where it counts."""

    def __init__(self, as_of: date) -> None:
        self._as_of = as_of
        self._state: Any = None
        self._excluded: dict[str, DisputeState] = {}
        self._balance = ZERO
        self._document: Any = None
        self._schedule: int | None = None

    def __call__(self, one: LoggedEvent) -> Standing:
        match stream_category(one.recorded.stream):
            case DISPUTE.category:
                state = DISPUTES.evolve(self._excluded.get(one.recorded.stream), one.recorded)
                self._excluded[one.recorded.stream] = state
            case PAYMENT_SCHEDULE.category:
                if one.effective_on <= self._as_of:
                    self._schedule = one.recorded.position
            case _:
                self._take_in(one)
        return Standing(self._balance, (self._document, self._disputed(), self._schedule))

    def _take_in(self, one: LoggedEvent) -> None:
        self._state = INVOICES.evolve(self._state, one.recorded)
        told, _, steps = INVOICES.rows(self._state, 0, one.recorded.recorded_at)
        row = cast("InvoiceRow", told[0])
        closed_on = row.closing_tran_date
        open_on = (
            step.balance_hc
            for step in cast("Sequence[BalanceRow]", steps)
            if step.effective_from <= self._as_of < step.effective_to
        )
        self._balance = next(open_on, ZERO)
        self._document = (
            row.cust_id,
            row.tran_date,
            row.due_date,
            row.amount_hc,
            row.effective_from,
            closed_on if closed_on is not None and closed_on <= self._as_of else None,
        )

    def _disputed(self) -> Decimal:
        """Return what is left out of aging on the date."""
        return sum(
            (
                _disputed(state, self._as_of)
                for state in self._excluded.values()
                if state.exclude_aging
            ),
            ZERO,
        )


def _disputed(state: DisputeState, as_of: date) -> Decimal:
    """Return what is disputed on a date, in home currency."""
    begun = state.dispute_date <= as_of
    is_open = state.closed_on is None or state.closed_on > as_of
    return state.amount_hc if begun and is_open else ZERO


class _Dispute:
    """A dispute: what is disputed on the date."""

    def __init__(self, as_of: date) -> None:
        self._as_of = as_of
        self._state: Any = None

    def __call__(self, one: LoggedEvent) -> Standing:
        self._state = DISPUTES.evolve(self._state, one.recorded)
        return Standing(_disputed(self._state, self._as_of), self._state.dispute_date)


class _Payment:
    """A payment: what is not applied of it on the date, as a negative amount."""

    def __init__(self, payment_id: str, as_of: date, home_currency: str | None) -> None:
        self._payment_id = payment_id
        self._as_of = as_of
        self._home_currency = home_currency
        self._document: PaymentDocument | None = None
        self._applied: dict[str, PaymentApplied] = {}

    def __call__(self, one: LoggedEvent) -> Standing:
        event = one.recorded.event
        match event:
            case PaymentApplied() if event.payment_id == self._payment_id:
                self._applied[event.tran_id] = event
            case PaymentUnapplied() if event.payment_id == self._payment_id:
                del self._applied[event.tran_id]
            case _ if stream_category(one.recorded.stream) == PAYMENT.category:
                self._document = PAYMENTS.evolve(self._document, one.recorded)
            case _:
                pass
        told = self._document
        looked_at = None if told is None else (told.cust_id, told.pmt_date)
        return Standing(-self._unapplied(), looked_at)

    def _unapplied(self) -> Decimal:
        told = self._document
        if told is None or told.pmt_date > self._as_of:
            return ZERO
        if told.curr_id != self._home_currency and told.unapplied_amt_hc is None:
            return ZERO
        rest = told.unapplied_amt_hc
        if rest is None:
            rest = told.unapplied_amt
        if rest is None:
            rest = told.amount - sum((one.amount_hc for one in self._applied.values()), ZERO)
        later = (one for one in self._applied.values() if one.applied_on > self._as_of)
        return rest + sum((one.amount_hc for one in later), ZERO)
