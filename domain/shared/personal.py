"""What is personal: whom a stream is about, and what stands for a person who was erased.

Events mark their personal fields (`domain/shared/event.py`). They can be read for as long as the
person has a key; erasing the person destroys it, and nothing else of the log changes.
"""

from collections.abc import Mapping
from typing import Any

from domain.shared.record_types import RecordType

ERASED = "[erased]"
"""What stands for the name of a person who was erased."""

ERASED_PERSON: Mapping[str, Any] = {"cntct_name": ERASED}
"""What stands for a `Person` who was erased."""

_ABOUT_PERSONS = ("contact/", "personal_contact/", "user/")
_FIELDS_OF_CONTACT = f"user_fields/{RecordType.CONTACT.value}/"


def person_of(stream: str) -> str | None:
    """Return the person whom a stream is about, by the name of their own stream; None if nobody.

    What was entered beside a contact is about the contact.
    """
    if stream.startswith(_ABOUT_PERSONS):
        return stream
    if stream.startswith(_FIELDS_OF_CONTACT):
        return f"contact/{stream.removeprefix(_FIELDS_OF_CONTACT)}"
    return None
