"""Lines for people about events: what happened, when, by whom, below the record it is about."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from domain.shared.currency import money_text
from projections.record_events import RecordEvent
from runtime.trail_files import described_value
from runtime.trails import TrailEvent

_INDENT = "  "
_EFFECT = 3
"""Which column of `effects` tells what an event did to the balance."""


def moment_text(moment: datetime) -> str:
    """Return a moment to the second, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def amount_text(amount: Decimal | None, currency: str | None) -> str | None:
    """Return an amount in its currency, or a number where there is none, as text."""
    if amount is None:
        return None
    return f"{amount:f}" if currency is None else money_text(amount, currency)


def aligned(rows: Sequence[Sequence[Any]], *, right: frozenset[int] = frozenset()) -> list[str]:
    """Return a line for each row, its cells below those of the row before.

    The cells of the columns in `right` end below each other, all others begin there.
    """
    told = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*told, strict=True)]
    return [
        _INDENT
        + _INDENT.join(
            cell.rjust(width) if number in right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in told
    ]


def effects(events: Sequence[RecordEvent], currency: str | None) -> list[str]:
    """Return a line for each event: where it is, what it did to the balance, and who told it."""
    rows = [
        [
            one.position,
            one.effective_on,
            one.type,
            amount_text(one.effect, currency),
            f"recorded {moment_text(one.recorded_at)} by {one.actor}",
        ]
        for one in events
    ]
    return aligned(rows, right=frozenset({0, _EFFECT}))


def happened(event: TrailEvent) -> list[str]:
    """Return lines about an event of a trail: what it was, why it was recorded, what it changed."""
    by = event.actor if event.user_name is None else f"{event.actor} ({event.user_name})"
    told = [
        f"{event.position}  {event.effective_on}  {event.type}  {event.stream}",
        f"{_INDENT}recorded {moment_text(event.recorded_at)} by {by}",
    ]
    told += [f"{_INDENT}because of {one.reference}" for one in event.causes]
    if event.changes is None:
        told.append(f"{_INDENT}what it changed cannot be told by this version")
    for one in event.changes or ():
        before = "" if one.before is None else f"{described_value(one.before)} → "
        told.append(f"{_INDENT}{one.field}: {before}{described_value(one.after)}")
    return told
