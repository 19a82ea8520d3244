"""View: the log itself, event by event, for auditors (LOG-01): all of it, or about one subject.

What is personal of an event comes encrypted and with its key; `told_data` opens it.
"""

from typing import Any

import msgspec
from msgspec.structs import replace

from domain.conditions import ALWAYS, AnyOf, Compared, Condition, Negated, Operator
from domain.personal_contact import PERSONAL_CONTACT
from eventstore.encryption import KEY_JOIN, PERSONAL_TYPES, open_with
from projections.api_keys import API_KEYS
from projections.subjects import Subject, subject_events, subject_parameters
from projections.users import USERS
from projections.view import Asked, Field, Kind, View

(_KEYS,) = API_KEYS.tables
(_USERS,) = USERS.tables

_WITH_KEY = "with_key"
_TYPES = ", ".join(f"'{name}'" for name in sorted(PERSONAL_TYPES))

_DATA = f"""CASE WHEN e.type IN ({_TYPES}) THEN json_build_object('{_WITH_KEY}', json_build_array(
    e.tenant, e.stream, e.version, e.type, convert_from(e.data, 'UTF8'),
    encode(pk.wrapped, 'hex'), encode(pk.master, 'hex')))::text
    ELSE convert_from(e.data, 'UTF8') END"""


def seen_by(actor: str | None) -> Condition:
    """Return what holds of events that an actor may see: personal contacts are their owner's.

    None stands for who sees every event, as the log must be proven whole.
    """
    if actor is None:
        return ALWAYS
    of_persons = Compared("stream", Operator.STARTS_WITH, f"{PERSONAL_CONTACT.category}/")
    return AnyOf([Negated(of_persons), Compared("actor", Operator.EQ, actor)])


COLUMNS = (
    "e.tenant, e.position, e.stream, e.version, e.type, e.data, e.effective_on, e.recorded_at,"
    " e.actor, e.cause, e.correlation"
)
"""The columns of an event."""


class AskedAbout(Asked, frozen=True, kw_only=True):
    """For whom and for when a trail is asked, and about which subject."""

    subject: Subject

    @property
    def parameters(self) -> dict[str, Any]:
        """The named parameters that every statement over the trail may use."""
        return Asked.parameters.fget(self) | subject_parameters(self.subject)  # pyright: ignore[reportOptionalCall]


def asked_about(asked: Asked, subject: Subject) -> AskedAbout:
    """Return what is asked, about a subject."""
    told = {name: getattr(asked, name) for name in Asked.__struct_fields__}
    return AskedAbout(**told, subject=subject)


def trail_of(subject: Subject) -> View:
    """Return the view of the events about a subject, which is asked with `asked_about` it."""

    def source(asked: Asked) -> str:  # noqa: ARG001
        return f"({subject_events(subject, COLUMNS)}) e"

    return replace(AUDIT_TRAIL, source=source)


def told_data(read: Any) -> Any:
    """Return the JSON of an event as it is told: of who was erased, with what stands for that.

    `read` is the field `data` as it was read.
    """
    if _WITH_KEY not in read:
        return read
    return msgspec.json.decode(_opened(read))


def told_text(read: str) -> bytes:
    """Return the JSON of an event as text, from the text that was read."""
    if not read.startswith(f'{{"{_WITH_KEY}"'):
        return read.encode()
    return _opened(msgspec.json.decode(read))


def _opened(read: Any) -> bytes:
    tenant, stream, version, type_name, data, *key = read[_WITH_KEY]
    wrapped, master = (None if told is None else bytes.fromhex(told) for told in key)
    return open_with(tenant, stream, version, type_name, data.encode(), wrapped, master)


def _source(asked: Asked) -> str:  # noqa: ARG001
    return "public.events e"


def _where(asked: Asked) -> str:
    known = ""
    if asked.known_at is not None:
        known = " AND e.position <= (SELECT public.position_at(%(tenant)s, %(known_at)s))"
    return f"e.tenant = %(tenant)s{known}"


def _key(asked: Asked) -> str:  # noqa: ARG001
    return f"""LEFT JOIN {_KEYS.name} k
        ON k.tenant = e.tenant AND e.actor = 'key/' || k.key_id"""


def _user(asked: Asked) -> str:  # noqa: ARG001
    return f"LEFT JOIN {_USERS.name} u ON u.tenant = k.tenant AND u.user_id = k.user_id"


AUDIT_TRAIL = View(
    name="audit_trail",
    description="Events of the log in the order in which they were recorded.",
    key=("position",),
    source=_source,
    where=_where,
    joins={"key": _key, "user": _user, "person_key": lambda _: KEY_JOIN},
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
        Field(
            "category",
            Kind.TEXT,
            "What kind of thing the event is about, such as invoice: the stream's category.",
            "split_part(e.stream, '/', 1)",
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
            needs=("person_key",),
        ),
        Field(
            "effective_on",
            Kind.DATE,
            "The date on which the fact is true in business terms.",
            "e.effective_on",
        ),
        Field("recorded_at", Kind.MOMENT, "When it was recorded in the log.", "e.recorded_at"),
        Field("actor", Kind.TEXT, "Who asked: a user, an API key or a job.", "e.actor"),
        Field(
            "actor_name",
            Kind.TEXT,
            "The name of the API key that it was, if it was one.",
            "k.name",
            nullable=True,
            needs=("key",),
        ),
        Field(
            "user_id",
            Kind.TEXT,
            "The user for whom that key acts.",
            "k.user_id",
            nullable=True,
            needs=("key",),
        ),
        Field(
            "user_name",
            Kind.TEXT,
            "The user's name.",
            "u.name",
            nullable=True,
            needs=("key", "user"),
        ),
        Field("cause", Kind.TEXT, "The command, job or event that led here.", "e.cause"),
        Field(
            "correlation",
            Kind.TEXT,
            "Shared by everything that one request or run set off.",
            "e.correlation",
        ),
    ),
)
