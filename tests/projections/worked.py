"""What accounts and documents are on a date as known at a moment, worked out from the events.

In plain Python, one record after the other, by what the requirements say of each field. Nothing
here knows of SQL or of read models.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from domain.account import AccountAmended, AccountDocument, AccountOpened
from domain.activity import (
    ActivityCompleted,
    ActivityRecorded,
    ActivityReopened,
    ActivityWithdrawn,
    InvoicesTagged,
    InvoicesUntagged,
)
from domain.aging import Basis, bucket
from domain.company import CompanyAmended, CompanyRegistered
from domain.dispute import (
    DisputeAmountChanged,
    DisputeClosed,
    DisputeExclusionChanged,
    DisputeOpened,
    DisputeReasonSet,
    DisputeReopened,
)
from domain.follow_up import FollowUpSet
from domain.invoice import (
    InvoiceClosed,
    InvoiceDocument,
    InvoiceRegistered,
    InvoiceReopened,
    InvoiceStatusChanged,
    PaymentApplied,
    PaymentUnapplied,
)
from domain.payment import PaymentDocument
from domain.payment_schedule import PaymentsScheduled
from domain.site_options import SiteOptions
from domain.size_ranges import RANGES, size_range
from domain.user_fields import UserFields
from eventstore.log import Recorded
from tests.histories import Plain, added_up

ZERO = Decimal(0)
CENT = Decimal("0.01")

Key = tuple[str, ...]
Figures = dict[str, Any]


def rounded(value: Decimal, to: Decimal = CENT) -> Decimal:
    """An amount with two decimals, halves away from zero."""
    return value.quantize(to, rounding=ROUND_HALF_UP)


def mean(values: Sequence[int]) -> Decimal | None:
    """The average of some numbers; None of none."""
    return Decimal(sum(values)) / len(values) if values else None


def rounded_mean(values: Sequence[int]) -> Decimal | None:
    """The same with two decimals."""
    found = mean(values)
    return None if found is None else rounded(found)


def days_between(since: date | None, until: date | None) -> int | None:
    """The days from one date to another; None if one of them is not there."""
    return None if since is None or until is None else (until - since).days


def last(events: Iterable[Any], *kinds: type) -> Any:
    """The last event that is of some kinds; None if there is none."""
    found = [event for event in events if isinstance(event, kinds)]
    return found[-1] if found else None


@dataclass(frozen=True)
class Document:
    """A document as its events tell it."""

    plain: Plain
    status: str | None
    closed_on: date | None
    applied_on: tuple[date, ...]
    known_from: datetime

    @property
    def own(self) -> InvoiceDocument:
        """What the ERP says of it."""
        return self.plain.document

    @property
    def account(self) -> Key:
        """The account that it is on."""
        return self.own.company_id, self.own.cust_id

    @property
    def due(self) -> date:
        """When the ERP has it due."""
        return self.own.due_date or self.own.tran_date


@dataclass(frozen=True)
class Amount:
    """Something that ages; `stands` says that a document is counted by it."""

    account: Key
    tran_date: date
    due: date
    amount: Decimal
    size: Decimal
    stands: bool = True

    @property
    def late_from(self) -> date:
        """From when on it is late; credits are by their own date (G13)."""
        return self.tran_date if self.amount < 0 else self.due


@dataclass(frozen=True)
class Paid:
    """A document that was paid in full; `days_to_pay` is None if it is too old to count."""

    account: Key
    home: str
    amount: Decimal
    days_late: int
    days_to_pay: int | None


@dataclass
class Work:
    """An activity as its events tell it."""

    recorded: ActivityRecorded
    number: int
    completed: ActivityCompleted | None = None
    note: str | None = None
    follow_up: FollowUpSet | None = None
    withdrawn_on: date | None = None
    tagged: dict[str, date] = field(default_factory=dict)


class Ledger:
    """All that is known at a moment, looked at on a date."""

    def __init__(
        self,
        events: Sequence[Recorded],
        as_of: date,
        known_at: datetime | None,
        options: SiteOptions,
    ) -> None:
        self.as_of = as_of
        self.options = options
        self.told: dict[str, dict[Key, list[Recorded]]] = defaultdict(lambda: defaultdict(list))
        for one in events:
            if known_at is None or one.recorded_at <= known_at:
                category, *key = one.stream.split("/")
                self.told[category][tuple(key)].append(one)
        self.documents = {key: document_of(told) for key, told in self.told["invoice"].items()}
        self.activities = [activity_of(told) for told in self.told["activity"].values()]
        self.paid = [self._paid(one) for one in self.documents.values() if self._is_paid(one)]
        self.amounts = [
            part for key, one in self.documents.items() for part in self.parts(key, one)
        ]
        self.unapplied = self._unapplied() if options.age_unapplied else []

    def of(self, category: str, *key: str) -> list[Any]:
        """The events of a stream; none if there is none."""
        return [one.event for one in self.told[category].get(key, ())]

    def all_of(self, category: str) -> list[list[Any]]:
        """The events of each stream of a category."""
        return [[one.event for one in told] for told in self.told[category].values()]

    def home(self, company_id: str) -> str:
        """The home currency of a company, as last told."""
        told = last(self.of("company", company_id), CompanyRegistered, CompanyAmended)
        return told.document.home_currency if told else "USD"

    def own_fields(self, kind: str, key: Key) -> Figures:
        """The fields of a record that are kept here."""
        told = self.of("user_fields", kind, *key)
        fields = told[-1].fields if told else UserFields()
        return {f"udf{number}": getattr(fields, f"udf{number}") for number in range(6, 11)}

    def account_document(self, key: Key) -> AccountDocument | None:
        """What the ERP says of an account; None if nobody told of it."""
        told = last(self.of("account", *key), AccountOpened, AccountAmended)
        return told.document if told else None

    # What is open of documents, and what of it counts.

    def open_of(self, one: Document) -> tuple[Decimal, Decimal]:
        """What is open of a document, in its own and in home currency."""
        return one.plain.open_on(self.as_of)

    def schedule_of(self, key: Key, on: date | None = None) -> PaymentsScheduled | None:
        """The schedule that holds on a date: whatever the last event by then says."""
        on = on or self.as_of
        found: PaymentsScheduled | None = None
        for event in self.of("payment_schedule", *key):
            if isinstance(event, PaymentsScheduled):
                if event.scheduled_on <= on:
                    found = event
            elif event.cancelled_on <= on:
                found = None
        return found

    def disputes(self) -> list[Figures]:
        """The disputes that have begun by the date; those that are closed by it are not open."""
        found: list[Figures] = []
        for told in self.all_of("dispute"):
            opened: DisputeOpened = told[0]
            if opened.dispute_date > self.as_of:
                continue
            amount = last(told, DisputeOpened, DisputeAmountChanged)
            reason = last(told, DisputeOpened, DisputeReasonSet)
            ended = last(told, DisputeClosed, DisputeReopened)
            closed = isinstance(ended, DisputeClosed) and ended.closed_on <= self.as_of
            given = reason.code_date is not None and reason.code_date <= self.as_of
            found.append(
                {
                    "id": opened.dispute_id,
                    "invoice": (opened.company_id, opened.tran_id),
                    "account": (opened.company_id, opened.cust_id),
                    "date": opened.dispute_date,
                    "open": not closed,
                    "amount": amount.amount,
                    "amount_hc": amount.amount_hc,
                    "excluded": last(told, DisputeOpened, DisputeExclusionChanged).exclude_aging,
                    "code": reason.reason_code if given else None,
                    "code_date": reason.code_date if given else None,
                }
            )
        return found

    def disputed(self, key: Key) -> list[Figures]:
        """The open disputes of a document."""
        return [one for one in self.disputes() if one["open"] and one["invoice"] == key]

    def excluded(self, key: Key) -> Decimal:
        """What is disputed of a document and does not age."""
        return sum((one["amount_hc"] for one in self.disputed(key) if one["excluded"]), ZERO)

    def counted(self, key: Key, one: Document) -> Decimal:
        """What counts of a document's balance (AGE-18)."""
        balance = self.open_of(one)[1]
        return max(balance - self.excluded(key), ZERO) if balance > 0 else balance

    def parts(self, key: Key, one: Document) -> list[Amount]:
        """What ages of a document: its balance, or what is left of each instalment."""
        own, home = self.open_of(one)
        if (home <= 0 and not self.options.age_unapplied) or (not own and not home):
            return []
        counted, schedule = self.counted(key, one), self.schedule_of(key)
        told = one.account, one.own.tran_date
        if schedule is None:
            stands = counted != 0 or home == 0
            return [Amount(*told, one.due, counted, one.own.amount_hc, stands)]
        found: list[Amount] = []
        for due, left in left_of(schedule, counted):
            stands = left != 0 and not any(part.amount for part in found)
            found.append(Amount(*told, due, left, one.own.amount_hc, stands))
        return found

    def due_of(self, key: Key, one: Document) -> date:
        """When a document is due: with a schedule, when the earliest unpaid instalment is."""
        schedule = self.schedule_of(key)
        if schedule is None:
            return one.due
        unpaid = [due for due, left in left_of(schedule, self.open_of(one)[1]) if left > 0]
        return unpaid[0] if unpaid else schedule.instalments[-1].due_date

    def _unapplied(self) -> list[Amount]:
        """What was not applied of payments on the date (AGE-17)."""
        found: list[Amount] = []
        for told in self.all_of("payment"):
            payment: PaymentDocument = told[-1].document
            home = payment.curr_id == self.home(payment.company_id)
            if payment.pmt_date > self.as_of or not (home or payment.unapplied_amt_hc is not None):
                continue
            uses = [
                use
                for key in self.documents
                if key[0] == payment.company_id
                for use in applied(self.of("invoice", *key)).values()
                if use.payment_id == payment.payment_id
            ]
            rest = payment.unapplied_amt_hc
            if rest is None:
                rest = payment.unapplied_amt
            if rest is None:
                rest = payment.amount - sum((use.amount_hc for use in uses), ZERO)
            rest += sum((use.amount_hc for use in uses if use.applied_on > self.as_of), ZERO)
            if rest:
                on = payment.pmt_date
                account = (payment.company_id, payment.cust_id)
                found.append(Amount(account, on, on, -rest, ZERO))
        return found

    # How fast accounts paid, and when they will.

    def _is_paid(self, one: Document) -> bool:
        closed = one.closed_on is not None and one.closed_on <= self.as_of
        return closed and one.own.amount_hc > 0

    def _paid(self, one: Document) -> Paid:
        assert one.closed_on is not None
        plan = self.schedule_of((one.own.company_id, one.own.tran_id), one.closed_on)
        due = one.due if plan is None else plan.instalments[-1].due_date
        by_invoice = self.options.aging_basis is Basis.INVOICE
        base = one.own.tran_date if by_invoice else due
        early = self.options.exclude_invoices_before
        counts = early is None or one.own.tran_date >= early
        return Paid(
            one.account,
            one.own.home_curr_id,
            one.own.amount_hc,
            (one.closed_on - due).days,
            (one.closed_on - base).days if counts else None,
        )

    def bounds(self, home: str) -> Sequence[Decimal]:
        """The bounds of the ranges of size; worked out they are sevenths of what was paid."""
        if not self.options.size_ranges_automatic:
            return self.options.size_ranges
        amounts = sorted(one.amount for one in self.paid if one.home == home)
        if not amounts:
            return ()
        # The first amount at or beyond each share of them.
        return sorted(
            {amounts[max(0, -(-part * len(amounts) // RANGES) - 1)] for part in range(1, RANGES)}
        )

    def habit(self, account: Key, size: Decimal, home: str) -> int:
        """How many days late an account usually pays documents of a size (KPI-20, KPI-24)."""
        own, bounds = [one for one in self.paid if one.account == account], self.bounds(home)
        number = size_range(size, bounds)
        alike = mean([one.days_late for one in own if size_range(one.amount, bounds) == number])
        habit = alike if alike is not None else mean([one.days_late for one in own])
        return 0 if habit is None else int(rounded(habit, Decimal(1)))


def left_of(schedule: PaymentsScheduled, balance: Decimal) -> list[tuple[date, Decimal]]:
    """What is left of each instalment, in home currency: payments pay the earliest first (G3).

    What is open beyond all of them, and a credit, stands with the first.
    """
    rest = balance
    left: list[tuple[date, Decimal]] = []
    for one in reversed(schedule.instalments):
        part = min(rest, one.amount_hc) if rest > 0 else ZERO
        rest -= part
        left.insert(0, (one.due_date, part))
    due, part = left[0]
    return [(due, part + rest), *left[1:]]


def applied(told: Sequence[Any]) -> dict[str, PaymentApplied]:
    """The payments that are applied to a document, by id."""
    found: dict[str, PaymentApplied] = {}
    for event in told:
        if isinstance(event, PaymentApplied):
            found[event.payment_id] = event
        elif isinstance(event, PaymentUnapplied):
            del found[event.payment_id]
    return found


def document_of(told: Sequence[Recorded]) -> Document:
    """The document that some events tell of."""
    events: list[Any] = [one.event for one in told]
    plain = added_up(events)
    assert plain is not None
    closing = last(events, InvoiceClosed, InvoiceReopened)
    return Document(
        plain,
        last(events, InvoiceRegistered, InvoiceStatusChanged).status,
        closing.closed_on if isinstance(closing, InvoiceClosed) else None,
        tuple(use.applied_on for use in applied(events).values()),
        told[-1].recorded_at,
    )


def activity_of(told: Sequence[Recorded]) -> Work:
    """The activity that some events tell of."""
    recorded: Any = told[0].event
    work = Work(recorded, told[0].position, note=recorded.note)
    for one in told[1:]:
        match one.event:
            case ActivityCompleted(note=note) as completed:
                work.completed, work.note = completed, note or work.note
            case ActivityReopened():
                work.completed = None
            case ActivityWithdrawn(withdrawn_on):
                work.withdrawn_on = withdrawn_on
            case FollowUpSet() as follow_up:
                work.follow_up = follow_up
            case InvoicesTagged(tagged_on, tags):
                work.tagged |= {tag.tran_id: tagged_on for tag in tags}
            case InvoicesUntagged(tran_ids):
                work.tagged = {k: on for k, on in work.tagged.items() if k not in tran_ids}
            case _:
                pass
    return work


def aged(items: Iterable[Amount], as_of: date, options: SiteOptions) -> Figures:
    """Both aging sets of some amounts, and what is summed up of them."""
    by_age: list[tuple[int, Decimal]] = []
    by_due: list[tuple[int, Decimal]] = []
    for one in items:
        dates, unit = (as_of, one.tran_date, one.late_from), options.age_unit
        age = bucket(*dates, Basis.INVOICE, options.aging_boundaries_invoice, unit)
        due = bucket(*dates, Basis.DUE, options.aging_boundaries_due, unit)
        by_age.append((age, one.amount))
        by_due.append((due, one.amount))

    def summed(buckets: list[tuple[int, Decimal]], holds: Callable[[int], bool]) -> Decimal:
        return sum((amount for number, amount in buckets if holds(number)), ZERO)

    shown = by_age if options.aging_basis is Basis.INVOICE else by_due
    ages = ("age_future", "age_current", "age1", "age2", "age3", "age4")
    dues = ("due_age_future", "due_age_current", *(f"due_age{number}" for number in range(1, 6)))
    return {
        **{name: summed(by_age, lambda one, n=n: one == n) for n, name in enumerate(ages)},
        **{name: summed(by_due, lambda one, n=n: one == n) for n, name in enumerate(dues)},
        **{f"over{n}": summed(by_age, lambda one, n=n: one > n) for n in range(1, 5)},
        **{f"late_over{n}": summed(by_due, lambda one, n=n: one > n + 1) for n in range(1, 5)},
        "total_age": summed(by_age, lambda _: True),
        "total_past_due": summed(by_due, lambda one: one > 1),
        "over_current": summed(shown, lambda one: one > 1),
        "due_now": summed(by_due, lambda one: one > 0),
        "due_future": summed(by_due, lambda one: one == 0),
        "due_total": summed(by_due, lambda _: True),
    }
