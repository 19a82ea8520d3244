"""A reason code on a document that need not be disputed (DSP-07): a tag with a date.

Untagged --set--> Tagged --set another--> Tagged, anew
    ^                |
    +---- clear -----+
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.facts import DocumentFacts, ReasonCodeFacts
from domain.shared.reasons import usable

# Events: stored for ever under these names and fields. Add, never rename.


class InvoiceReasonSet(Event, frozen=True, omit_defaults=True, gc=False):
    """The document was tagged with a reason code, in place of one that it had (DSP-04)."""

    company_id: str
    tran_id: str
    reason_code: str
    code_date: date

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date of the tag."""
        return self.code_date


class InvoiceReasonCleared(Event, frozen=True, omit_defaults=True, gc=False):
    """The document's tag was taken off."""

    company_id: str
    tran_id: str
    cleared_on: date

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the date on which it was taken off."""
        return self.cleared_on


InvoiceReasonEvent: TypeAlias = InvoiceReasonSet | InvoiceReasonCleared


# Commands. What they know of the document and of the code comes with them.


class SetInvoiceReason(Struct, frozen=True, gc=False):
    """Tag a document with a reason code."""

    reason_code: str
    business_date: date
    invoice: DocumentFacts | None = None
    reason: ReasonCodeFacts | None = None

    def knowing(self, facts: Sequence[Any]) -> "SetInvoiceReason":
        """Return the command that knows the document and the code."""
        invoice, reason = facts
        return replace(self, invoice=invoice, reason=reason)


class ClearInvoiceReason(Struct, frozen=True, gc=False):
    """Take a document's tag off."""

    business_date: date
    invoice: DocumentFacts | None = None

    def knowing(self, facts: Sequence[Any]) -> "ClearInvoiceReason":
        """Return the command that knows the document."""
        (invoice,) = facts
        return replace(self, invoice=invoice)


InvoiceReasonCommand: TypeAlias = SetInvoiceReason | ClearInvoiceReason


# State: only what decisions need.


class Untagged(Struct, frozen=True):
    """The document has no tag."""


class Tagged(Struct, frozen=True, gc=False):
    """The document has a tag."""

    reason_code: str


InvoiceReason: TypeAlias = Untagged | Tagged


def evolve(tag: InvoiceReason, event: InvoiceReasonEvent) -> InvoiceReason:
    """Remember `event`."""
    match tag, event:
        case _, InvoiceReasonSet(reason_code=reason_code):
            return Tagged(reason_code)
        case Tagged(), InvoiceReasonCleared():
            return Untagged()
        case _:
            raise ImpossibleHistory(f"{event} after {tag}")


def decide(command: InvoiceReasonCommand, tag: InvoiceReason) -> Sequence[InvoiceReasonEvent]:
    """Return the facts that `command` adds."""
    invoice = command.invoice
    if invoice is None:
        raise Refused("invoice_unknown", "There is no such invoice.", "tranId")
    company_id, tran_id, today = invoice.company_id, invoice.tran_id, command.business_date
    match tag, command:
        case Tagged(reason_code), SetInvoiceReason(wanted) if reason_code == wanted:
            return []  # tagged so already
        case _, SetInvoiceReason(wanted, reason=reason):
            return [InvoiceReasonSet(company_id, tran_id, usable(wanted, reason), today)]
        case Tagged(), ClearInvoiceReason():
            return [InvoiceReasonCleared(company_id, tran_id, today)]
        case Untagged(), ClearInvoiceReason():
            return []  # no tag already


INVOICE_REASON: Decider[InvoiceReason, InvoiceReasonCommand, InvoiceReasonEvent] = Decider(
    category="invoice_reason",
    events=(InvoiceReasonSet, InvoiceReasonCleared),
    initial=Untagged(),
    evolve=evolve,
    decide=decide,
)
