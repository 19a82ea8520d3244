"""Telling those who run a site that a sync is over, and what it did (SYN-10)."""

from datetime import date

from application.handling import Request
from application.importing.sync import Outcome
from application.messages import message_request
from domain.message import MessageKind

REJECTED_SHOWN_MAX = 20


def sync_message(
    occasion: str, outcome: Outcome, *, vanished: int, business_date: date, actor: str, cause: str
) -> Request:
    """Return what tells of a sync; `vanished` documents are no longer in the export."""
    rejected = outcome.rejected_count
    rows = "row" if rejected == 1 else "rows"
    counted = (
        f"Business date {business_date}: {outcome.read:,} rows read, {outcome.new:,} new,"
        f" {outcome.changed:,} changed, {outcome.unchanged:,} unchanged, {rejected:,} rejected."
    )
    lines = [counted]
    if vanished:
        lines.append(f"Open documents that are no longer in the export: {vanished:,}.")
    for one in outcome.rejected[:REJECTED_SHOWN_MAX]:
        column = f" ({one.column})" if one.column else ""
        lines.append(f"{one.file}:{one.line}{column}: {one.reason}")
    if rejected > REJECTED_SHOWN_MAX:
        lines.append(f"… and {rejected - REJECTED_SHOWN_MAX:,} more rejected rows.")
    return message_request(
        ("sync", occasion),
        MessageKind.SYNC_DONE,
        f"Sync done, {rejected:,} {rows} rejected" if rejected else "Sync done",
        "\n".join(lines),
        actor=actor,
        business_date=business_date,
        cause=cause,
    )
