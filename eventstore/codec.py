"""Events to stored bytes and back.

The stored form is the JSON of the event's fields in their declared order, defaults left out,
decimals as strings and dates as ISO text. It is stored once and never written again.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from domain.catalogue import EVENT_TYPES
from domain.shared.event import Event

Upcaster = Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]

UPCASTERS: dict[str, Upcaster] = {}
"""Past stored name -> what lifts its fields to a newer name, once or along a chain."""

_encoder = msgspec.json.Encoder()
_decoders: dict[str, msgspec.json.Decoder[Event]] = {
    name: msgspec.json.Decoder(event_type) for name, event_type in EVENT_TYPES.items()
}


class UnknownEvent(Exception):
    """The log holds an event that this version of the product does not know."""


class Unreadable(Event, frozen=True):
    """Stands in a page for an event that could not be decoded, and says why."""

    error: str


encode: Callable[[Event], bytes] = _encoder.encode


def encode_all(events: Sequence[Event]) -> list[bytes]:
    """Return the stored form of each event; in one call, for imports."""
    return _encoder.encode_lines(events).split(b"\n")[:-1]


def decode(type_name: str, data: bytes) -> Event:
    """Return the stored event.

    Raises:
        UnknownEvent: if its name is neither a known event nor leads to one through upcasters.
        msgspec.ValidationError: if its fields do not fit.
    """
    decoder = _decoders.get(type_name)
    if decoder is not None:
        return decoder.decode(data)
    upcaster = UPCASTERS.get(type_name)
    if upcaster is None:
        raise UnknownEvent(f"No event is known by the name {type_name}.")
    fields: dict[str, Any] = msgspec.json.decode(data)
    while upcaster is not None:
        type_name, fields = upcaster(fields)
        upcaster = UPCASTERS.get(type_name)
    event_type = EVENT_TYPES.get(type_name)
    if event_type is None:
        raise UnknownEvent(f"No event is known by the name {type_name}, to which another led.")
    return msgspec.convert(fields, event_type)
