"""What a request reads of persons, collected while it is answered and recorded before it is sent.

A request that reads nothing of persons pays nothing: views without personal fields are known
beforehand, and nothing is written.
"""

from collections.abc import Iterable

import msgspec

from domain.shared.streams import stream_category, stream_name
from projections.audit_trail import AUDIT_TRAIL
from projections.listing import Record
from projections.personal_data_reads import (
    CATEGORIES,
    PERSONAL_IN_STREAMS,
    PersonalRead,
    tells_of_person,
)
from projections.view import View
from runtime.services import Caller


class PersonalReads:
    """What one request read of persons so far."""

    def __init__(self) -> None:
        self._fields: dict[str, None] = {}
        self._subjects: dict[str, None] = {}

    def add(self, field: str, subject: str) -> None:
        """Note that a field of a subject was read; the subject is named by its stream."""
        self._fields[field] = None
        self._subjects[subject] = None

    def add_event(self, stream: str, data: bytes) -> None:
        """Note what the data of an event tells of a person, if it does."""
        if stream_category(stream) in PERSONAL_IN_STREAMS and tells_of_person(
            stream, msgspec.json.decode(data)
        ):
            self.add(f"{AUDIT_TRAIL.name}.data", stream)

    def add_records(self, view: View, columns: tuple[str, ...], records: Iterable[Record]) -> None:
        """Note what records of a view tell of persons: fields that have a value."""
        personal = personal_fields(view)
        places = [(place, name) for place, name in enumerate(columns) if name in personal]
        if not places:
            return
        keys = [columns.index(name) for name in view.key]
        category = CATEGORIES[view.name]
        for record in records:
            values = record.values
            told = [name for place, name in places if values[place] is not None]
            if told:
                subject = stream_name(category, *(values[place] for place in keys))
                self._subjects[subject] = None
                for name in told:
                    self._fields[f"{view.name}.{name}"] = None

    def taken(self, caller: Caller, request_id: str, operation: str | None) -> PersonalRead | None:
        """Return what was read since the last time, if anything was, and forget it."""
        if not self._subjects:
            return None
        read = PersonalRead(
            caller.actor,
            caller.role.value,
            caller.user_id,
            request_id,
            operation,
            sorted(self._fields),
            sorted(self._subjects),
        )
        self._fields.clear()
        self._subjects.clear()
        return read


_personal_by_view: dict[str, frozenset[str]] = {}


def personal_fields(view: View) -> frozenset[str]:
    """Return the names of the fields of a view that tell of a person."""
    known = _personal_by_view.get(view.name)
    if known is None:
        known = frozenset(field.name for field in view.fields if field.personal)
        _personal_by_view[view.name] = known
    return known
