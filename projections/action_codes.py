"""Read model: action codes as defined (CODE-01)."""

from datetime import datetime
from typing import Any, cast

from msgspec.structs import astuple

from domain.action_code import ActionCodeChanged, ActionCodeDefined, ActionCodeDocument
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream, build


class ActionCodeRow(Row, frozen=True, array_like=True, gc=False):
    """An action code as defined."""

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
    known_from: datetime


def evolve(state: ActionCodeDocument | None, recorded: Recorded) -> ActionCodeDocument:  # noqa: ARG001
    """Remember the newest definition."""
    return cast("ActionCodeDefined | ActionCodeChanged", recorded.event).document


def rows(state: ActionCodeDocument, tenant: int, known_from: datetime) -> EntityRows:
    """Return the code's row."""
    return ((build(ActionCodeRow, tenant, *astuple(state), known_from),),)


def restore(stored: EntityRows) -> ActionCodeDocument:
    """Return the definition of a stored row."""
    return build(ActionCodeDocument, *astuple(stored[0][0])[1:-1])


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the code that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("code",)

ACTION_CODES: ReadModel[Any, ActionCodeDocument] = ReadModel(
    name="action_codes",
    tables=(Table("action_codes", ActionCodeRow, _KEY, _KEY),),
    handles=(ActionCodeDefined, ActionCodeChanged),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)
