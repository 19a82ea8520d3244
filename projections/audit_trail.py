"""View: the log itself, event by event, for auditors (LOG-01).

What is personal of an event comes encrypted and with its key; `told_data` opens it.
"""

from typing import Any

import msgspec

from eventstore.sealing import KEY_JOIN, PERSONAL_TYPES, open_with
from projections.view import Asked, Field, Kind, View

_WITH_KEY = "with_key"
_TYPES = ", ".join(f"'{name}'" for name in sorted(PERSONAL_TYPES))

_DATA = f"""CASE WHEN e.type IN ({_TYPES}) THEN json_build_object('{_WITH_KEY}', json_build_array(
    e.tenant, e.stream, e.version, e.type, convert_from(e.data, 'UTF8'),
    encode(k.wrapped, 'hex'), encode(k.master, 'hex')))::text
    ELSE convert_from(e.data, 'UTF8') END"""


def told_data(read: Any) -> Any:
    """Return the JSON of an event as it is told: of who was erased, with what stands for that.

    `read` is the field `data` as it was read.
    """
    if _WITH_KEY not in read:
        return read
    tenant, stream, version, type_name, data, *key = read[_WITH_KEY]
    wrapped, master = (None if told is None else bytes.fromhex(told) for told in key)
    opened = open_with(tenant, stream, version, type_name, data.encode(), wrapped, master)
    return msgspec.json.decode(opened)


def _source(asked: Asked) -> str:  # noqa: ARG001
    return "public.events e"


def _where(asked: Asked) -> str:
    known = ""
    if asked.known_at is not None:
        known = " AND e.position <= public.position_at(%(tenant)s, %(known_at)s)"
    return f"e.tenant = %(tenant)s{known}"


AUDIT_TRAIL = View(
    name="audit_trail",
    description="Events of the log in the order in which they were recorded.",
    key=("position",),
    source=_source,
    where=_where,
    joins={"key": lambda _: KEY_JOIN},
    fields=(
        Field(
            "position",
            Kind.INTEGER,
            "Place in the tenant's log: from 1, without gaps.",
            "e.position",
        ),
        Field(
            "stream",
            Kind.TEXT,
            "What the event is about, such as invoice/406/0000611365: category and natural key.",
            "e.stream",
        ),
        Field("version", Kind.INTEGER, "Place in the stream: from 1, without gaps.", "e.version"),
        Field("type", Kind.TEXT, "What happened, such as PaymentApplied.", "e.type"),
        Field(
            "data",
            Kind.JSON,
            "The event: amounts are decimal strings, fields at their default left out. It is as"
            " stored, but for what is personal: that is stored encrypted, and can be read here"
            " until the person is erased.",
            _DATA,
            needs=("key",),
        ),
        Field(
            "effective_on",
            Kind.DATE,
            "The date on which the fact is true in business terms.",
            "e.effective_on",
        ),
        Field("recorded_at", Kind.MOMENT, "When it was recorded in the log.", "e.recorded_at"),
        Field("actor", Kind.TEXT, "Who asked: a user, an API key or a job.", "e.actor"),
        Field("cause", Kind.TEXT, "The command, job or event that led here.", "e.cause"),
        Field(
            "correlation",
            Kind.TEXT,
            "Shared by everything that one request or run set off.",
            "e.correlation",
        ),
    ),
)
