"""A payment schedule: a document is paid in instalments, each with its own amount and due date.

    NotScheduled --schedule--> Scheduled --schedule--> Scheduled, replaced
                                   |    <--schedule--      |
                                   +-------cancel------> Cancelled

From the day on which it is made until it is replaced or cancelled, the schedule stands for the
document's own balance and due date (SCH-04). What the ERP says is kept beside it and never
changed (SCH-05, SCH-06). Payments pay the earliest instalment that is not paid yet (G3).
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.shared.currency import iso_code, money_text, rounded
from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.facts import DocumentFacts
from domain.shared.text import can_be_kept

INSTALMENTS_MIN = 2
"""A single payment is no schedule."""

INSTALMENTS_MAX = 120
"""Ten years of months."""

REASON_CHARACTERS_MAX = 2_000

ZERO = Decimal(0)


class PlannedInstalment(Struct, frozen=True, gc=False):
    """An instalment as somebody asks for it; `amount` is in the document's currency."""

    due_date: date
    amount: Decimal


class Instalment(Struct, frozen=True, gc=False):
    """An instalment; `amount` is in the document's currency, `amount_hc` in home currency."""

    due_date: date
    amount: Decimal
    amount_hc: Decimal


# Events: stored for ever under these names and fields. Add, never rename.


class PaymentsScheduled(Event, frozen=True, omit_defaults=True, gc=False):
    """The open balance of a document is to be paid in instalments, from `scheduled_on` on.

    It replaces the schedule before, if there was one. `orig_due_date`, `orig_tran_amt` (in the
    document's currency) and `orig_tran_amt_hc` (in home currency) are the document's own.
    """

    company_id: str
    tran_id: str
    cust_id: str
    curr_id: str
    home_curr_id: str
    scheduled_on: date
    instalments: tuple[Instalment, ...]
    orig_due_date: date
    orig_tran_amt: Decimal
    orig_tran_amt_hc: Decimal
    reason: str | None = None

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the day from which the schedule holds."""
        return self.scheduled_on


class PaymentScheduleCancelled(Event, frozen=True, omit_defaults=True, gc=False):
    """The schedule holds no longer, from `cancelled_on` on: the ERP's due date counts again."""

    company_id: str
    tran_id: str
    cancelled_on: date
    reason: str | None = None

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the day from which the schedule does not hold."""
        return self.cancelled_on


PaymentScheduleEvent: TypeAlias = PaymentsScheduled | PaymentScheduleCancelled


# Commands.


class SchedulePayments(Struct, frozen=True, gc=False):
    """Let a document be paid in instalments, instead of those scheduled before.

    `document` is what is known of it when the decision is taken.
    """

    instalments: tuple[PlannedInstalment, ...]
    reason: str | None
    business_date: date
    document: DocumentFacts | None = None

    def knowing(self, facts: Sequence[DocumentFacts | None]) -> "SchedulePayments":
        """Return the command that knows the document."""
        return replace(self, document=facts[0])


class CancelPaymentSchedule(Struct, frozen=True, gc=False):
    """Let the document be due as the ERP says again."""

    reason: str | None
    business_date: date


PaymentScheduleCommand: TypeAlias = SchedulePayments | CancelPaymentSchedule


# State: only what decisions need.


class NotScheduled(Struct, frozen=True):
    """The document never had a schedule."""


class Scheduled(Struct, frozen=True, gc=False):
    """The document has a schedule."""

    company_id: str
    tran_id: str
    instalments: tuple[PlannedInstalment, ...]
    reason: str | None


class Cancelled(Struct, frozen=True):
    """The document had a schedule once."""


PaymentSchedule: TypeAlias = NotScheduled | Scheduled | Cancelled


def evolve(schedule: PaymentSchedule, event: PaymentScheduleEvent) -> PaymentSchedule:
    """Remember `event`."""
    match schedule, event:
        case _, PaymentsScheduled(company_id=company_id, tran_id=tran_id):
            planned = tuple(
                PlannedInstalment(one.due_date, one.amount) for one in event.instalments
            )
            return Scheduled(company_id, tran_id, planned, event.reason)
        case Scheduled(), PaymentScheduleCancelled():
            return Cancelled()
        case _:
            raise ImpossibleHistory(f"{event} after {schedule}")


def decide(
    command: PaymentScheduleCommand, schedule: PaymentSchedule
) -> Sequence[PaymentScheduleEvent]:
    """Return the facts that `command` adds."""
    match schedule, command:
        case _, SchedulePayments():
            return schedule_payments(command, schedule)
        case Scheduled(company_id, tran_id), CancelPaymentSchedule(reason, business_date):
            told = checked_reason(reason)
            return [PaymentScheduleCancelled(company_id, tran_id, business_date, told)]
        case Cancelled(), CancelPaymentSchedule():
            return []  # cancelled already
        case NotScheduled(), CancelPaymentSchedule():
            raise Refused("schedule_unknown", "The document has no payment schedule.", "tranId")


def schedule_payments(
    command: SchedulePayments, schedule: PaymentSchedule
) -> Sequence[PaymentScheduleEvent]:
    """Make a schedule of the whole open balance, or replace the one that there is."""
    reason = checked_reason(command.reason)
    if isinstance(schedule, Scheduled) and (
        (schedule.instalments, schedule.reason) == (command.instalments, reason)
    ):
        return []  # told twice
    document = payable(command.document)
    check(command.instalments, document)
    return [
        PaymentsScheduled(
            document.company_id,
            document.tran_id,
            document.cust_id,
            document.curr_id,
            document.home_curr_id,
            command.business_date,
            with_home_amounts(command.instalments, document),
            document.due_date,
            document.amount,
            document.amount_hc,
            reason,
        )
    ]


def checked_reason(reason: str | None) -> str | None:
    """Return the reason without the space around it; None if there is none."""
    text = (reason or "").strip()
    if not can_be_kept(text):
        raise Refused("schedule_reason_not_text", "A reason is plain text.", "reason")
    if len(text) > REASON_CHARACTERS_MAX:
        raise Refused(
            "schedule_reason_too_long",
            f"A reason has at most {REASON_CHARACTERS_MAX} characters.",
            "reason",
        )
    return text or None


def payable(document: DocumentFacts | None) -> DocumentFacts:
    """Return the document if something is to be paid of it."""
    if document is None:
        raise Refused("invoice_unknown", "There is no such invoice.", "tranId")
    if document.closed_on is not None:
        raise Refused(
            "invoice_closed",
            f"{document.tran_id} is closed; there is nothing left to schedule.",
            "tranId",
        )
    if document.balance <= 0:
        raise Refused(
            "schedule_nothing_to_pay",
            f"{document.tran_id} is a credit: there is nothing to pay of it.",
            "tranId",
        )
    return document


def check(instalments: Sequence[PlannedInstalment], document: DocumentFacts) -> None:
    """Refuse instalments that are no schedule of the document's open balance."""
    if len(instalments) < INSTALMENTS_MIN:
        raise _refused("too_few", f"A schedule has at least {INSTALMENTS_MIN} instalments.")
    if len(instalments) > INSTALMENTS_MAX:
        raise _refused("too_many", f"A schedule has at most {INSTALMENTS_MAX} instalments.")
    if any(one.amount <= 0 for one in instalments):
        raise _refused("amount_not_positive", "Every instalment is more than nothing.")
    if instalments[0].due_date < document.tran_date:
        raise _refused(
            "due_before_document",
            f"No instalment is due before the date of the document, {document.tran_date}.",
        )
    if any(later.due_date <= one.due_date for one, later in pairwise(instalments)):
        raise _refused("dates_not_rising", "Every instalment is due later than the one before.")
    currency = document.curr_id
    *earlier, last = (one.amount for one in instalments)
    for amount in earlier:
        if rounded(amount, currency) != amount:
            raise _refused(
                "amount_too_fine",
                f"{amount:f} {iso_code(currency)} is no amount that can be paid.",
            )
    if last != document.balance - sum(earlier, ZERO):
        scheduled = money_text(sum(earlier, last), currency)
        owed = money_text(document.balance, currency)
        raise _refused(
            "does_not_sum",
            f"The instalments sum to {scheduled} {iso_code(currency)}, but {owed}"
            f" {iso_code(currency)} is open.",
        )


