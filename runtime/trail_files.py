"""Trails of events as files: Excel, CSV or JSON, written as they are read."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from enum import StrEnum
from io import TextIOWrapper
from typing import IO, Any

import msgspec

from projections.audit_causes import Cause
from projections.audit_changes import Change, Value
from projections.view import Kind
from runtime.spreadsheets import MEDIA_TYPE, Column, write_workbook
from runtime.trails import TrailEvent


class TrailFormat(StrEnum):
    """As what a trail is written; the value is the ending of its file."""

    XLSX = "xlsx"
    CSV = "csv"
    JSON = "json"


MEDIA_TYPES = {
    TrailFormat.XLSX: MEDIA_TYPE,
    TrailFormat.CSV: "text/csv; charset=utf-8",
    TrailFormat.JSON: "application/json",
}

COLUMNS = (
    ("position", Column("Position", Kind.INTEGER)),
    ("recorded_at", Column("Recorded at", Kind.MOMENT)),
    ("effective_on", Column("Effective on", Kind.DATE)),
    ("category", Column("Category", Kind.TEXT)),
    ("stream", Column("Stream", Kind.TEXT)),
    ("version", Column("Version", Kind.INTEGER)),
    ("type", Column("Event", Kind.TEXT)),
    ("changes", Column("Changes", Kind.TEXT)),
    ("actor", Column("Actor", Kind.TEXT)),
    ("actor_name", Column("Key", Kind.TEXT)),
    ("user_id", Column("User", Kind.TEXT)),
    ("user_name", Column("User name", Kind.TEXT)),
    ("causes", Column("Causes", Kind.TEXT)),
    ("correlation", Column("Correlation", Kind.TEXT)),
    ("data", Column("Data", Kind.JSON)),
)
"""What a table tells of an event, in order; changes and causes are a line each."""


def write_trail(
    file: IO[bytes],
    as_what: TrailFormat,
    events: Iterable[TrailEvent],
    *,
    title: str,
    created: date,
    time_zone: str = "UTC",
) -> int:
    """Write a trail, and return how many events it has.

    Raises:
        TooManyRows: if an Excel file is asked for that cannot hold them.
    """
    counted = _Counted(events)
    match as_what:
        case TrailFormat.XLSX:
            columns = [column for _, column in COLUMNS]
            rows = map(table_row, counted)
            write_workbook(file, title, columns, rows, created=created, time_zone=time_zone)
        case TrailFormat.CSV:
            text = TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
            writer = csv.writer(text)
            writer.writerow([name for name, _ in COLUMNS])
            writer.writerows([_as_text(one) for one in table_row(event)] for event in counted)
            text.detach()
        case TrailFormat.JSON:
            _write_json(file, counted)
    return counted.count


def table_row(event: TrailEvent) -> list[Any]:
    """Return what a table tells of an event, in the order of `COLUMNS`."""
    told: dict[str, Any] = {name: getattr(event, name) for name, _ in COLUMNS}
    told["changes"] = described_changes(event.changes)
    told["causes"] = described_causes(event.causes)
    told["data"] = bytes(event.data).decode()
    return list(told.values())


def described_changes(changes: Sequence[Change] | None) -> str | None:
    """Return changes in words, a line each; None if they cannot be told."""
    if changes is None:
        return None
    return "\n".join(
        f"{one.field}: {described_value(one.before)} → {described_value(one.after)}"
        for one in changes
    )


def described_causes(causes: Sequence[Cause]) -> str:
    """Return a chain of causes, from the nearest one to the origin, a line each."""
    return "\n".join(one.reference for one in causes)


def described_value(value: Value | None) -> str:
    """Return a value of a change in words: a text as it is, anything else as JSON."""
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _as_text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _write_json(file: IO[bytes], events: Iterable[TrailEvent]) -> None:
    before = b"[\n"
    for event in events:
        file.write(before + msgspec.json.encode(event))
        before = b",\n"
    file.write(b"[]\n" if before == b"[\n" else b"\n]\n")


class _Counted:
    """Events that are counted as they go by."""

    def __init__(self, events: Iterable[TrailEvent]) -> None:
        self._events = events
        self.count = 0

    def __iter__(self) -> Iterator[TrailEvent]:
        for event in self._events:
            self.count += 1
            yield event
