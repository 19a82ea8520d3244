r"""An expected payment, and with the flag a promise to pay: what a customer is to pay by a date.

    NotRecorded --record--> Open --judge--> Settled: kept, broken or missed
                             |  \--withdraw--> Withdrawn
                             +--confirm--> Open, promised

An expected payment becomes a promise when the customer commits to it (PRM-02). It is judged by the
dates of payments, not by the day of judging: payments to all its invoices together (G15) that are
dated from the day on which it was made to the expected date. Only a promise can be broken (PRM-10).
An outcome stands; what becomes known later and speaks against it is recorded beside it.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.receipts import Receipt, by_date, completed_on, counted, in_order, total
from domain.shared.currency import is_currency, iso_code
from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.facts import AccountFacts, ActivityFacts, DocumentFacts
from domain.shared.on_account import require_account, require_activity
from domain.shared.text import can_be_kept

TEXT_CHARACTERS_MAX = 10_000
"""Characters of a note or a reason at most."""

INVOICES_MAX = 500
"""Invoices under one promise at most."""


# Events: stored for ever under these names and fields. Add, never rename.


class ExpectedPaymentRecorded(Event, frozen=True, omit_defaults=True, gc=False):
    """A payment is expected of an account, by what a user made of a conversation (PRM-01).

    `promise` says that the customer committed to it. `user_id` is who looks after it, and
    `activity_id` the conversation.
    """

    promise_id: str
    company_id: str
    cust_id: str
    amount: Decimal
    curr_id: str
    expect_date: date
    made_on: date
    tran_ids: tuple[str, ...] = ()
    promise: bool = False
    note: str | None = None
    user_id: str | None = None
    activity_id: str | None = None


class PromiseConfirmed(Event, frozen=True, omit_defaults=True, gc=False):
    """The customer committed to the expected payment: it is a promise from now on (PRM-02)."""

    confirmed_on: date


class PromiseWithdrawn(Event, frozen=True, omit_defaults=True, gc=False):
    """It no longer stands, and is not judged."""

    reason: str
    withdrawn_on: date


class PromiseReceiptCounted(Event, frozen=True, omit_defaults=True, gc=False):
    """Money came in that counts towards it, in time or late."""

    receipt: Receipt

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the payment's date."""
        return self.receipt.dated


class PromiseReceiptDropped(Event, frozen=True, omit_defaults=True, gc=False):
    """A receipt no longer counts: it turned out void, or others had paid it all before."""

    receipt: Receipt

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the payment's date."""
        return self.receipt.dated


class PromiseKept(Event, frozen=True, omit_defaults=True, gc=False):
    """The amount was received in time; `kept_on` is the payment date that completed it."""

    kept_on: date
    received_in_time: Decimal

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date on which it was kept."""
        return self.kept_on


class PromiseBroken(Event, frozen=True, omit_defaults=True, gc=False):
    """The amount was not received in time (PRM-08); `broken_on` is the day after that date."""

    broken_on: date
    received_in_time: Decimal

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the day from which it is broken, whenever that was found."""
        return self.broken_on


