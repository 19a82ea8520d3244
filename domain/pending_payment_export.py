"""Exports of a company's pending payments: files for the ERP, each payment in one of them (PND-08).

One stream a company holds all of its exports, so that a payment is in one file however many
people export at the same time. Pending payments go back to the ERP in no other way (SYN-11).
"""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from domain.shared.decider import Decider, Refused
from domain.shared.event import Event
from domain.shared.facts import PendingPaymentFacts

EXPORT_MAX = 1_000
"""Pending payments of one file at most; the next export has those that are left."""


class PendingPaymentsExported(Event, frozen=True, omit_defaults=True, gc=False):
    """These pending payments of a company are in the file `export_batch`."""

    company_id: str
    export_batch: str
    export_date: date
    pending_payment_ids: tuple[str, ...]

    def effective_on(self, business_date: date) -> date:  # noqa: ARG002
        """Return the day of the export."""
        return self.export_date


class ExportPendingPayments(Struct, frozen=True, gc=False):
    """Put pending payments that wait and are in no file yet into a new one.

    `company_known` tells whether there is such a company, `payments` what is known of those that
    may be exported.
    """

    company_id: str
    export_batch: str
    business_date: date
    company_known: bool = False
    payments: tuple[PendingPaymentFacts, ...] = ()

    def knowing(
        self, facts: Sequence[bool | PendingPaymentFacts | None]
    ) -> "ExportPendingPayments":
        """Return the command that knows the company and then each pending payment."""
        return replace(
            self,
            company_known=facts[0],
            payments=tuple(one for one in facts if isinstance(one, PendingPaymentFacts)),
        )


class Exported(Struct, frozen=True, gc=False):
    """The files so far, and the pending payments in them."""

    batches: frozenset[str] = frozenset()
    pending_payment_ids: frozenset[str] = frozenset()


def evolve(exported: Exported, event: PendingPaymentsExported) -> Exported:
    """Remember `event`."""
    return Exported(
        exported.batches | {event.export_batch},
        exported.pending_payment_ids.union(event.pending_payment_ids),
    )


def decide(command: ExportPendingPayments, exported: Exported) -> Sequence[PendingPaymentsExported]:
    """Export what is not exported yet; there may be nothing to export."""
    if not command.company_known:
        raise Refused("company_unknown", "There is no such company.", "companyId")
    if command.export_batch in exported.batches:
        return []  # told twice
    found = tuple(
        one.pending_payment_id
        for one in command.payments
        if one.waiting
        and one.company_id == command.company_id
        and one.pending_payment_id not in exported.pending_payment_ids
    )[:EXPORT_MAX]
    if not found:
        return []
    batch, on = command.export_batch, command.business_date
    return [PendingPaymentsExported(command.company_id, batch, on, found)]


PENDING_PAYMENT_EXPORT: Decider[Exported, ExportPendingPayments, PendingPaymentsExported] = Decider(
    category="pending_payment_export",
    events=(PendingPaymentsExported,),
    initial=Exported(),
    evolve=evolve,
    decide=decide,
)
