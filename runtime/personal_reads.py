"""What is read of persons, collected while it is answered and recorded before it is told.

A request that reads nothing of persons pays nothing: views without personal fields are known
beforehand, and nothing is written. Who reads at the command line does so as an auditor, unless a
replay is asked as by somebody else.
"""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
from msgspec import Struct
from psycopg import Connection

from domain.api_key import Role
from domain.shared.record_types import RecordType
from domain.shared.streams import stream_category, stream_name
from domain.user_fields import UserFields
from eventstore.postgres import bind_tenant
from projections.audit_trail import AUDIT_TRAIL
from projections.catalogue import READ_MODELS
from projections.listing import Record
from projections.personal_data_reads import (
    CATEGORIES,
    PERSONAL_IN_STREAMS,
    RECORD_READ,
    PersonalRead,
    read_parameters,
    tells_of_person,
)
from projections.projection import Table
from projections.query import sql
from projections.user_fields import USER_FIELDS
from projections.view import View
from runtime.database import Database
from runtime.dictionary import VIEWS
from runtime.services import Caller, ReadNotRecorded
from runtime.site import site_options
from runtime.trails import TrailEvent

_VIEWS = {one.name: one for one in VIEWS if one.name in CATEGORIES}
_TABLES = {table.name: table for one in READ_MODELS for table in one.tables}


class Reader(Struct, frozen=True):
    """Who reads: how the log names them, in which role, and for which user."""

    actor: str
    role: Role
    user_id: str | None = None


def reader_of(caller: Caller) -> Reader:
    """Return a caller of the API as a reader."""
    return Reader(caller.actor, caller.role, caller.user_id)


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

    def noted(self, events: Iterable[TrailEvent]) -> Iterator[TrailEvent]:
        """Yield events of a trail, and note what they tell of persons."""
        for event in events:
            self.add_event(event.stream, bytes(event.data))
            yield event

    def taken(self, reader: Reader, request_id: str, operation: str | None) -> PersonalRead | None:
        """Return what was read since the last time, if anything was, and forget it."""
        if not self._subjects:
            return None
        read = PersonalRead(
            reader.actor,
            reader.role.value,
            reader.user_id,
            request_id,
            operation,
            sorted(self._fields),
            sorted(self._subjects),
        )
        self._fields.clear()
        self._subjects.clear()
        return read


def reads_of_tables(database: Database, tenant: int) -> PersonalReads:
    """Return what the tables of a tenant's read models, and their histories, tell of persons."""
    reads = PersonalReads()
    with database.connect("auditor") as connection:
        bind_tenant(connection, tenant)
        for name, category in CATEGORIES.items():
            personal = personal_fields(_VIEWS[name])
            _read_table(connection, tenant, _TABLES[name], personal, reads, category)
        fields = frozenset(UserFields.__struct_fields__)
        _read_table(connection, tenant, _TABLES[USER_FIELDS.name], fields, reads, None)
    return reads


def _read_table(
    connection: Connection[Any],
    tenant: int,
    table: Table,
    personal: frozenset[str],
    reads: PersonalReads,
    category: str | None,
) -> None:
    """Note what a table tells of persons; without a category, of those whose fields it keeps."""
    told = [column for column in table.columns if column in personal]
    values = ", ".join((*table.entity_key, *(f"{one} IS NOT NULL" for one in told)))
    for name in table.names:
        statement = f"SELECT DISTINCT {values} FROM {name} WHERE tenant = %s"
        for row in connection.execute(statement.encode(), (tenant,)):
            key, there = row[: len(table.entity_key)], row[len(table.entity_key) :]
            if category is None:
                if key[0] != RecordType.CONTACT.value:
                    continue
                subject = stream_name(*key)
            else:
                subject = stream_name(category, *key)
            for column, has in zip(told, there, strict=True):
                if has:
                    reads.add(f"{table.name}.{column}", subject)


def record_at_command_line(
    database: Database, tenant: int, reads: PersonalReads, reader: Reader, operation: str
) -> None:
    """Record what was read at the command line, if the site says so; before that none is told.

    Raises:
        ReadNotRecorded: if it cannot be recorded; then what was read must not be told.
    """
    try:
        with database.connect("app") as connection:
            bind_tenant(connection, tenant)
            recorded = reader.role in site_options(connection, tenant).record_reads_of
            read = reads.taken(reader, f"cli/{uuid4()}", operation)
            if recorded and read is not None:
                connection.execute(sql(RECORD_READ), read_parameters(tenant, read))
    except psycopg.Error as failure:
        raise ReadNotRecorded(
            f"What is read of persons cannot be recorded, and so is not told: {failure}"
        ) from failure


_personal_by_view: dict[str, frozenset[str]] = {}


def personal_fields(view: View) -> frozenset[str]:
    """Return the names of the fields of a view that tell of a person."""
    known = _personal_by_view.get(view.name)
    if known is None:
        known = frozenset(field.name for field in view.fields if field.personal)
        _personal_by_view[view.name] = known
    return known
