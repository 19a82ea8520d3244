"""Read model: the sources of ERP exports, as defined (SYN-01)."""

from datetime import datetime
from typing import Any, cast

import msgspec
from msgspec import Struct

from domain.schedule import Schedule
from domain.shared.streams import stream_key
from domain.sync_source import (
    SyncSourceChanged,
    SyncSourceDefined,
    SyncSourceDocument,
    SyncSourceRetired,
)
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream
from projections.query import Query, sql


class SyncSourceRow(Row, frozen=True, array_like=True, gc=False):
    """A source; its schedules and companies are JSON lists."""

    tenant: int
    source_id: str
    name: str
    folder: str
    mapping: str | None
    schedules: str
    company_ids: str
    active: bool
    known_from: datetime


class SyncSourceState(Struct, gc=False):
    """A source while its events are folded."""

    document: SyncSourceDocument
    active: bool


def evolve(state: SyncSourceState | None, recorded: Recorded) -> SyncSourceState:
    """Remember the newest definition, and whether it is in force."""
    event = recorded.event
    if isinstance(event, SyncSourceRetired):
        if state is None:
            raise LookupError(f"{recorded.stream} was not defined.")
        state.active = False
        return state
    document = cast("SyncSourceDefined | SyncSourceChanged", event).document
    return SyncSourceState(document, active=True)


def rows(state: SyncSourceState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the source's row."""
    one = state.document
    schedules = msgspec.json.encode(one.schedules).decode()
    row = SyncSourceRow(
        tenant,
        one.source_id,
        one.name,
        one.folder,
        one.mapping,
        schedules,
        msgspec.json.encode(one.company_ids).decode(),
        state.active,
        known_from,
    )
    return ((row,),)


def restore(stored: EntityRows) -> SyncSourceState:
    """Return the state of a stored row."""
    row = cast("SyncSourceRow", stored[0][0])
    document = document_of(
        row.source_id, row.name, row.folder, row.mapping, row.schedules, row.company_ids
    )
    return SyncSourceState(document, row.active)


def document_of(
    source_id: str, name: str, folder: str, mapping: str | None, schedules: str, company_ids: str
) -> SyncSourceDocument:
    """Return what a row says of a source."""
    told = msgspec.json.decode(schedules, type=tuple[Schedule, ...])
    companies = msgspec.json.decode(company_ids, type=tuple[str, ...])
    return SyncSourceDocument(source_id, name, folder, mapping, told, companies)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the source that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("source_id",)

SYNC_SOURCES: ReadModel[Any, SyncSourceState] = ReadModel(
    name="sync_sources",
    tables=(Table("sync_sources", SyncSourceRow, _KEY, _KEY),),
    handles=(SyncSourceDefined, SyncSourceChanged, SyncSourceRetired),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)


def active_source(tenant: int, source_id: str) -> Query[SyncSourceDocument]:
    """Return the question for a source that is in force."""
    statement = """
        SELECT source_id, name, folder, mapping, schedules, company_ids FROM sync_sources
        WHERE tenant = %(tenant)s AND source_id = %(source_id)s AND active"""
    return Query(sql(statement), {"tenant": tenant, "source_id": source_id}, document_of)
