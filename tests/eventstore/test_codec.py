"""Stored forms are for ever: a golden sample of every event is decoded and encoded again."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from domain.account import AccountDocument, AccountOpened
from domain.catalogue import EVENT_TYPES
from eventstore import codec
from eventstore.codec import UnknownEvent, decode, encode

GOLDEN = Path(__file__).parents[1] / "golden" / "events.jsonl"


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


def test_a_name_that_nobody_knows_is_told() -> None:
    with pytest.raises(UnknownEvent, match="InvoiceEaten"):
        decode("InvoiceEaten", b"{}")


@pytest.fixture
def past_names() -> Generator[None]:
    """Two past shapes of an event: the first becomes the second, the second today's."""

    def once(fields: dict[str, object]) -> tuple[str, dict[str, object]]:
        return "CustomerOpened", {"key": ["1", fields["id"]]}

    def twice(fields: dict[str, object]) -> tuple[str, dict[str, object]]:
        company_id, cust_id = fields["key"]  # type: ignore[misc]
        return "AccountOpened", {"document": {"company_id": company_id, "cust_id": cust_id}}

    past = {"CustomerMade": once, "CustomerOpened": twice}
    codec.UPCASTERS.update(past)  # type: ignore[arg-type]
    yield
    for name in past:
        del codec.UPCASTERS[name]


def test_past_shapes_are_lifted_along_the_chain(past_names: None) -> None:
    assert decode("CustomerMade", b'{"id": "ACME"}') == AccountOpened(AccountDocument("1", "ACME"))
