"""What events changed: replayed in order, the changes of a stream give its final state."""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.balance_changes import Unexplained
from domain.catalogue import DECIDERS
from domain.contact import ContactAdded, ContactDocument, ContactRemoved
from domain.invoice import (
    InvoiceBalanceReconciled,
    InvoiceDocument,
    InvoiceRegistered,
    PaymentApplied,
    PaymentUnapplied,
)
from domain.promise import ExpectedPaymentRecorded, PromiseReceiptCounted
from domain.receipts import Receipt
from domain.shared.event import Event
from domain.shared.person import Person
from domain.shared.streams import stream_category
from domain.site_options import SiteOptions, SiteOptionsChanged
from eventstore.codec import encode
from projections.audit_changes import (
    Change,
    StoredEvent,
    Stream,
    applied,
    changes_between,
    changes_of,
    flat,
    initial_fields,
)
from tests.histories import BATCHES, Told, appended

ON = date(2026, 3, 2)
OF_CATEGORY = {one.category: one for one in DECIDERS}


def stored(stream: str, events: Iterable[Event]) -> list[StoredEvent]:
    return [
        StoredEvent(stream, version, type(event).__name__, encode(event))
        for version, event in enumerate(events, 1)
    ]


def told(stream: str, *events: Event) -> list[list[Change] | None]:
    """What each event of a stream changed."""
    replayed = Stream(stream)
    return [replayed.next(one) for one in stored(stream, events)]


def test_an_invoice_tells_exact_amounts_by_path() -> None:
    document = InvoiceDocument(
        "1", "I1", "ACME", ON, Decimal("100.50"), "EUR", Decimal("100.50"), "EUR"
    )
    payment = ("1", "I1", "P.1", Decimal("0.10"), Decimal("0.10"), ON)
    registered, paid, explained, void = told(
        "invoice/1/I1",
        InvoiceRegistered(document, ON, ON),
        PaymentApplied(*payment),
        InvoiceBalanceReconciled((Unexplained(ON, Decimal(-5), Decimal(-5)),)),
        PaymentUnapplied(*payment),
    )
    assert registered == [
        Change("state", "NotRegistered", "Registered"),
        Change("document.company_id", None, "1"),
        Change("document.tran_id", None, "I1"),
        Change("document.cust_id", None, "ACME"),
        Change("document.tran_date", None, "2026-03-02"),
        Change("document.amount", None, "100.50"),
        Change("document.curr_id", None, "EUR"),
        Change("document.amount_hc", None, "100.50"),
        Change("document.home_curr_id", None, "EUR"),
        Change("document.type", None, "IN"),
        Change("effective_from", None, "2026-03-02"),
        Change("first_seen_on", None, "2026-03-02"),
    ]
    assert paid == [
        Change("applications.P\\.1.amount", None, "0.10"),
        Change("applications.P\\.1.amount_hc", None, "0.10"),
        Change("applications.P\\.1.applied_on", None, "2026-03-02"),
    ]
    assert explained == [
        Change("unexplained.0.effective_on", None, "2026-03-02"),
        Change("unexplained.0.amount", None, "-5"),
        Change("unexplained.0.amount_hc", None, "-5"),
    ]
    assert void == [Change(one.field, one.after, None) for one in paid]


def test_records_without_an_order_are_told_whole() -> None:
    recorded = ExpectedPaymentRecorded(
        "P1", "1", "ACME", Decimal(100), "EUR", ON, ON, ("I1",), promise=True
    )
    receipts = [Receipt(ON, Decimal("40.00"), "P1", "I1"), Receipt(ON, Decimal(-1))]
    _, *counted = told("promise/P1", recorded, *(PromiseReceiptCounted(one) for one in receipts))
    first = {"dated": "2026-03-02", "amount": "40.00", "payment_id": "P1", "tran_id": "I1"}
    assert counted == [
        [Change("receipts", None, [first])],
        [Change("receipts", [first], [{"dated": "2026-03-02", "amount": "-1"}, first])],
    ]


def test_what_was_a_default_before_is_told() -> None:
    options = SiteOptions(credit_apr=12, age_unapplied=True)
    assert told("site_options/site", SiteOptionsChanged(options)) == [
        [Change("age_unapplied", False, True), Change("credit_apr", 10, 12)]
    ]


def test_what_is_gone_has_no_value_any_more() -> None:
    document = ContactDocument("1", "ACME", "c", Person(cntct_name="Zoe"))
    _, removed = told(
        "contact/1/ACME/c", ContactAdded(document, ON), ContactRemoved("1", "ACME", "c", ON)
    )
    assert removed is not None
    assert removed[0] == Change("state", "Known", "Removed")
    assert Change("document.person.cntct_name", "Zoe", None) in removed


def test_a_stream_that_cannot_be_read_tells_no_changes_from_there_on() -> None:
    stream = Stream("site_options/site")
    changed = SiteOptionsChanged(SiteOptions(credit_apr=12))
    (event,) = stored("site_options/site", [changed])
    assert stream.next(event) == [Change("credit_apr", 10, 12)]
    assert stream.next(StoredEvent("site_options/site", 2, "FromTheFuture", b"{}")) is None
    assert stream.next(StoredEvent("site_options/site", 3, event.type, event.data)) is None
    assert Stream("nothing_of_ours/1").next(event) is None
    assert Stream("site_options/site").next(StoredEvent("", 1, event.type, b"{}")) is None


def test_no_state_has_a_field_of_the_name_of_its_type() -> None:
    for decider in DECIDERS:
        assert "state" not in getattr(decider.initial, "__struct_fields__", ())
        assert flat(decider.initial) == initial_fields(decider.category)


def _streams(appends: Sequence[Sequence[tuple[str, Event]]]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for append in appends:
        for stream, event in append:
            found.setdefault(stream, []).append(event)
    return found


@given(BATCHES)
def test_the_changes_of_a_stream_lead_to_its_state(batches: list[list[Told]]) -> None:
    for stream, events in _streams(appended(batches)).items():
        decider = OF_CATEGORY[stream_category(stream)]
        fields = initial_fields(decider.category)
        state: Any = decider.initial
        for event, changes in zip(events, told(stream, *events), strict=True):
            assert changes is not None
            after = decider.evolve(state, event)
            assert (flat(after) == flat(state)) == (changes == [])
            fields, state = applied(fields, changes), after
            assert "state" not in getattr(state, "__struct_fields__", ())
        assert fields == flat(decider.replay(events))
        assert json.loads(json.dumps(fields)) == fields
        assert not any(isinstance(one, float) for one in fields.values())


@given(BATCHES, st.data())
def test_what_is_asked_of_several_streams_is_told_of_each(
    batches: list[list[Told]], data: st.DataObject
) -> None:
    streams = _streams(appended(batches))
    events = [event for name in sorted(streams) for event in stored(name, streams[name])]
    wanted = frozenset(
        (one.stream, one.version) for one in events if data.draw(st.booleans(), one.stream)
    )
    alone = {
        (name, version): changes
        for name, told_of in streams.items()
        for version, changes in enumerate(told(name, *told_of), 1)
    }
    assert changes_of(events, wanted) == {one: alone[one] for one in wanted}


@given(BATCHES)
def test_changes_between_any_two_states_lead_from_one_to_the_other(
    batches: list[list[Told]],
) -> None:
    for stream, events in _streams(appended(batches)).items():
        decider = OF_CATEGORY[stream_category(stream)]
        states = [flat(decider.replay(events[:count])) for count in range(len(events) + 1)]
        for before in states:
            for after in states:
                assert applied(before, changes_between(before, after)) == after
