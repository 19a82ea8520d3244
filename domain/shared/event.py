"""What every stored event is: a frozen fact in the past tense, stored under its class's name.

Stored for ever under these names and fields: events only gain fields with defaults; whatever
else changes takes a new name and an upcaster (`eventstore/codec.py`).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from msgspec import Struct

from domain.shared.personal import Named


class Event(Struct, frozen=True, omit_defaults=True, gc=False):
    """A fact of the business.

    `personal` marks its fields that tell of a person (`domain/shared/personal.py`): paths such as
    `document.person`, each with what stands there once the person is erased, None for nothing. It
    is whom the stream is about, or whom the event names in one of the ways of `names`; then it may
    be told of without them, and their erasure is none of the stream. `erases` says that nothing of
    the stream's person may be read from this event on.
    """

    personal: ClassVar[Mapping[str, Any]] = {}
    names: ClassVar[Sequence[Named]] = ()
    erases: ClassVar[bool] = False

    def effective_on(self, business_date: date) -> date:
        """Return the date on which the fact is true, `business_date` being that of its command."""
        return business_date
