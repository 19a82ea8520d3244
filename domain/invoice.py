"""A document of the ERP on an account: an invoice, a credit memo or any other type it defines.

    NotRegistered --import--> Registered --apply, reconcile--> Registered, closed
                                  ^                                    |
                                  +------------- reopen ---------------+

The ERP owns it (INV-05): commands carry what an export says, and the decider turns the
difference to what is known into facts. The balance at a date is the amount from the effective
start on, less the payments applied by that date, less what the ERP's balance lowered without
naming a payment (`Unexplained`). Corrections of the document hold from its effective start on:
as known now it was always so; as known before, it still is what it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.balance_changes import (
    ZERO,
    Applied,
    Unexplained,
    moved_to_closing,
    post_dated,
    total,
    withdraw,
)
from domain.shared.currency import rounded
from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.facts import DocumentFacts


class InvoiceDocument(Struct, frozen=True, omit_defaults=True, gc=False):
    """What the ERP says of a document, but for its balance, status and closing.

    Amounts are signed: credit memos carry negative ones. `amount` is in the customer's currency
    `curr_id` (INV-04), `amount_hc` the same in the company's home currency, `disc_amt` the
    early-payment discount (INV-10). `due_date` is never computed from terms (INV-03).
    """

    company_id: str
    tran_id: str
    cust_id: str
    tran_date: date
    amount: Decimal
    curr_id: str
    amount_hc: Decimal
    home_curr_id: str
    type: str = "IN"
    due_date: date | None = None
    post_date: date | None = None
    cust_po_no: str | None = None
    sold_to_id: str | None = None
    disc_amt: Decimal | None = None
    invoice_cmnt: str | None = None
    comment: str | None = None
    pmt_terms_id: str | None = None
    statistical_pmt_date: date | None = None
    project_code: str | None = None
    job_code: str | None = None
    sper_id: str | None = None
    udf1: str | None = None
    udf2: str | None = None
    udf3: str | None = None
    udf4: str | None = None
    udf5: str | None = None


# Events: stored for ever under these names and fields. Add, never rename.


class InvoiceRegistered(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP's document became known; it counts from `effective_from` on."""

    document: InvoiceDocument
    effective_from: date
    first_seen_on: date
    status: str | None = None

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the document's effective start."""
        return self.effective_from


