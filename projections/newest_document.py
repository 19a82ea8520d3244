"""What read models share that keep the newest document of each stream as its event told it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import astuple

from domain.shared.event import Event
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream, build

Document = TypeVar("Document", bound=Struct)


def newest_document(
    table: Table, document: type[Document], handles: tuple[type[Event], ...]
) -> ReadModel[Any, Document]:
    """Return the read model of one table that keeps documents.

    The events that it `handles` hold the `document`, whose fields in order are the columns
    between `tenant` and `known_from`; one that erases leaves of it but its key, which comes first.
    """
    row: Callable[..., Row] = table.row
    made: Callable[..., Document] = document

    def evolve(state: Document | None, recorded: Recorded) -> Document:  # noqa: ARG001
        """Remember the newest document."""
        event: Any = recorded.event
        return build(made, *stream_key(recorded.stream)) if event.erases else event.document

    def rows(state: Document, tenant: int, known_from: datetime) -> EntityRows:
        """Return the document's row."""
        return ((build(row, tenant, *astuple(state), known_from),),)

    def restore(stored: EntityRows) -> Document:
        """Return the document of a stored row."""
        return build(made, *astuple(stored[0][0])[1:-1])

    def key(recorded: Recorded) -> tuple[str, ...]:
        """Return the key in the name of the event's stream."""
        return stream_key(recorded.stream)

    return ReadModel(
        name=table.name,
        tables=(table,),
        handles=handles,
        key=key,
        begins=begins_stream,
        restore=restore,
        evolve=evolve,
        rows=rows,
    )
