"""Read model: payment schedules and their instalments, each with the days on which they hold.

A schedule holds from the day on which it was made until it is replaced or cancelled; of two that
were made on one day the later counts.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from msgspec import Struct

from domain.durations import FOREVER
from domain.payment_schedule import (
    Instalment,
    PaymentScheduleCancelled,
    PaymentsScheduled,
    rests_after,
)
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream


class PaymentScheduleRow(Row, frozen=True, array_like=True, gc=False):
    """A schedule from a day up to, and without, another; `_hc` is home currency.

    `orig_` is what the ERP says of the document, which the schedule takes the place of.
    """

    tenant: int
    company_id: str
    tran_id: str
    effective_from: date
    effective_to: date
    cust_id: str
    curr_id: str
    home_curr_id: str
    amount: Decimal
    amount_hc: Decimal
    orig_due_date: date
    orig_tran_amt: Decimal
    orig_tran_amt_hc: Decimal
    first_due_date: date
    last_due_date: date
    reason: str | None
    known_from: datetime


class InstalmentRow(Row, frozen=True, array_like=True, gc=False):
    """An instalment of a schedule, numbered from 1; `rest_after` is the sum of the later ones."""

    tenant: int
    company_id: str
    tran_id: str
    effective_from: date
    number: int
    effective_to: date
    due_date: date
    amount: Decimal
    amount_hc: Decimal
    rest_after: Decimal
    rest_after_hc: Decimal
    known_from: datetime


class Holding(Struct, frozen=True, gc=False):
    """A schedule and the day from which it does not hold any more."""

    scheduled: PaymentsScheduled
    until: date


def evolve(state: list[Holding] | None, recorded: Recorded) -> list[Holding]:
    """Remember that a schedule was made or cancelled."""
    event = cast("PaymentsScheduled | PaymentScheduleCancelled", recorded.event)
    scheduled = isinstance(event, PaymentsScheduled)
    on = event.scheduled_on if scheduled else event.cancelled_on
    state = [
        Holding(one.scheduled, min(one.until, on))
        for one in state or ()
        if one.scheduled.scheduled_on < on
    ]
    if scheduled:
        state.append(Holding(event, FOREVER))
    return state


def rows(state: list[Holding], tenant: int, known_from: datetime) -> EntityRows:
    """Return the rows of all schedules that the document ever had, and of their instalments."""
    schedules: list[Row] = []
    instalments: list[Row] = []
    for one in state:
        told = one.scheduled
        parts = told.instalments
        amounts, amounts_hc = [part.amount for part in parts], [part.amount_hc for part in parts]
        schedules.append(
            PaymentScheduleRow(
                tenant,
                told.company_id,
                told.tran_id,
                told.scheduled_on,
                one.until,
                told.cust_id,
                told.curr_id,
                told.home_curr_id,
                sum(amounts, Decimal(0)),
                sum(amounts_hc, Decimal(0)),
                told.orig_due_date,
                told.orig_tran_amt,
                told.orig_tran_amt_hc,
                parts[0].due_date,
                parts[-1].due_date,
                told.reason,
                known_from,
            )
        )
        instalments.extend(
            InstalmentRow(
                tenant,
                told.company_id,
                told.tran_id,
                told.scheduled_on,
                number,
                one.until,
                part.due_date,
                part.amount,
                part.amount_hc,
                rest,
                rest_hc,
                known_from,
            )
            for number, (part, rest, rest_hc) in enumerate(
                zip(parts, rests_after(amounts), rests_after(amounts_hc), strict=True), 1
            )
        )
    return schedules, instalments


def restore(stored: EntityRows) -> list[Holding]:
    """Return the schedules of stored rows, the earliest first."""
    instalments = cast("list[InstalmentRow]", stored[1])
    found: list[Holding] = []
    for row in sorted(
        cast("list[PaymentScheduleRow]", stored[0]), key=lambda row: row.effective_from
    ):
        parts = sorted(
            (one for one in instalments if one.effective_from == row.effective_from),
            key=lambda one: one.number,
        )
        scheduled = PaymentsScheduled(
            row.company_id,
            row.tran_id,
            row.cust_id,
            row.curr_id,
            row.home_curr_id,
            row.effective_from,
            tuple(Instalment(one.due_date, one.amount, one.amount_hc) for one in parts),
            row.orig_due_date,
            row.orig_tran_amt,
            row.orig_tran_amt_hc,
            row.reason,
        )
        found.append(Holding(scheduled, row.effective_to))
    return found


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the company and number of the document that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("company_id", "tran_id")

PAYMENT_SCHEDULES: ReadModel[Any, list[Holding]] = ReadModel(
    name="payment_schedules",
    tables=(
        Table("payment_schedules", PaymentScheduleRow, _KEY, (*_KEY, "effective_from")),
        Table("instalments", InstalmentRow, _KEY, (*_KEY, "effective_from", "number")),
    ),
    handles=(PaymentsScheduled, PaymentScheduleCancelled),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
