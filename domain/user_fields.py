"""The user-defined fields of a record that are kept here: udf6 to udf10 (UDF-04).

    unset --set--> set --set--> set to another value --erase--> erased, with its person

One stream for each record that has any, whatever its type. No sync ever touches them (SYN-08):
an export has no word for them. Those of a contact or a sales person are about a person, and erased
with them.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, TypeAlias

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict, replace

from domain.shared.decider import Decider, Refused
from domain.shared.event import Event
from domain.shared.record_types import KEYS, RecordType
from domain.shared.text import camel, entered

FIELD_CHARACTERS_MAX = 1_000


class UserFields(Struct, frozen=True, omit_defaults=True, gc=False):
    """The fields, null where nobody entered anything; captions are an option of the site."""

    udf6: str | None = None
    udf7: str | None = None
    udf8: str | None = None
    udf9: str | None = None
    udf10: str | None = None

    def __repr__(self) -> str:
        return "UserFields(…)"


class UserFieldsSet(Event, frozen=True, omit_defaults=True, gc=False):
    """Somebody entered user-defined fields of a record; these hold from now on."""

    personal: ClassVar[Mapping[str, Any]] = {"fields": {}}

    record_type: RecordType
    key: tuple[str, ...]
    fields: UserFields


class UserFieldsErased(Event, frozen=True, omit_defaults=True, gc=False):
    """The person whose fields they are was erased, and they with them."""

    erases: ClassVar[bool] = True

    erased_on: date


UserFieldsEvent: TypeAlias = UserFieldsSet | UserFieldsErased


class SetUserFields(Struct, frozen=True, gc=False):
    """Enter the fields that are given: null clears one, and one that is not given stays.

    `known` says whether there is such a record.
    """

    record_type: RecordType
    key: tuple[str, ...]
    udf6: str | UnsetType | None = UNSET
    udf7: str | UnsetType | None = UNSET
    udf8: str | UnsetType | None = UNSET
    udf9: str | UnsetType | None = UNSET
    udf10: str | UnsetType | None = UNSET
    known: bool = False

    def knowing(self, facts: Sequence[Any]) -> "SetUserFields":
        """Return the command that knows whether the record is there."""
        (known,) = facts
        return replace(self, known=known)


class EraseUserFields(Struct, frozen=True, gc=False):
    """Erase the fields of a person, if the erasure was `granted`."""

    business_date: date
    granted: bool = False

    def knowing(self, facts: Sequence[bool]) -> "EraseUserFields":
        """Return the command that knows whether the erasure was granted."""
        return replace(self, granted=facts[0])


class Erased(Struct, frozen=True):
    """The fields were of a person who was erased."""


State: TypeAlias = UserFields | Erased


def evolve(state: State, event: UserFieldsEvent) -> State:  # noqa: ARG001
    """Remember `event`."""
    match event:
        case UserFieldsSet():
            return event.fields
        case UserFieldsErased():
            return Erased()


def decide(command: SetUserFields | EraseUserFields, state: State) -> Sequence[UserFieldsEvent]:
    """Return the facts that `command` adds."""
    match command, state:
        case EraseUserFields(day, granted), _:
            return [UserFieldsErased(day)] if granted and state != Erased() else []
        case SetUserFields(), Erased():
            raise Refused("record_erased", "The person whose record this was was erased.", "key")
        case SetUserFields(), UserFields():
            return enter(command, state)


def enter(command: SetUserFields, fields: UserFields) -> Sequence[UserFieldsEvent]:
    """Enter what differs, if it may be."""
    parts = KEYS[command.record_type]
    if len(command.key) != len(parts):
        told = ", ".join(camel(part) for part in parts)
        raise Refused("record_key_invalid", f"The key of this type of record is {told}.", "key")
    if not command.known:
        raise Refused("record_unknown", "There is no such record.", "key")
    changes = {
        name: entered(value, "user_field", name, FIELD_CHARACTERS_MAX)
        for name in UserFields.__struct_fields__
        if (value := asdict(command)[name]) is not UNSET
    }
    changed = replace(fields, **changes)
    if changed == fields:
        return []
    return [UserFieldsSet(command.record_type, command.key, changed)]


USER_FIELDS: Decider[State, SetUserFields | EraseUserFields, UserFieldsEvent] = Decider(
    category="user_fields",
    events=(UserFieldsSet, UserFieldsErased),
    initial=UserFields(),
    evolve=evolve,
    decide=decide,
)
