"""Read model: user-defined fields that are kept here, of any type of record (UDF-04)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from msgspec.structs import astuple, replace

from domain.shared.record_types import KEY_PARTS_MAX, KEYS, RecordType
from domain.shared.streams import stream_key
from domain.user_fields import UserFields, UserFieldsErased, UserFieldsSet
from eventstore.log import Recorded
from projections.projection import EntityRows, ReadModel, Row, Table, begins_stream, build
from projections.query import Query, sql


class UserFieldsRow(Row, frozen=True, array_like=True, gc=False):
    """The fields of a record as known; parts that its key does not have are empty."""

    tenant: int
    record_type: str
    key1: str
    key2: str
    key3: str
    udf6: str | None
    udf7: str | None
    udf8: str | None
    udf9: str | None
    udf10: str | None
    known_from: datetime


def evolve(state: UserFieldsSet | None, recorded: Recorded) -> UserFieldsSet:
    """Remember the newest fields, and none once they are erased."""
    event = recorded.event
    if not isinstance(event, UserFieldsErased):
        return cast("UserFieldsSet", event)
    if state is None:
        raise LookupError(f"{recorded.stream} is not known.")
    return replace(state, fields=UserFields())


def rows(state: UserFieldsSet, tenant: int, known_from: datetime) -> EntityRows:
    """Return the record's row."""
    return (
        (
            build(
                UserFieldsRow,
                tenant,
                state.record_type.value,
                *padded(state.key),
                *astuple(state.fields),
                known_from,
            ),
        ),
    )


def restore(stored: EntityRows) -> UserFieldsSet:
    """Return the fields of a stored row."""
    record_type, *values = astuple(stored[0][0])[1:-1]
    kind = RecordType(record_type)
    return UserFieldsSet(
        kind, tuple(values[: len(KEYS[kind])]), UserFields(*values[KEY_PARTS_MAX:])
    )


def padded(key: Sequence[str]) -> tuple[str, ...]:
    """Return a record's key with an empty text for each part that it does not have."""
    return (*key, *("" for _ in range(KEY_PARTS_MAX - len(key))))


def key(recorded: Recorded) -> tuple[str, ...]:
    """Return the type and the padded key of the record that an event is about."""
    record_type, *key = stream_key(recorded.stream)
    return record_type, *padded(key)


_KEY = ("record_type", "key1", "key2", "key3")

USER_FIELDS: ReadModel[Any, UserFieldsSet] = ReadModel(
    name="user_fields",
    tables=(Table("user_fields", UserFieldsRow, _KEY, _KEY),),
    handles=(UserFieldsSet, UserFieldsErased),
    key=key,
    begins=begins_stream,
    restore=restore,
    evolve=evolve,
    rows=rows,
)


def user_fields_of(tenant: int, record_type: RecordType, key: Sequence[str]) -> Query[UserFields]:
    """Return the question for the fields of a record; no answer means that none was ever set."""
    return Query(
        sql(
            "SELECT udf6, udf7, udf8, udf9, udf10 FROM user_fields"
            " WHERE tenant = %(tenant)s AND record_type = %(record_type)s"
            " AND (key1, key2, key3) = (%(key1)s, %(key2)s, %(key3)s)"
        ),
        {
            "tenant": tenant,
            "record_type": record_type.value,
            **dict(zip(_KEY[1:], padded(key), strict=True)),
        },
        UserFields,
    )
