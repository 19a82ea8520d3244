"""A dispute: what a customer contests of one document, and why (DSP-01 to DSP-06).

    NotOpened --open--> Open --change--> Open
                         |  ^
                     close  reopen
                         v  |
                        Closed

Closing it resolves no issue and closes no document [C26]. What is changed of it, the reason code
aside, holds from the dispute's date on, as a correction of a document does. Reopening takes the
closing back: as known from then on, it was never closed.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from domain.shared.currency import money_text, rounded
from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.facts import ActivityFacts, DocumentFacts, ReasonCodeFacts
from domain.shared.on_account import require_activity
from domain.shared.reasons import usable
from domain.shared.text import cleaned

NOTE_CHARACTERS_MAX = 10_000
OUTCOME_CHARACTERS_MAX = 200
ACTIVITY_ID_CHARACTERS_MAX = 200

CREDIT_MEMO = "CM"
"""The ERP's type of a document that asks for nothing, so that nothing of it can be disputed."""


# Events: stored for ever under these names and fields. Add, never rename.


class DisputeOpened(Event, frozen=True, omit_defaults=True, gc=False):
    """A customer contests a part of a document, or all of it, since the dispute's date.

    `amount` is in the document's currency, `amount_hc` its share of the home currency at the
    document's booked rate. `cust_id` is the account that the document is on. `opened_on` is the
    business date on which it was told, `code_date` the one on which a reason was given (DSP-04),
    `user_id` who told it, as the log names them.
    """

    dispute_id: str
    company_id: str
    tran_id: str
    cust_id: str
    amount: Decimal
    amount_hc: Decimal
    curr_id: str
    home_curr_id: str
    dispute_date: date
    opened_on: date
    user_id: str
    reason_code: str | None = None
    code_date: date | None = None
    exclude_aging: bool = False
    note: str | None = None
    activity_id: str | None = None

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the dispute's date."""
        return self.dispute_date


class DisputeAmountChanged(Event, frozen=True, omit_defaults=True, gc=False):
    """Another amount is contested, from the dispute's date on."""

    amount: Decimal
    amount_hc: Decimal


class DisputeReasonSet(Event, frozen=True, omit_defaults=True, gc=False):
    """Another reason was given on a date; both are None if the reason was taken off."""

    reason_code: str | None = None
    code_date: date | None = None


class DisputeExclusionChanged(Event, frozen=True, omit_defaults=True, gc=False):
    """The amount is left out of aging and rules, or is not, from the dispute's date on (DSP-10)."""

    exclude_aging: bool


class DisputeNoteChanged(Event, frozen=True, omit_defaults=True, gc=False):
    """Another text tells the dispute; None if there is none any more."""

    note: str | None = None


