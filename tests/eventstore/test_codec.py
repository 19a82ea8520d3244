"""Stored forms are for ever: a golden sample of every event is decoded and encoded again."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from msgspec import Struct, ValidationError

from domain.account import AccountDocument, AccountOpened
from domain.catalogue import EVENT_TYPES
from domain.shared.event import Event
from eventstore import codec
from eventstore.codec import UnknownEvent, decode, encode

GOLDEN = Path(__file__).parents[1] / "golden" / "events.jsonl"


def sample_line(event: Event) -> str:
    """The line to add for a new event, or beside the old one when an event gains a field.

    `python -c "from tests.eventstore.test_codec import *; print(sample_line(...))"` with every
    field set. A line that is there is never changed: it is what old logs hold.
    """
    return f"{type(event).__name__}\t{encode(event).decode()}"


def samples() -> list[tuple[str, bytes]]:
    """Each line of the file is a stored name, a tab, and the stored bytes."""
    lines = GOLDEN.read_text(encoding="utf-8").splitlines()
    return [(name, data.encode()) for name, data in (line.split("\t", 1) for line in lines)]


@pytest.mark.parametrize(("name", "data"), samples())
def test_a_stored_event_is_decoded_and_encoded_byte_for_byte(name: str, data: bytes) -> None:
    event = decode(name, data)

    assert type(event) is EVENT_TYPES[name]
    assert encode(event) == data


def test_every_event_has_a_sample_with_every_field() -> None:
    sampled: dict[str, set[str]] = {}
    for name, data in samples():
        sampled.setdefault(name, set()).update(json.loads(data))
    fields = {name: set(one.__struct_fields__) for name, one in EVENT_TYPES.items()}
    assert sampled == fields


def structs_in(annotation: object) -> set[type[Struct]]:
    """The structs that a type is made of, itself included."""
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        hints = get_type_hints(annotation)
        inner = [structs_in(hints[name]) for name in annotation.__struct_fields__]
        return {annotation}.union(*inner)
    return set().union(*map(structs_in, get_args(annotation)))


def set_fields(value: object, found: dict[type[Struct], set[str]]) -> None:
    """Add to `found` which fields of which structs are set in `value` to more than a default."""
    if isinstance(value, Struct):
        for name, default in zip(
            reversed(value.__struct_fields__), reversed(value.__struct_defaults__), strict=False
        ):
            if getattr(value, name) != default:
                found.setdefault(type(value), set()).add(name)
        required = len(value.__struct_fields__) - len(value.__struct_defaults__)
        found.setdefault(type(value), set()).update(value.__struct_fields__[:required])
        for name in value.__struct_fields__:
            set_fields(getattr(value, name), found)
    elif isinstance(value, tuple | list | frozenset):
        for one in value:
            set_fields(one, found)


def test_the_samples_set_every_field_of_what_events_are_made_of() -> None:
    found: dict[type[Struct], set[str]] = {}
    for name, data in samples():
        set_fields(decode(name, data), found)
    expected = set().union(*map(structs_in, EVENT_TYPES.values()))
    assert len(expected) > len(EVENT_TYPES)
    assert found == {one: set(one.__struct_fields__) for one in expected}


def test_a_new_sample_is_a_line_that_is_read_back() -> None:
    event = AccountOpened(AccountDocument("1", "ACME", "Acme\t\n"), implied=True)
    name, data = sample_line(event).split("\t", 1)
    assert decode(name, data.encode()) == event
    assert "\n" not in data


def test_a_name_that_nobody_knows_is_told() -> None:
    with pytest.raises(UnknownEvent, match="InvoiceEaten"):
        decode("InvoiceEaten", b"{}")


@pytest.fixture
def past_names() -> Generator[None]:
    """Past shapes of an event: the first becomes the second, the second today's; one is lost."""

    def once(fields: dict[str, object]) -> tuple[str, dict[str, object]]:
        return "CustomerOpened", {"key": ["1", fields["id"]]}

    def twice(fields: dict[str, object]) -> tuple[str, dict[str, object]]:
        company_id, cust_id = fields["key"]  # type: ignore[misc]
        return "AccountOpened", {"document": {"company_id": company_id, "cust_id": cust_id}}

    def nowhere(fields: dict[str, object]) -> tuple[str, dict[str, object]]:
        return "CustomerForgotten", fields

    past = {"CustomerMade": once, "CustomerOpened": twice, "CustomerLost": nowhere}
    codec.UPCASTERS.update(past)  # type: ignore[arg-type]
    yield
    for name in past:
        del codec.UPCASTERS[name]


def test_past_shapes_are_lifted_along_the_chain(past_names: None) -> None:
    assert decode("CustomerMade", b'{"id": "ACME"}') == AccountOpened(AccountDocument("1", "ACME"))


def test_a_past_shape_that_leads_nowhere_is_told(past_names: None) -> None:
    with pytest.raises(UnknownEvent, match="CustomerForgotten"):
        decode("CustomerLost", b"{}")


def test_a_past_shape_must_fit_as_strictly_as_todays(past_names: None) -> None:
    with pytest.raises(ValidationError, match="Expected `str`"):
        decode("CustomerOpened", b'{"key": [1, "ACME"]}')