class ExpectedPaymentMissed(Event, frozen=True, omit_defaults=True, gc=False):
    """The amount was not received in time, but nobody had promised it (PRM-10)."""

    missed_on: date
    received_in_time: Decimal

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the day from which it is missed, whenever that was found."""
        return self.missed_on


class PromiseOutcomeContradicted(Event, frozen=True, omit_defaults=True, gc=False):
    """Payments as they are known by now speak against the outcome, which stands."""

    received_in_time: Decimal


class PromiseOutcomeUpheld(Event, frozen=True, omit_defaults=True, gc=False):
    """Payments as they are known by now no longer speak against the outcome."""

    received_in_time: Decimal


PromiseEvent: TypeAlias = (
    ExpectedPaymentRecorded
    | PromiseConfirmed
    | PromiseWithdrawn
    | PromiseReceiptCounted
    | PromiseReceiptDropped
    | PromiseKept
    | PromiseBroken
    | ExpectedPaymentMissed
    | PromiseOutcomeContradicted
    | PromiseOutcomeUpheld
)


# Commands.


class RecordExpectedPayment(Struct, frozen=True, gc=False):
    """Expect a payment of an account, for the named invoices or for none.

    `curr_id` None is the invoices' currency. What is known of the account, the activity and the
    invoices is put in by `knowing`.
    """

    promise_id: str
    company_id: str
    cust_id: str
    amount: Decimal
    expect_date: date
    business_date: date
    curr_id: str | None = None
    tran_ids: tuple[str, ...] = ()
    promise: bool = False
    note: str | None = None
    user_id: str | None = None
    activity_id: str | None = None
    account: AccountFacts | None = None
    activity: ActivityFacts | None = None
    documents: tuple[DocumentFacts | None, ...] = ()

    def knowing(self, facts: Sequence[Any]) -> "RecordExpectedPayment":
        """Return the command that knows account, activity if one is named, and documents."""
        account, *rest = facts
        activity = None if self.activity_id is None else rest.pop(0)
        return replace(self, account=account, activity=activity, documents=tuple(rest))


class ConfirmPromise(Struct, frozen=True, gc=False):
    """Make an expected payment a promise."""

    business_date: date


class WithdrawPromise(Struct, frozen=True, gc=False):
    """Let it stand no longer."""

    reason: str
    business_date: date


class JudgePromise(Struct, frozen=True, gc=False):
    """Take over what was received, and judge by it on a business date.

    `receipts` are all there are since the promise was made, as far as they are known.
    """

    receipts: tuple[Receipt, ...]
    business_date: date


PromiseCommand: TypeAlias = RecordExpectedPayment | ConfirmPromise | WithdrawPromise | JudgePromise


# State: only what decisions need.


class NotRecorded(Struct, frozen=True):
    """Nothing is expected."""


class Open(Struct, frozen=True, gc=False):
    """It is awaited; `receipts` count towards it."""

    recorded: ExpectedPaymentRecorded
    promised: bool
    receipts: frozenset[Receipt] = frozenset()


class Settled(Struct, frozen=True, gc=False):
    """It is judged: kept or not; `contradicted` says that payments speak against that."""

    recorded: ExpectedPaymentRecorded
    promised: bool
    receipts: frozenset[Receipt]
    kept: bool
    contradicted: bool = False


class Withdrawn(Struct, frozen=True, gc=False):
    """It stands no longer."""

    recorded: ExpectedPaymentRecorded
    reason: str


Promise: TypeAlias = NotRecorded | Open | Settled | Withdrawn


def evolve(promise: Promise, event: PromiseEvent) -> Promise:
    """Remember `event`."""
    match promise, event:
        case NotRecorded(), ExpectedPaymentRecorded(promise=promised):
            return Open(event, promised)
        case Open(), PromiseConfirmed():
            return replace(promise, promised=True)
        case Open(recorded), PromiseWithdrawn(reason):
            return Withdrawn(recorded, reason)
        case Open() | Settled(), PromiseReceiptCounted(receipt):
            return replace(promise, receipts=promise.receipts | {receipt})
        case Open() | Settled(), PromiseReceiptDropped(receipt):
            return replace(promise, receipts=promise.receipts - {receipt})
        case Open(recorded, promised, receipts), PromiseKept():
            return Settled(recorded, promised, receipts, kept=True)
        case Open(recorded, promised, receipts), PromiseBroken() | ExpectedPaymentMissed():
            return Settled(recorded, promised, receipts, kept=False)
        case Settled(), PromiseOutcomeContradicted():
            return replace(promise, contradicted=True)
        case Settled(), PromiseOutcomeUpheld():
            return replace(promise, contradicted=False)
        case _:
            raise ImpossibleHistory(f"{event} after {promise}")


def decide(command: PromiseCommand, promise: Promise) -> Sequence[PromiseEvent]:
    """Return the facts that `command` adds."""
    match promise, command:
        case NotRecorded(), RecordExpectedPayment():
            return [record(command)]
        case _, RecordExpectedPayment():
            return recorded_already(command, promise)
        case Open(), ConfirmPromise():
            return confirm(command, promise)
        case Open(), WithdrawPromise():
            return withdraw(command, promise)
        case Withdrawn(reason=reason), WithdrawPromise() if command.reason.strip() == reason:
            return []  # told twice
        case Open(), JudgePromise():
            return judge(command, promise)
        case Settled(), JudgePromise():
            return judge_again(command, promise)
        case (Settled(promised=True), ConfirmPromise()) | (Withdrawn(), JudgePromise()):
            return []  # it is a promise already, or stands no longer
        case NotRecorded(), _:
            raise Refused(
                "promise_unknown", "There is no such promise or expected payment.", "promiseId"
            )
        case _:
            raise Refused(
                "promise_settled",
                "It is no longer open: it was kept, broken, missed or withdrawn.",
                "promiseId",
            )


def record(command: RecordExpectedPayment) -> ExpectedPaymentRecorded:
    """Record a new expected payment."""
    require_account(command.account)
    if command.amount <= 0:
        raise Refused("promise_amount_not_positive", "More than zero is expected.", "amount")
    if command.expect_date < command.business_date:
        raise Refused(
            "promise_date_past",
            "The date is past: a payment is expected today or later.",
            "expectDate",
        )
    check_invoices(command)
    for reference, field in ((command.user_id, "userId"), (command.activity_id, "activityId")):
        if not can_be_kept(reference or ""):
            raise Refused("promise_reference_not_text", "An id is plain text.", field)
    if command.activity_id is not None:
        require_activity(command.company_id, command.cust_id, command.activity)
    return recording(command)


def check_invoices(command: RecordExpectedPayment) -> None:
    """Refuse invoices that nobody can promise to pay together."""
    if len(command.tran_ids) > INVOICES_MAX:
        raise Refused(
            "promise_invoices_too_many",
            f"A promise covers at most {INVOICES_MAX} invoices.",
            "tranIds",
        )
    if len(set(command.tran_ids)) < len(command.tran_ids):
        raise Refused("promise_invoice_repeated", "An invoice is named twice.", "tranIds")
    for tran_id, document in zip(command.tran_ids, command.documents, strict=True):
        if document is None:
            raise Refused("invoice_unknown", f"There is no invoice {tran_id}.", "tranIds")
        if document.cust_id != command.cust_id:
            raise Refused(
                "promise_invoice_of_other_account",
                f"Invoice {tran_id} is on another account.",
                "tranIds",
            )
        if document.closed_on is not None:
            raise Refused("promise_invoice_closed", f"Invoice {tran_id} is closed.", "tranIds")
        if iso_code(document.curr_id) != iso_code(currency(command)):
            raise Refused(
                "promise_currency_differs",
                f"Invoice {tran_id} is in {document.curr_id}, another currency than is expected.",
                "currId",
            )
    if not is_currency(currency(command)):
        raise Refused("promise_currency_unknown", "It needs a currency that exists.", "currId")


def currency(command: RecordExpectedPayment) -> str:
    """Return the currency that is meant, as the ERP writes it on the first invoice if it can."""
    first = command.documents[0] if command.documents else None
    if first is not None and (
        command.curr_id is None or iso_code(first.curr_id) == iso_code(command.curr_id)
    ):
        return first.curr_id
    return command.curr_id or ""


def recording(command: RecordExpectedPayment) -> ExpectedPaymentRecorded:
    """Return the fact that a command stands for if nothing is wrong with it."""
    return ExpectedPaymentRecorded(
        command.promise_id,
        command.company_id,
        command.cust_id,
        command.amount,
        currency(command),
        command.expect_date,
        command.business_date,
        command.tran_ids,
        command.promise,
        checked_text(command.note or "", "note") or None,
        command.user_id,
        command.activity_id,
    )


def recorded_already(
    command: RecordExpectedPayment, promise: Open | Settled | Withdrawn
) -> Sequence[PromiseEvent]:
    """Add nothing to what is known if it is told again, on whichever day."""
    known = promise.recorded
    if replace(recording(command), made_on=known.made_on) == known:
        return []
    raise Refused("promise_exists", "Another was recorded under this id.", "idempotencyKey")


def checked_text(text: str, name: str) -> str:
    """Return a text without the space around it.

    Raises:
        Refused: if it cannot be kept.
    """
    text = text.strip()
    if not can_be_kept(text):
        raise Refused(
            f"{name}_not_text", f"A {name} is plain text, without control characters.", name
        )
    if len(text) > TEXT_CHARACTERS_MAX:
        raise Refused(
            f"{name}_too_long", f"A {name} has at most {TEXT_CHARACTERS_MAX} characters.", name
        )
    return text


def confirm(command: ConfirmPromise, promise: Open) -> Sequence[PromiseEvent]:
    """Make an expected payment a promise, once."""
    if promise.promised:
        return []  # it is a promise already
    refuse_past(command.business_date, promise)
    return [PromiseConfirmed(command.business_date)]


def withdraw(command: WithdrawPromise, promise: Open) -> Sequence[PromiseEvent]:
    """Withdraw it for a reason."""
    reason = checked_text(command.reason, "reason")
    if not reason:
        raise Refused("reason_empty", "Say why it is withdrawn.", "reason")
    refuse_past(command.business_date, promise)
    return [PromiseWithdrawn(reason, command.business_date)]


def refuse_past(business_date: date, promise: Open) -> None:
    """Refuse to change what only waits to be judged: its date has passed."""
    if business_date > promise.recorded.expect_date:
        raise Refused(
            "promise_date_past", "Its date has passed: the next sync judges it.", "promiseId"
        )


def judge(command: JudgePromise, promise: Open) -> Sequence[PromiseEvent]:
    """Count what was received and settle it: when the amount is there, or its date has passed."""
    known = received(command, promise)
    events = counting(known, promise)
    expected = promise.recorded
    in_time = by_date(known, expected.expect_date)
    amount = total(in_time)
    kept_on = completed_on(in_time, expected.amount)
    if kept_on is not None:
        events.append(PromiseKept(kept_on, amount))
    elif command.business_date > expected.expect_date:
        on = expected.expect_date + timedelta(days=1)
        settled = PromiseBroken if promise.promised else ExpectedPaymentMissed
        events.append(settled(on, amount))
    return events


def judge_again(command: JudgePromise, promise: Settled) -> Sequence[PromiseEvent]:
    """Count what became known since, and say whether it speaks against the outcome."""
    known = received(command, promise)
    events = counting(known, promise)
    expected = promise.recorded
    amount = total(by_date(known, expected.expect_date))
    contradicted = (amount >= expected.amount) != promise.kept
    if contradicted and not promise.contradicted:
        events.append(PromiseOutcomeContradicted(amount))
    elif promise.contradicted and not contradicted:
        events.append(PromiseOutcomeUpheld(amount))
    return events


def received(command: JudgePromise, promise: Open | Settled) -> list[Receipt]:
    """Return what was received since it was made, as known on the business date.

    Payments dated after that date have not come yet; those that a judgement of a later date
    counted stay counted.
    """
    since, until = promise.recorded.made_on, command.business_date
    told = {
        one.receipt_id: one
        for one in command.receipts
        if one.amount and since <= one.dated <= until
    }
    later = [one for one in promise.receipts if one.dated > until and one.receipt_id not in told]
    return [*told.values(), *later]


def counting(known: Sequence[Receipt], promise: Open | Settled) -> list[PromiseEvent]:
    """Return how the receipts that count differ from those that did."""
    now = counted(known, promise.recorded.amount)
    return [
        *(PromiseReceiptDropped(one) for one in in_order(promise.receipts - now)),
        *(PromiseReceiptCounted(one) for one in in_order(now - promise.receipts)),
    ]


PROMISE: Decider[Promise, PromiseCommand, PromiseEvent] = Decider(
    category="promise",
    events=(
        ExpectedPaymentRecorded,
        PromiseConfirmed,
        PromiseWithdrawn,
        PromiseReceiptCounted,
        PromiseReceiptDropped,
        PromiseKept,
        PromiseBroken,
        ExpectedPaymentMissed,
        PromiseOutcomeContradicted,
        PromiseOutcomeUpheld,
    ),
    initial=NotRecorded(),
    evolve=evolve,
    decide=decide,
)
