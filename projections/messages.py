"""Read model: messages, and who read them (LOG-03)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, cast

from msgspec import Struct

from domain.message import MessageDelivered, MessageKind, MessageRead, StoredFile
from domain.shared.streams import stream_key
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream
from projections.query import Query, sql


class MessageRow(Row, frozen=True, array_like=True, gc=False):
    """A message, for a user or for everybody who runs the site; of its file, where it is kept."""

    tenant: int
    message_id: str
    message_no: int
    kind: str
    subject: str
    body: str
    delivered_on: date
    user_id: str | None
    file_name: str | None
    media_type: str | None
    file_size: int | None
    sha256: str | None
    link: str | None
    known_from: datetime


class MessageReaderRow(Row, frozen=True, array_like=True, gc=False):
    """Somebody who read a message."""

    tenant: int
    message_id: str
    reader: str
    known_from: datetime


class MessageState(Struct, gc=False):
    """A message while its events are folded."""

    message_no: int
    delivered: MessageDelivered
    readers: set[str]


def evolve(state: MessageState | None, recorded: Recorded) -> MessageState:
    """Remember an event."""
    event = recorded.event
    if isinstance(event, MessageDelivered):
        return MessageState(recorded.position, event, set())
    if state is None:
        raise LookupError(f"{recorded.stream} was not delivered.")
    state.readers.add(cast("MessageRead", event).reader)
    return state


def rows(state: MessageState, tenant: int, known_from: datetime) -> EntityRows:
    """Return the message's row, and one for each reader."""
    one = state.delivered
    file = one.attachment
    row = MessageRow(
        tenant,
        one.message_id,
        state.message_no,
        one.kind.value,
        one.subject,
        one.body,
        one.delivered_on,
        one.user_id,
        file and file.name,
        file and file.media_type,
        file and file.size,
        file and file.sha256,
        one.link,
        known_from,
    )
    readers = [
        MessageReaderRow(tenant, one.message_id, reader, known_from)
        for reader in sorted(state.readers)
    ]
    return ((row,), readers)


def restore(stored: EntityRows) -> MessageState:
    """Return the state of stored rows."""
    row = cast("MessageRow", stored[0][0])
    file = None
    if row.sha256 is not None:
        file = StoredFile(row.file_name or "", row.media_type or "", row.file_size or 0, row.sha256)
    delivered = MessageDelivered(
        row.message_id,
        MessageKind(row.kind),
        row.subject,
        row.body,
        row.delivered_on,
        row.user_id,
        file,
        row.link,
    )
    readers = {cast("MessageReaderRow", one).reader for one in stored[1]}
    return MessageState(row.message_no, delivered, readers)


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the message that an event is about."""
    return stream_key(recorded.stream)


_KEY = ("message_id",)

MESSAGES: ReadModel[Any, MessageState] = ReadModel(
    name="messages",
    tables=(
        Table("messages", MessageRow, _KEY, _KEY),
        Table("message_readers", MessageReaderRow, _KEY, (*_KEY, "reader"), history=False),
    ),
    handles=(MessageDelivered, MessageRead),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)


class Attachment(Struct, frozen=True):
    """The file of a message."""

    user_id: str | None
    name: str
    media_type: str
    sha256: str
    content: bytes


def attachment_of(tenant: int, message_id: str) -> Query[Attachment]:
    """Return the question for the file of a message, and for whom it is; none if it has none."""
    statement = """
        SELECT m.user_id, m.file_name, m.media_type, f.sha256, f.content
        FROM messages m
        JOIN public.stored_files f ON f.tenant = m.tenant AND f.sha256 = m.sha256
        WHERE m.tenant = %(tenant)s AND m.message_id = %(message_id)s"""
    return Query(sql(statement), {"tenant": tenant, "message_id": message_id}, Attachment)


def delivered_among(tenant: int, message_ids: Sequence[str]) -> Query[str]:
    """Return the question for those of some messages that are delivered."""
    statement = """
        SELECT message_id FROM messages
        WHERE tenant = %(tenant)s AND message_id = ANY(%(ids)s)"""
    return Query(sql(statement), {"tenant": tenant, "ids": list(message_ids)}, str)