class InvoiceAmended(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP corrected the document; the correction holds from its effective start on."""

    document: InvoiceDocument
    effective_from: date
    amount_change: Decimal = ZERO
    amount_hc_change: Decimal = ZERO


class InvoiceStatusChanged(Event, frozen=True, omit_defaults=True, gc=False):
    """The ERP gave the document another status (INV-06: an open list of values)."""

    status: str | None


class PaymentApplied(Event, frozen=True, omit_defaults=True, gc=False):
    """A payment or credit memo was applied to the document (PAY-10)."""

    company_id: str
    tran_id: str
    payment_id: str
    amount: Decimal
    amount_hc: Decimal
    applied_on: date

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the application date."""
        return self.applied_on


class PaymentUnapplied(Event, frozen=True, omit_defaults=True, gc=False):
    """An application turned out void, as if it had never been."""

    company_id: str
    tran_id: str
    payment_id: str
    amount: Decimal
    amount_hc: Decimal
    applied_on: date
    last_pmt_date: date | None = None
    """Date of the latest application that is left (INV-13)."""

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the application date."""
        return self.applied_on


class InvoiceBalanceReconciled(Event, frozen=True, omit_defaults=True, gc=False):
    """The changes of the balance that the ERP reported and no payment explains, all of them."""

    unexplained: tuple[Unexplained, ...]
    before: tuple[Unexplained, ...] = ()


class InvoiceClosed(Event, frozen=True, omit_defaults=True, gc=False):
    """The balance is zero: the document is closed as of a date (INV-11)."""

    closed_on: date

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the closing date."""
        return self.closed_on


class InvoiceReopened(Event, frozen=True, omit_defaults=True, gc=False):
    """A closed document has a balance again."""


InvoiceEvent: TypeAlias = (
    InvoiceRegistered
    | InvoiceAmended
    | InvoiceStatusChanged
    | PaymentApplied
    | PaymentUnapplied
    | InvoiceBalanceReconciled
    | InvoiceClosed
    | InvoiceReopened
)


# Commands: what an export says. The business date is that of the sync.


class Application(Struct, frozen=True, gc=False):
    """One row of payment applications; an amount of zero says that it is void."""

    payment_id: str
    amount: Decimal
    applied_on: date


class ImportInvoice(Struct, frozen=True, gc=False):
    """Take over what the ERP says of a document, with the applications that are news.

    `balance` and `balance_hc` are None where the export does not say.
    """

    document: InvoiceDocument
    business_date: date
    balance: Decimal | None = None
    balance_hc: Decimal | None = None
    status: str | None = None
    closing_tran_date: date | None = None
    applications: tuple[Application, ...] = ()


class ApplyPayments(Struct, frozen=True, gc=False):
    """Take over applications to a document that the export itself does not hold."""

    applications: tuple[Application, ...]
    business_date: date


InvoiceCommand: TypeAlias = ImportInvoice | ApplyPayments


# State: only what decisions need.


class NotRegistered(Struct, frozen=True):
    """Nothing is known of the document."""


class Registered(Struct, frozen=True, gc=False):
    """The document as known, with what changed its balance."""

    document: InvoiceDocument
    effective_from: date
    first_seen_on: date
    status: str | None = None
    applications: Mapping[str, Applied] = {}
    unexplained: tuple[Unexplained, ...] = ()
    closed_on: date | None = None


Invoice: TypeAlias = NotRegistered | Registered


def evolve(invoice: Invoice, event: InvoiceEvent) -> Invoice:
    """Remember `event`."""
    match invoice, event:
        case NotRegistered(), InvoiceRegistered(document, effective_from, first_seen_on, status):
            return Registered(document, effective_from, first_seen_on, status)
        case Registered(), InvoiceAmended(document, effective_from):
            return replace(invoice, document=document, effective_from=effective_from)
        case Registered(), InvoiceStatusChanged(status):
            return replace(invoice, status=status)
        case Registered(), PaymentApplied():
            applied = Applied(event.amount, event.amount_hc, event.applied_on)
            return replace(
                invoice, applications={**invoice.applications, event.payment_id: applied}
            )
        case Registered(), PaymentUnapplied(payment_id=payment_id):
            left = {key: kept for key, kept in invoice.applications.items() if key != payment_id}
            return replace(invoice, applications=left)
        case Registered(), InvoiceBalanceReconciled(unexplained):
            return replace(invoice, unexplained=unexplained)
        case Registered(), InvoiceClosed(closed_on):
            return replace(invoice, closed_on=closed_on)
        case Registered(), InvoiceReopened():
            return replace(invoice, closed_on=None)
        case _:
            raise ImpossibleHistory(f"{event} after {invoice}")


def decide(command: InvoiceCommand, invoice: Invoice) -> Sequence[InvoiceEvent]:
    """Return the facts that `command` adds."""
    match invoice, command:
        case NotRegistered(), ImportInvoice():
            return register(command)
        case Registered(), ImportInvoice():
            return amend(command, invoice)
        case Registered(), ApplyPayments():
            return apply_only(command, invoice)
        case NotRegistered(), ApplyPayments():
            raise Refused("invoice_unknown", "There is no such invoice.", "tran_id")


def register(command: ImportInvoice) -> list[InvoiceEvent]:
    """Register a new document and whatever its row and applications say of its balance."""
    document = command.document
    effective_from = effective_start(document, command.business_date)
    registered = InvoiceRegistered(document, effective_from, command.business_date, command.status)
    if is_plain(command):
        return [registered]
    invoice = Registered(document, effective_from, command.business_date, command.status)
    return [registered, *settle(command, invoice, invoice)]


def is_plain(command: ImportInvoice) -> bool:
    """Whether a new document is simply unpaid: nothing to apply, to reconcile or to close."""
    document = command.document
    if command.applications or not document.amount:
        return False
    if command.balance is None:
        return command.closing_tran_date is None
    return command.balance == document.amount and command.balance_hc in {None, document.amount_hc}


def amend(command: ImportInvoice, invoice: Registered) -> list[InvoiceEvent]:
    """Record what the ERP changed in a known document."""
    events: list[InvoiceEvent] = []
    before = invoice.document
    after = command.document
    amended = invoice
    if after != before:
        effective_from = effective_start(after, invoice.first_seen_on)
        events.append(
            InvoiceAmended(
                after,
                effective_from,
                amount_change=after.amount - before.amount,
                amount_hc_change=after.amount_hc - before.amount_hc,
            )
        )
        amended = replace(invoice, document=after, effective_from=effective_from)
    if command.status != invoice.status:
        events.append(InvoiceStatusChanged(command.status))
    events.extend(settle(command, amended, invoice))
    return events


def effective_start(document: InvoiceDocument, first_seen_on: date) -> date:
    """Return the date from which a document counts (DESIGN section 7)."""
    return document.post_date or min(document.tran_date, first_seen_on)


def settle(command: ImportInvoice, invoice: Registered, before: Registered) -> list[InvoiceEvent]:
    """Apply payments, reconcile with the ERP's balance, close or reopen."""
    events, applications = apply(command.applications, invoice)
    unexplained = reconcile(command, invoice, applications, before)
    if command.closing_tran_date is None:
        unexplained = not_after_payment(invoice, applications, unexplained)
    if unexplained != invoice.unexplained:
        events.append(InvoiceBalanceReconciled(unexplained, invoice.unexplained))
    closing = command.closing_tran_date
    events.extend(close_or_reopen(invoice, applications, unexplained, before.closed_on, closing))
    return events


def apply_only(command: ApplyPayments, invoice: Registered) -> list[InvoiceEvent]:
    """Apply payments where the export has no row of the document itself.

    A late explanation of a lowered balance explains it; only what exceeds it lowers further.
    """
    events, applications = apply(command.applications, invoice)
    applied, applied_hc = total(applications.values())
    known, known_hc = total(invoice.applications.values())
    lowered, lowered_hc = total(invoice.unexplained)
    sign = 1 if invoice.document.amount >= 0 else -1
    gained = (applied - known) * sign
    explained = min(gained, lowered * sign)
    unexplained = invoice.unexplained
    if explained > 0:
        explained_hc = applied_hc - known_hc if explained == gained else lowered_hc
        unexplained = withdraw(unexplained, explained, explained_hc, sign)
        lowered, lowered_hc = total(unexplained)
    rest_hc = invoice.document.amount_hc - applied_hc - lowered_hc
    if rest_hc and applied + lowered == invoice.document.amount:
        paid_on = last_change(invoice, applications, unexplained)
        unexplained = (*unexplained, Unexplained(paid_on, ZERO, rest_hc))
    if unexplained != invoice.unexplained:
        events.append(InvoiceBalanceReconciled(unexplained, invoice.unexplained))
    events.extend(close_or_reopen(invoice, applications, unexplained, invoice.closed_on, None))
    return events


def apply(
    news: Sequence[Application], invoice: Registered
) -> tuple[list[InvoiceEvent], Mapping[str, Applied]]:
    """Return what the news about applications leads to, and the applications then in force."""
    events: list[InvoiceEvent] = []
    if not news:
        return events, invoice.applications
    document = invoice.document
    in_force = dict(invoice.applications)
    for told in news:
        known = in_force.get(told.payment_id)
        if known is not None:
            if known.amount == told.amount and known.applied_on == told.applied_on:
                continue
            del in_force[told.payment_id]
            events.append(
                PaymentUnapplied(
                    document.company_id,
                    document.tran_id,
                    told.payment_id,
                    known.amount,
                    known.amount_hc,
                    known.applied_on,
                    max((kept.applied_on for kept in in_force.values()), default=None),
                )
            )
        if not told.amount:
            continue
        amount_hc = share_hc(told.amount, document, in_force)
        in_force[told.payment_id] = Applied(told.amount, amount_hc, told.applied_on)
        events.append(
            PaymentApplied(
                document.company_id,
                document.tran_id,
                told.payment_id,
                told.amount,
                amount_hc,
                told.applied_on,
            )
        )
    return events, in_force


def share_hc(
    amount: Decimal, document: InvoiceDocument, in_force: Mapping[str, Applied]
) -> Decimal:
    """Return the home-currency share of an applied amount, at the document's own booked rate.

    Shares are differences of rounded running totals, so that full payment leaves exactly zero.
    """
    if document.curr_id == document.home_curr_id:
        return amount
    applied, applied_hc = total(in_force.values())
    return at_booked_rate(applied + amount, document) - applied_hc


def at_booked_rate(amount: Decimal, document: InvoiceDocument) -> Decimal:
    """Return `amount` of the document's currency in home currency, by the document's figures."""
    if document.curr_id == document.home_curr_id or not document.amount:
        return amount
    if amount == document.amount:
        return document.amount_hc
    return rounded(document.amount_hc * amount / document.amount, document.home_curr_id)


def reconcile(
    command: ImportInvoice,
    invoice: Registered,
    applications: Mapping[str, Applied],
    before: Registered,
) -> tuple[Unexplained, ...]:
    """Return the changes of the balance that no application explains, as the ERP's row has it.

    `before` is the document as it was known until this row.
    """
    document = invoice.document
    remaining, remaining_hc = document.amount, document.amount_hc
    for one in applications.values():
        remaining -= one.amount
        remaining_hc -= one.amount_hc
    closing = command.closing_tran_date
    if command.balance is None:
        if closing is not None:
            rest = Unexplained(closing, remaining, remaining_hc)
            return (rest,) if remaining or remaining_hc else ()
        if remaining or not remaining_hc:
            return ()
        paid_on = last_change(invoice, applications, ())
        return (Unexplained(paid_on, ZERO, remaining_hc),)  # paid in full, but for the rate
    required = remaining - command.balance
    balance_hc = command.balance_hc
    if balance_hc is None:
        balance_hc = at_booked_rate(command.balance, document)
    required_hc = remaining_hc - balance_hc
    known = invoice.unexplained
    if not (required or required_hc or known):
        return known  # the applications explain it all
    sign = 1 if document.amount >= 0 else -1
    if required * sign < 0:  # more than its payments leave open: without those dated ahead?
        ahead, ahead_hc = post_dated(applications, command.business_date)
        if (required + ahead) * sign >= 0:
            required, required_hc = required + ahead, required_hc + ahead_hc
    if closing is not None:
        known = moved_to_closing(known, closing, invoice.closed_on, paid=not command.balance)
    lowered, lowered_hc = total(known)
    change = required - lowered
    if change * sign < 0:
        gained = total(applications.values())[0] - total(before.applications.values())[0]
        shrunk = before.document.amount - document.amount
        explained = min(-change * sign, (gained + shrunk) * sign, lowered * sign)
        if explained > 0:
            change += explained * sign
            explained_hc = lowered_hc - required_hc
            if change:
                explained_hc = at_booked_rate(explained * sign, document)
            known = withdraw(known, explained, explained_hc, sign)
            lowered_hc -= explained_hc
    change_hc = required_hc - lowered_hc
    if not change and not change_hc:
        return known
    paid = not command.balance
    if closing is not None and (
        change * sign > 0 or (paid and (not change or closing < command.business_date))
    ):
        on = closing
    elif change or not paid:
        on = command.business_date
    else:
        on = last_change(invoice, applications, known)
    return (*known, Unexplained(on, change, change_hc))


def not_after_payment(
    invoice: Registered, applications: Mapping[str, Applied], known: tuple[Unexplained, ...]
) -> tuple[Unexplained, ...]:
    """Return `known`; of a document that is paid, with what is home currency alone by then."""
    paid = total([*applications.values(), *known])[0] == invoice.document.amount
    if not paid:
        return known
    paid_on = last_change(invoice, applications, [entry for entry in known if entry.amount])
    return tuple(
        entry if entry.amount else replace(entry, effective_on=min(entry.effective_on, paid_on))
        for entry in known
    )


def close_or_reopen(
    invoice: Registered,
    applications: Mapping[str, Applied],
    unexplained: Sequence[Unexplained],
    closed_before: date | None,
    closing: date | None,
) -> Sequence[InvoiceEvent]:
    """Close the document when its balance is zero, reopen it when it is not."""
    balance = invoice.document.amount
    for one in applications.values():
        balance -= one.amount
    for entry in unexplained:
        balance -= entry.amount
    if balance:
        return [InvoiceReopened()] if closed_before is not None else []
    closed_on = closing or last_change(invoice, applications, unexplained)
    return [InvoiceClosed(closed_on)] if closed_on != closed_before else []


def last_change(
    invoice: Registered, applications: Mapping[str, Applied], unexplained: Iterable[Unexplained]
) -> date:
    """Return the date of the latest change of the balance, or of the document's start."""
    on = invoice.effective_from
    for one in applications.values():
        on = max(on, one.applied_on)
    for entry in unexplained:
        on = max(on, entry.effective_on)
    return on


def facts(invoice: Invoice) -> DocumentFacts | None:
    """Return what other decisions may know of the document; None if nothing is known of it."""
    if isinstance(invoice, NotRegistered):
        return None
    document = invoice.document
    lowered, lowered_hc = total([*invoice.applications.values(), *invoice.unexplained])
    return DocumentFacts(
        document.company_id,
        document.tran_id,
        document.cust_id,
        document.type,
        document.tran_date,
        document.due_date or document.tran_date,
        document.curr_id,
        document.home_curr_id,
        document.amount,
        document.amount_hc,
        document.amount - lowered,
        document.amount_hc - lowered_hc,
        invoice.closed_on,
    )


INVOICE: Decider[Invoice, InvoiceCommand, InvoiceEvent] = Decider(
    category="invoice",
    events=(
        InvoiceRegistered,
        InvoiceAmended,
        InvoiceStatusChanged,
        PaymentApplied,
        PaymentUnapplied,
        InvoiceBalanceReconciled,
        InvoiceClosed,
        InvoiceReopened,
    ),
    initial=NotRegistered(),
    evolve=evolve,
    decide=decide,
)
