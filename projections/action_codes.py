"""Read model: action codes as defined (CODE-01)."""

from datetime import datetime
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import astuple, replace

from domain.action_code import (
    ActionCodeChanged,
    ActionCodeDefined,
    ActionCodeDocument,
    ActionCodeRetired,
)
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream, build


class ActionCodeRow(Row, frozen=True, array_like=True, gc=False):
    """An action code as defined; one that is not `active` is used for nothing new."""

    tenant: int
    code: str
    priority: int
    issue_description: str
    communication_note: str
    activity_type: str
    email_template: str | None
    report_template: str | None
    attach_invoices: bool
    cust_contact: bool
    system: bool
    active: bool
    known_from: datetime


class ActionCodeState(Struct, frozen=True, gc=False):
    """A code's newest definition, and whether it is in force."""

    document: ActionCodeDocument
    active: bool = True


def evolve(state: ActionCodeState | None, recorded: Recorded) -> ActionCodeState:
    """Remember the newest definition."""
    event = recorded.event
    if isinstance(event, ActionCodeRetired):
        assert state is not None, "what is retired was defined"
        return replace(state, active=False)
    return ActionCodeState(cast("ActionCodeDefined | ActionCodeChanged", event).document)


def rows(state: ActionCodeState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the code's row."""
    row = build(ActionCodeRow, tenant, *astuple(state.document), state.active, known_from)
    return ((row,),)


def restore(stored: EntityRows) -> ActionCodeState:
    """Return the state that a stored row stands for."""
    _, *document, active, _ = astuple(stored[0][0])
    return ActionCodeState(build(ActionCodeDocument, *document), active)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the code that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("code",)

ACTION_CODES: ReadModel[Any, ActionCodeState] = ReadModel(
    name="action_codes",
    tables=(Table("action_codes", ActionCodeRow, _KEY, _KEY),),
    handles=(ActionCodeDefined, ActionCodeChanged, ActionCodeRetired),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
