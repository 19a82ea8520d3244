"""Read model: grid alerts as defined (ALR-01)."""

from datetime import datetime
from typing import Any, cast

import msgspec
from msgspec import Struct

from domain.grid_alert import (
    Grid,
    GridAlertChanged,
    GridAlertDefined,
    GridAlertDocument,
    GridAlertRetired,
)
from domain.schedule import Schedule
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream
from projections.query import Query, sql


class GridAlertRow(Row, frozen=True, array_like=True, gc=False):
    """An alert; columns, recipients and schedule are JSON."""

    tenant: int
    alert_id: str
    name: str
    grid: str
    filter: str
    columns: str
    recipients: str
    schedule: str | None
    active: bool
    known_from: datetime


class GridAlertState(Struct, gc=False):
    """An alert while its events are folded."""

    document: GridAlertDocument
    active: bool


def evolve(state: GridAlertState | None, recorded: Recorded) -> GridAlertState:
    """Remember the newest definition, and whether it is in force."""
    event = recorded.event
    if isinstance(event, GridAlertRetired):
        if state is None:
            raise LookupError(f"{recorded.stream} was not defined.")
        state.active = False
        return state
    return GridAlertState(cast("GridAlertDefined | GridAlertChanged", event).document, active=True)


def rows(state: GridAlertState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the alert's row."""
    one = state.document
    row = GridAlertRow(
        tenant,
        one.alert_id,
        one.name,
        one.grid.value,
        one.filter,
        msgspec.json.encode(one.columns).decode(),
        msgspec.json.encode(one.recipients).decode(),
        None if one.schedule is None else msgspec.json.encode(one.schedule).decode(),
        state.active,
        known_from,
    )
    return ((row,),)


def restore(stored: EntityRows) -> GridAlertState:
    """Return the state of a stored row."""
    row = cast("GridAlertRow", stored[0][0])
    return GridAlertState(document_of(*_told(row)), row.active)


def _told(row: GridAlertRow) -> tuple[Any, ...]:
    return (
        row.alert_id,
        row.name,
        row.grid,
        row.filter,
        row.columns,
        row.recipients,
        row.schedule,
    )


def document_of(
    alert_id: str,
    name: str,
    grid: str,
    filter_: str,
    columns: str,
    recipients: str,
    schedule: str | None,
) -> GridAlertDocument:
    """Return what a row says of an alert."""
    return GridAlertDocument(
        alert_id,
        name,
        Grid(grid),
        filter_,
        msgspec.json.decode(columns, type=tuple[str, ...]),
        msgspec.json.decode(recipients, type=tuple[str, ...]),
        None if schedule is None else msgspec.json.decode(schedule, type=Schedule),
    )


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the alert that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("alert_id",)

GRID_ALERTS: ReadModel[Any, GridAlertState] = ReadModel(
    name="grid_alerts",
    tables=(Table("grid_alerts", GridAlertRow, _KEY, _KEY),),
    handles=(GridAlertDefined, GridAlertChanged, GridAlertRetired),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)

_DOCUMENT = "alert_id, name, grid, filter, columns, recipients, schedule"


def active_alerts(tenant: int, alert_id: str | None = None) -> Query[GridAlertDocument]:
    """Return the question for the alerts that are in force, or for one of them."""
    statement = f"""
        SELECT {_DOCUMENT} FROM grid_alerts
        WHERE tenant = %(tenant)s AND active
          AND (%(alert_id)s::text IS NULL OR alert_id = %(alert_id)s)
        ORDER BY alert_id"""
    return Query(sql(statement), {"tenant": tenant, "alert_id": alert_id}, document_of)
