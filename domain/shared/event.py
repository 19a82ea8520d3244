"""What every stored event is: a frozen fact in the past tense, stored under its class's name.

Stored for ever under these names and fields: events only gain fields with defaults; whatever
else changes takes a new name and an upcaster (`eventstore/codec.py`).
"""

from datetime import date

from msgspec import Struct


class Event(Struct, frozen=True, omit_defaults=True, gc=False):
    """A fact of the business."""

    def effective_on(self, business_date: date) -> date:
        """Return the date on which the fact is true, `business_date` being that of its command."""
        return business_date
