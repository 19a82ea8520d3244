"""Who read personal data: what is recorded of a request, and the view of it.

This is no read model: it does not follow from the log, and is only ever added to.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from msgspec import Struct

from domain.contact import CONTACT
from domain.pending_payment import PENDING_PAYMENT
from domain.personal_contact import PERSONAL_CONTACT
from domain.shared.person import Person
from domain.shared.streams import stream_category
from domain.user import USER
from domain.user_fields import USER_FIELDS
from projections.api_keys import API_KEYS
from projections.users import USERS
from projections.view import Asked, Field, Kind, View

(_KEYS,) = API_KEYS.tables
(_USERS,) = USERS.tables

_PERSON = frozenset(Person.__struct_fields__)
_UDFS = frozenset(f"udf{number}" for number in range(1, 11))

PERSONAL_IN_STREAMS: Mapping[str, frozenset[str]] = {
    CONTACT.category: _PERSON | _UDFS,
    PERSONAL_CONTACT.category: _PERSON,
    PENDING_PAYMENT.category: frozenset({"entry_user_name"}),
    USER.category: frozenset({"email"}),
    USER_FIELDS.category: _UDFS,
}
"""Category of streams -> the fields of its events that tell of a person."""

CATEGORIES: Mapping[str, str] = {
    "contacts": CONTACT.category,
    "pending_payments": PENDING_PAYMENT.category,
    "personal_contacts": PERSONAL_CONTACT.category,
    "users": USER.category,
}
"""View with personal fields -> the category of its records' streams."""


def tells_of_person(stream: str, told: object) -> bool:
    """Whether what is told of an event of a stream, its data or a path, names a personal field."""
    names = PERSONAL_IN_STREAMS.get(stream_category(stream))
    if names is None or (
        stream_category(stream) == USER_FIELDS.category and f"/{CONTACT.category}/" not in stream
    ):
        return False
    return _named(told, names)


def _named(told: object, names: frozenset[str]) -> bool:
    match told:
        case str():
            return told.rpartition(".")[2] in names
        case dict():
            fields = cast("dict[str, object]", told)
            return any(
                key in names or (isinstance(value, dict) and _named(cast("object", value), names))
                for key, value in fields.items()
            )
        case _:
            return False


class PersonalRead(Struct, frozen=True):
    """What one request read of persons: by whom, which fields, and of whom, named by streams."""

    actor: str
    role: str
    user_id: str | None
    request_id: str
    operation: str | None
    fields: Sequence[str]
    subjects: Sequence[str]


RECORD_READ = """
    SELECT public.record_personal_read(%(tenant)s, %(actor)s, %(role)s, %(user_id)s,
        %(request_id)s, %(operation)s, %(fields)s, %(subjects)s)"""
"""The statement that records what was read, with `read_parameters`."""


def read_parameters(tenant: int, read: PersonalRead) -> dict[str, Any]:
    """Return the parameters of `RECORD_READ`."""
    return {
        "tenant": tenant,
        "actor": read.actor,
        "role": read.role,
        "user_id": read.user_id,
        "request_id": read.request_id,
        "operation": read.operation,
        "fields": list(read.fields),
        "subjects": list(read.subjects),
    }


class AskedOfReads(Asked, frozen=True, kw_only=True):
    """For whom readings are asked: of all subjects, or of the one that a stream names."""

    read_subject: str | None

    @property
    def parameters(self) -> dict[str, Any]:
        """The named parameters that every statement over the readings may use."""
        told = Asked.parameters.fget(self)  # pyright: ignore[reportOptionalCall]
        return told | {"read_subject": self.read_subject}


def asked_of_reads(asked: Asked, subject: str | None) -> AskedOfReads:
    """Return what is asked, of a subject or of all."""
    told = {name: getattr(asked, name) for name in Asked.__struct_fields__}
    return AskedOfReads(**told, read_subject=subject)


def _source(asked: Asked) -> str:  # noqa: ARG001
    return "public.personal_data_reads r"


def _where(asked: Asked) -> str:
    of_one = """ AND r.read_id IN (SELECT s.read_id FROM public.personal_data_read_subjects s
            WHERE s.tenant = %(tenant)s AND s.subject = %(read_subject)s)"""
    told = asked.parameters.get("read_subject") is not None
    return f"r.tenant = %(tenant)s{of_one if told else ''}"


def _key(asked: Asked) -> str:  # noqa: ARG001
    return f"""LEFT JOIN {_KEYS.name} k
        ON k.tenant = r.tenant AND r.actor = 'key/' || k.key_id"""


def _user(asked: Asked) -> str:  # noqa: ARG001
    return f"LEFT JOIN {_USERS.name} u ON u.tenant = r.tenant AND u.user_id = r.user_id"


_SUBJECTS = """FROM public.personal_data_read_subjects s
            WHERE s.tenant = r.tenant AND s.read_id = r.read_id"""

PERSONAL_DATA_READS = View(
    name="personal_data_reads",
    description="Requests that read personal data, of the roles of which this is recorded.",
    key=("read_id",),
    source=_source,
    where=_where,
    joins={"key": _key, "user": _user},
    fields=(
        Field("read_id", Kind.INTEGER, "Its number; later readings have larger ones.", "r.read_id"),
        Field("read_at", Kind.MOMENT, "When it was read.", "r.read_at"),
        Field("actor", Kind.TEXT, "Who read it, as the log names them.", "r.actor"),
        Field(
            "actor_name",
            Kind.TEXT,
            "The name of that API key.",
            "k.name",
            nullable=True,
            needs=("key",),
        ),
        Field("role", Kind.TEXT, "The role in which it was read.", "r.role"),
        Field("user_id", Kind.TEXT, "The user for whom.", "r.user_id", nullable=True),
        Field("user_name", Kind.TEXT, "The user's name.", "u.name", nullable=True, needs=("user",)),
        Field(
            "request_id",
            Kind.TEXT,
            "The request's id, which is the correlation of what it did besides.",
            "r.request_id",
        ),
        Field(
            "operation",
            Kind.TEXT,
            "What the request's operation was called, or the path of a download.",
            "r.operation",
            nullable=True,
        ),
        Field(
            "fields",
            Kind.JSON,
            "Which fields were read: a list such as contacts.cntct_name.",
            "to_jsonb(r.fields)::text",
        ),
        Field(
            "subjects",
            Kind.JSON,
            "Of whom: a list of the streams of the records, such as contact/1/ACME/7.",
            f"""(SELECT coalesce(jsonb_agg(s.subject ORDER BY s.subject), '[]')::text
            {_SUBJECTS})""",
        ),
        Field("subject_count", Kind.INTEGER, "Of how many.", f"(SELECT count(*) {_SUBJECTS})"),
    ),
)
