"""What is personal: whom an event is about, and what stands for a person who was erased.

Events mark their personal fields (`domain/shared/event.py`). They can be read for as long as the
person has a key; erasing the person destroys it, and nothing else of the log changes. Most are
about the person whom their stream is about; others name somebody by an id.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from msgspec import Struct

from domain.shared.record_types import RecordType
from domain.shared.streams import stream_name

ERASED = "[erased]"
"""What stands for the name of a person who was erased."""

ERASED_PERSON: Mapping[str, Any] = {"cntct_name": ERASED}
"""What stands for a `Person` who was erased."""

_ABOUT_PERSONS = ("contact/", "personal_contact/", "sales_person/", "user/")

FIELDS_OF_PERSONS: Mapping[str, str] = {
    f"user_fields/{kind.value}/": f"{kind.value}/"
    for kind in (RecordType.CONTACT, RecordType.SALES_PERSON)
}
"""How streams begin that are about what was entered beside a person -> how the person's does."""


class Named(Struct, frozen=True):
    """A way in which an event names a person: a category, and the paths of the parts of the key."""

    category: str
    paths: tuple[str, ...]

    def person(self, fields: object) -> str | None:
        """Return the person whom an event or its JSON names; None if it names nobody so."""
        parts = [_at(fields, path) for path in self.paths]
        return stream_name(self.category, *map(str, parts)) if all(parts) else None


def _at(fields: object, path: str) -> Any:
    found = fields
    for name in path.split("."):
        if isinstance(found, Mapping):
            found = cast("Mapping[str, Any]", found).get(name)
        else:
            found = getattr(found, name)
    return found


def person_of(stream: str) -> str | None:
    """Return the person whom a stream is about, by the name of their own stream; None if nobody.

    What was entered beside a contact or a sales person is about them.
    """
    if stream.startswith(_ABOUT_PERSONS):
        return stream
    for begins, person in FIELDS_OF_PERSONS.items():
        if stream.startswith(begins):
            return person + stream.removeprefix(begins)
    return None


def person_told(names: Sequence[Named], stream: str, fields: object) -> str | None:
    """Return the person whom the personal fields of an event are about; None if nobody.

    `names` are the ways in which events of its type name somebody, the first that does counts;
    if none does, it is whom the stream is of.
    """
    if not names:
        return person_of(stream)
    for one in names:
        if (person := one.person(fields)) is not None:
            return person
    return stream