class DisputeClosed(Event, frozen=True, omit_defaults=True, gc=False):
    """The dispute is settled as of a date (DSP-06); `outcome` says how, in the site's own words."""

    closed_on: date
    outcome: str | None = None
    note: str | None = None

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the closing date."""
        return self.closed_on


class DisputeReopened(Event, frozen=True, omit_defaults=True, gc=False):
    """The closing was taken back."""


DisputeEvent: TypeAlias = (
    DisputeOpened
    | DisputeAmountChanged
    | DisputeReasonSet
    | DisputeExclusionChanged
    | DisputeNoteChanged
    | DisputeClosed
    | DisputeReopened
)


# Commands. What they know of the document and of a reason code comes with them.


class OpenDispute(Struct, frozen=True, gc=False):
    """Contest a part of a document. `dispute_id` is new for each dispute."""

    dispute_id: str
    amount: Decimal
    dispute_date: date
    user_id: str
    business_date: date
    reason_code: str | None = None
    exclude_aging: bool = False
    note: str | None = None
    activity_id: str | None = None
    invoice: DocumentFacts | None = None
    reason: ReasonCodeFacts | None = None
    activity: ActivityFacts | None = None

    def knowing(self, facts: Sequence[Any]) -> "OpenDispute":
        """Return the command that knows the document, and reason code and activity if given."""
        return _knowing(self, facts)


class ChangeDispute(Struct, frozen=True, gc=False):
    """Change what is given; a reason code or a note of None is taken off."""

    business_date: date
    amount: Decimal | UnsetType = UNSET
    reason_code: str | UnsetType | None = UNSET
    exclude_aging: bool | UnsetType = UNSET
    note: str | UnsetType | None = UNSET
    invoice: DocumentFacts | None = None
    reason: ReasonCodeFacts | None = None

    def knowing(self, facts: Sequence[Any]) -> "ChangeDispute":
        """Return the command that knows the document and the reason code, as far as it asks."""
        return _knowing(self, facts)


class CloseDispute(Struct, frozen=True, gc=False):
    """Settle the dispute as of a date."""

    closed_on: date
    business_date: date
    outcome: str | None = None
    note: str | None = None


class ReopenDispute(Struct, frozen=True, gc=False):
    """Take the closing back."""

    invoice: DocumentFacts | None = None

    def knowing(self, facts: Sequence[Any]) -> "ReopenDispute":
        """Return the command that knows the document."""
        return _knowing(self, facts)


DisputeCommand: TypeAlias = OpenDispute | ChangeDispute | CloseDispute | ReopenDispute


def _knowing(command: Any, facts: Sequence[Any]) -> Any:
    """Return the command with facts by what they are of, whichever it asked for."""
    for one in facts:
        match one:
            case DocumentFacts():
                command = replace(command, invoice=one)
            case ReasonCodeFacts():
                command = replace(command, reason=one)
            case ActivityFacts():
                command = replace(command, activity=one)
            case _:
                pass  # nothing is known of it
    return command


# State: only what decisions need.


class NotOpened(Struct, frozen=True):
    """There is no such dispute."""


class Open(Struct, frozen=True, gc=False):
    """The customer contests it: how it was opened, and what has changed since."""

    opened: DisputeOpened
    amount: Decimal
    reason_code: str | None
    exclude_aging: bool
    note: str | None


class Closed(Struct, frozen=True, gc=False):
    """The dispute is settled."""

    dispute: Open
    closing: DisputeClosed


Dispute: TypeAlias = NotOpened | Open | Closed


def evolve(dispute: Dispute, event: DisputeEvent) -> Dispute:
    """Remember `event`."""
    match dispute, event:
        case NotOpened(), DisputeOpened():
            return Open(event, event.amount, event.reason_code, event.exclude_aging, event.note)
        case Open(), DisputeAmountChanged(amount):
            return replace(dispute, amount=amount)
        case Open(), DisputeReasonSet(reason_code):
            return replace(dispute, reason_code=reason_code)
        case Open(), DisputeExclusionChanged(exclude_aging):
            return replace(dispute, exclude_aging=exclude_aging)
        case Open(), DisputeNoteChanged(note):
            return replace(dispute, note=note)
        case Open(), DisputeClosed():
            return Closed(dispute, event)
        case Closed(), DisputeReopened():
            return dispute.dispute
        case _:
            raise ImpossibleHistory(f"{event} after {dispute}")


def decide(command: DisputeCommand, dispute: Dispute) -> Sequence[DisputeEvent]:
    """Return the facts that `command` adds."""
    match dispute, command:
        case NotOpened(), OpenDispute():
            return [open_anew(command)]
        case Open(opened) | Closed(Open(opened)), OpenDispute():
            return open_again(command, opened)
        case NotOpened(), _:
            raise Refused("dispute_unknown", "There is no such dispute.", "disputeId")
        case Open(), ChangeDispute():
            return change(command, dispute)
        case Closed(before), ChangeDispute():
            if differing(command, before):
                raise Refused("dispute_closed", "The dispute is closed; reopen it first.")
            return []  # so already
        case Open(), CloseDispute():
            return [closing(command, dispute)]
        case Closed(before, closed), CloseDispute():
            if closing(command, before) == closed:
                return []  # told twice
            raise Refused("dispute_closed", "The dispute was closed in another way already.")
        case Closed(), ReopenDispute():
            disputable(command.invoice)
            return [DisputeReopened()]
        case Open(), ReopenDispute():
            return []  # open already


def open_anew(command: OpenDispute) -> DisputeOpened:
    """Open a dispute of a document that is open."""
    invoice, today = disputable(command.invoice), command.business_date
    amount, amount_hc = contested(command.amount, invoice)
    if command.dispute_date > today:
        raise Refused("dispute_date_future", "A dispute's date may not lie ahead.", "disputeDate")
    if command.dispute_date < invoice.tran_date:
        raise Refused(
            "dispute_date_before_invoice",
            f"A dispute cannot begin before its invoice's date, {invoice.tran_date}.",
            "disputeDate",
        )
    activity_id = referred(command.activity_id)
    if activity_id is not None:
        require_activity(invoice.company_id, invoice.cust_id, command.activity)
    code = command.reason_code
    return DisputeOpened(
        command.dispute_id,
        invoice.company_id,
        invoice.tran_id,
        invoice.cust_id,
        amount,
        amount_hc,
        invoice.curr_id,
        invoice.home_curr_id,
        command.dispute_date,
        today,
        command.user_id,
        reason_code=None if code is None else usable(code, command.reason),
        code_date=None if code is None else today,
        exclude_aging=command.exclude_aging,
        note=noted(command.note),
        activity_id=activity_id,
    )


def open_again(command: OpenDispute, opened: DisputeOpened) -> Sequence[DisputeEvent]:
    """Do nothing for who opens it twice; another dispute needs another id."""
    invoice = command.invoice
    told = (
        None if invoice is None else (invoice.company_id, invoice.tran_id),
        command.amount,
        command.dispute_date,
        command.reason_code,
        command.exclude_aging,
        noted(command.note),
        referred(command.activity_id),
    )
    known = (
        (opened.company_id, opened.tran_id),
        opened.amount,
        opened.dispute_date,
        opened.reason_code,
        opened.exclude_aging,
        opened.note,
        opened.activity_id,
    )
    if told == known:
        return []
    raise Refused("dispute_exists", "There is a dispute under this id already.")


def disputable(invoice: DocumentFacts | None) -> DocumentFacts:
    """Return the document, if something of it can be disputed."""
    if invoice is None:
        raise Refused("invoice_unknown", "There is no such invoice.", "tranId")
    if invoice.amount < 0 or invoice.type == CREDIT_MEMO:
        raise Refused(
            "credit_not_disputable", "A credit memo asks for nothing to dispute.", "tranId"
        )
    if invoice.closed_on is not None:
        raise Refused("invoice_closed", "Nothing is open of this invoice.", "tranId")
    return invoice


def contested(amount: Decimal, invoice: DocumentFacts) -> tuple[Decimal, Decimal]:
    """Return an amount that may be disputed, and its share in home currency.

    The share is taken at the document's booked rate. It is never more than what is open in home
    currency, and just that for the whole balance.
    """
    if amount <= 0:
        raise Refused(
            "dispute_amount_not_positive", "A disputed amount is more than zero.", "amount"
        )
    if amount > invoice.balance:
        raise Refused(
            "dispute_amount_too_large",
            f"Of this invoice only {money_text(invoice.balance, invoice.curr_id)} are open.",
            "amount",
        )
    if amount == invoice.balance:
        return amount, invoice.balance_hc
    if amount != rounded(amount, invoice.curr_id):
        raise Refused(
            "dispute_amount_too_fine",
            f"There is no such amount of {invoice.curr_id}: it has too many decimals.",
            "amount",
        )
    if invoice.curr_id == invoice.home_curr_id or not invoice.amount:
        share = amount
    else:
        share = rounded(invoice.amount_hc * amount / invoice.amount, invoice.home_curr_id)
    return amount, min(share, invoice.balance_hc)


def differing(command: ChangeDispute, dispute: Open) -> set[str]:
    """Return the names of what would change."""
    note = command.note
    if note is not UNSET:
        note = noted(note)
    wanted = {
        "amount": (command.amount, dispute.amount),
        "reason_code": (command.reason_code, dispute.reason_code),
        "exclude_aging": (command.exclude_aging, dispute.exclude_aging),
        "note": (note, dispute.note),
    }
    return {name for name, (new, old) in wanted.items() if new is not UNSET and new != old}


def change(command: ChangeDispute, dispute: Open) -> Sequence[DisputeEvent]:
    """Change what differs, if all of it may be."""
    differs = differing(command, dispute)
    events: list[DisputeEvent] = []
    if "amount" in differs:
        assert command.amount is not UNSET
        events.append(DisputeAmountChanged(*contested(command.amount, disputable(command.invoice))))
    if "reason_code" in differs:
        code = command.reason_code
        if isinstance(code, str):
            code = usable(code, command.reason)
            events.append(DisputeReasonSet(code, command.business_date))
        else:
            events.append(DisputeReasonSet())
    if "exclude_aging" in differs:
        assert command.exclude_aging is not UNSET
        events.append(DisputeExclusionChanged(command.exclude_aging))
    if "note" in differs:
        assert command.note is not UNSET
        events.append(DisputeNoteChanged(noted(command.note)))
    return events


def closing(command: CloseDispute, dispute: Open) -> DisputeClosed:
    """Return how the dispute is closed."""
    if command.closed_on > command.business_date:
        raise Refused("closing_date_future", "A closing date may not lie ahead.", "closedDate")
    if command.closed_on < dispute.opened.dispute_date:
        raise Refused(
            "closing_date_before_dispute",
            f"A dispute cannot end before its date, {dispute.opened.dispute_date}.",
            "closedDate",
        )
    return DisputeClosed(
        command.closed_on,
        optional(command.outcome, "outcome", "outcome", OUTCOME_CHARACTERS_MAX),
        noted(command.note),
    )


def noted(text: str | None) -> str | None:
    """Return a note, or None if it says nothing."""
    return optional(text, "note", "note", NOTE_CHARACTERS_MAX)


def referred(activity_id: str | None) -> str | None:
    """Return the id of an activity, or None if there is none."""
    return optional(activity_id, "activity_id", "activityId", ACTIVITY_ID_CHARACTERS_MAX)


def optional(text: str | None, name: str, field: str, characters_max: int) -> str | None:
    """Return text without the space around it; None if nothing is left."""
    return None if text is None else cleaned(text, name, field, characters_max) or None


DISPUTE: Decider[Dispute, DisputeCommand, DisputeEvent] = Decider(
    category="dispute",
    events=(
        DisputeOpened,
        DisputeAmountChanged,
        DisputeReasonSet,
        DisputeExclusionChanged,
        DisputeNoteChanged,
        DisputeClosed,
        DisputeReopened,
    ),
    initial=NotOpened(),
    evolve=evolve,
    decide=decide,
)
