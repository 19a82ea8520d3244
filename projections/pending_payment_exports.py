"""Read model: in which file for the ERP each pending payment is (PND-08)."""

from datetime import date, datetime
from typing import Any, cast

from domain.pending_payment_export import PendingPaymentsExported
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table


class PendingPaymentExportRow(Row, frozen=True, array_like=True, gc=False):
    """A pending payment in the file `export_batch`, made on `export_date`."""

    tenant: int
    company_id: str
    export_batch: str
    pending_payment_id: str
    export_date: date
    known_from: datetime


def evolve(
    state: PendingPaymentsExported | None,  # noqa: ARG001
    recorded: Recorded,
) -> PendingPaymentsExported:
    """Remember the file."""
    return cast("PendingPaymentsExported", recorded.event)


def rows(state: PendingPaymentsExported, tenant: int, known_from: datetime) -> EntityRows:
    """Return a row for each pending payment in the file."""
    return (
        [
            PendingPaymentExportRow(
                tenant,
                state.company_id,
                state.export_batch,
                pending_payment_id,
                state.export_date,
                known_from,
            )
            for pending_payment_id in state.pending_payment_ids
        ],
    )


def restore(stored: EntityRows) -> PendingPaymentsExported:
    """Return the file of stored rows."""
    found = cast("list[PendingPaymentExportRow]", stored[0])
    first = found[0]
    ids = tuple(row.pending_payment_id for row in found)
    return PendingPaymentsExported(first.company_id, first.export_batch, first.export_date, ids)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the file that an event is about."""
    event = cast("PendingPaymentsExported", recorded.event)
    return event.company_id, event.export_batch


def begins(recorded: Recorded) -> bool:  # noqa: ARG001
    """Whether nothing can be known before: a file is made once and never changes."""
    return True


_KEY = ("company_id", "export_batch")

PENDING_PAYMENT_EXPORTS: ReadModel[Any, PendingPaymentsExported] = ReadModel(
    name="pending_payment_exports",
    tables=(
        Table(
            "pending_payment_exports",
            PendingPaymentExportRow,
            _KEY,
            (*_KEY, "pending_payment_id"),
            history=False,
        ),
    ),
    handles=(PendingPaymentsExported,),
    key=key,
    begins=begins,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