def _refused(code: str, message: str) -> Refused:
    return Refused(f"schedule_{code}", message, "instalments")


def with_home_amounts(
    instalments: Sequence[PlannedInstalment], document: DocumentFacts
) -> tuple[Instalment, ...]:
    """Return the instalments with their shares of the balance in home currency.

    Shares are differences of rounded running totals, at the rate at which the balance stands in
    home currency, and the last takes the rest: so they sum to it exactly and none falls below
    zero, however small the instalments.
    """
    found: list[Instalment] = []
    total = total_hc = ZERO
    for number, one in enumerate(instalments, 1):
        total += one.amount
        until_hc = document.balance_hc
        if number < len(instalments):
            until_hc = rounded(
                document.balance_hc * total / document.balance, document.home_curr_id
            )
        found.append(Instalment(one.due_date, one.amount, until_hc - total_hc))
        total_hc = until_hc
    return tuple(found)


def rests_after(amounts: Sequence[Decimal]) -> list[Decimal]:
    """Return, for each instalment, the sum of those after it."""
    rests: list[Decimal] = []
    rest = ZERO
    for amount in reversed(amounts):
        rests.append(rest)
        rest += amount
    return rests[::-1]


def open_parts(balance: Decimal, amounts: Sequence[Decimal]) -> list[Decimal]:
    """Return what is open of each instalment when `balance` is open of the document (G3).

    Payments pay the earliest first, so the balance is that of the last ones. What it is beyond
    all of them (the document has become larger) is due with the first, and so is a credit.
    """
    parts = [
        min(max(balance - rest, ZERO), amount)
        for amount, rest in zip(amounts, rests_after(amounts), strict=True)
    ]
    return [balance - sum(parts[1:], ZERO), *parts[1:]]


PAYMENT_SCHEDULE: Decider[PaymentSchedule, PaymentScheduleCommand, PaymentScheduleEvent] = Decider(
    category="payment_schedule",
    events=(PaymentsScheduled, PaymentScheduleCancelled),
    initial=NotScheduled(),
    evolve=evolve,
    decide=decide,
)
