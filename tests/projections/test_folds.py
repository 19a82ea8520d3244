"""The pure folds: a page cut anywhere folds to the same rows, and neighbours stay untouched."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import astuple

from domain.api_key import ApiKeyRevoked
from domain.balance_changes import Unexplained
from domain.durations import FOREVER, OPEN_ENDED, duration_class
from domain.invoice import (
    INVOICE,
    ImportInvoice,
    InvoiceBalanceReconciled,
    InvoiceClosed,
    InvoiceDocument,
    InvoiceRegistered,
    PaymentApplied,
)
from domain.shared.event import Event
from domain.shared.streams import stream_name
from eventstore.log import Recorded
from projections.api_keys import API_KEYS
from projections.catalogue import READ_MODELS
from projections.invoices import INVOICES
from projections.projection import EntityRows, ReadModel, fold, keys_to_load, sort_out
from tests.histories import BATCHES, DAYS, Plain, Told, added_up, appended, day, imports

START = datetime(2026, 1, 1, tzinfo=UTC)
TENANT = 7


def recorded(appends: Iterable[Sequence[tuple[str, Event]]]) -> list[Recorded]:
    """Events of several appends, with positions, versions and moments as a log gives them."""
    found: list[Recorded] = []
    versions: dict[str, int] = {}
    for number, append in enumerate(appends):
        for stream, event in append:
            versions[stream] = versions.get(stream, 0) + 1
            at = START + timedelta(minutes=number)
            found.append(Recorded(len(found) + 1, stream, versions[stream], event, at))
    return found


class Tables:
    """The tables of a read model, kept as the runner keeps them."""

    def __init__(self, read_model: ReadModel[Any, Any]) -> None:
        self.read_model = read_model
        count = len(read_model.tables)
        self.live: list[set[tuple[Any, ...]]] = [set() for _ in range(count)]
        self.history: list[list[tuple[Any, ...]]] = [[] for _ in range(count)]

    def take(self, page: Sequence[Recorded], *, whole_streams: bool = False) -> None:
        relevant = sort_out([self.read_model], page)[self.read_model.name]
        keys = [] if whole_streams else keys_to_load(self.read_model, relevant)
        folded = fold(self.read_model, TENANT, relevant, self._stored(keys))
        for number in range(len(self.live)):
            for row in folded.removed[number]:
                self.live[number].remove(astuple(row))
            for row in folded.added[number]:
                assert astuple(row) not in self.live[number]
                self.live[number].add(astuple(row))
            self.history[number] += [
                (*astuple(one.row), one.known_to) for one in folded.superseded[number]
            ]
            assert all(row[-2] < row[-1] for row in self.history[number])
        for table, rows in zip(self.read_model.tables, self.live, strict=True):
            places = [table.columns.index(column) for column in table.key]
            assert len({tuple(row[place] for place in places) for row in rows}) == len(rows)

    def _stored(self, keys: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], EntityRows]:
        found: dict[tuple[str, ...], list[list[Any]]] = {}
        for number, table in enumerate(self.read_model.tables):
            places = [table.columns.index(column) for column in table.entity_key]
            for values in self.live[number]:
                key = tuple(values[place] for place in places)
                if key in keys:
                    rows = found.setdefault(key, [[] for _ in self.read_model.tables])
                    rows[number].append(table.row(*values))
        return {key: tuple(rows) for key, rows in found.items()}

    def known_since(self, moment: datetime) -> list[list[tuple[Any, ...]]]:
        """The rows of each table as known at a moment."""
        return [
            [row for row in live if row[-1] <= moment]
            + [row[:-1] for row in history if row[-2] <= moment < row[-1]]
            for live, history in zip(self.live, self.history, strict=True)
        ]

    def known_at(self, moment: datetime) -> list[list[str]]:
        """The same, without since when they were known; 1.0 is 1.00."""
        return [sorted(repr(plain(row[:-1])) for row in rows) for rows in self.known_since(moment)]

    def state(self) -> tuple[Any, ...]:
        return self.live, [sorted(map(repr, rows)) for rows in self.history]


def plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(one.normalize() if isinstance(one, Decimal) else one for one in row)


def appends_of(commands: Sequence[ImportInvoice]) -> list[list[tuple[str, Event]]]:
    """What importing the commands one after the other appends."""
    streams: dict[str, list[Any]] = {}
    appends: list[list[tuple[str, Event]]] = []
    for command in commands:
        name = stream_name("invoice", command.document.company_id, command.document.tran_id)
        history = streams.setdefault(name, [])
        new = INVOICE.decide(command, INVOICE.replay(history))
        history += new
        if new:
            appends.append([(name, event) for event in new])
    return appends


COMMANDS = st.lists(st.one_of(imports(), imports("1", "I2"), imports("2")), min_size=1, max_size=8)


def in_pieces(read_model: ReadModel[Any, Any], page: Sequence[Recorded], cuts: set[int]) -> Tables:
    """The tables of a read model after a page that was cut."""
    tables = Tables(read_model)
    for since, until in pairwise([0, *sorted(cuts), len(page)]):
        tables.take(page[since:until])
    return tables


@settings(max_examples=150)
@given(BATCHES, st.data())
def test_a_page_cut_between_appends_folds_to_the_same_rows(
    batches: list[list[Told]], data: st.DataObject
) -> None:
    appends = appended(batches)
    page = recorded(appends)
    ends = list(accumulate((len(append) for append in appends), initial=0))
    cuts = data.draw(st.sets(st.sampled_from(ends)))
    for read_model in READ_MODELS:
        pieces, whole = in_pieces(read_model, page, cuts), in_pieces(read_model, page, set())
        assert pieces.state() == whole.state(), read_model.name
        for live, history in zip(whole.live, whole.history, strict=True):
            began = {(*row[:-1], row[-1]) for row in live} | {row[:-1] for row in history}
            ended = {(*row[:-2], row[-1]) for row in history}
            assert not began & ended, "a row that did not change was replaced"


@settings(max_examples=150)
@given(BATCHES, st.randoms(use_true_random=False))
def test_streams_folded_whole_and_in_any_order_give_the_same_rows(
    batches: list[list[Told]], rng: Random
) -> None:
    page = recorded(appended(batches))
    streams = sorted({one.stream for one in page})
    rng.shuffle(streams)
    for read_model in READ_MODELS:
        by_stream = Tables(read_model)
        for stream in streams:
            by_stream.take([one for one in page if one.stream == stream], whole_streams=True)
        assert by_stream.state() == in_pieces(read_model, page, set()).state(), read_model.name


@settings(max_examples=150)
@given(BATCHES, st.data())
def test_a_page_cut_anywhere_folds_to_the_same_knowledge_at_every_moment(
    batches: list[list[Told]], data: st.DataObject
) -> None:
    page = recorded(appended(batches))
    cuts = data.draw(st.sets(st.integers(0, len(page))))
    moments = {one.recorded_at for one in page}
    for read_model in READ_MODELS:
        pieces, whole = in_pieces(read_model, page, cuts), in_pieces(read_model, page, set())
        for moment in moments:
            assert pieces.known_at(moment) == whole.known_at(moment), read_model.name


@settings(max_examples=100)
@given(BATCHES, st.data())
def test_what_was_known_at_a_moment_is_what_the_log_told_by_then(
    batches: list[list[Told]], data: st.DataObject
) -> None:
    page = recorded(appended(batches))
    assume(page)
    moment = data.draw(st.sampled_from([one.recorded_at for one in page]))
    by_then = [one for one in page if one.recorded_at <= moment]
    for read_model in READ_MODELS:
        whole, then = in_pieces(read_model, page, set()), in_pieces(read_model, by_then, set())
        assert whole.known_at(moment) == then.known_at(moment), read_model.name
        if all(table.history for table in read_model.tables):
            assert then.live == [set(map(tuple, known)) for known in whole.known_since(moment)]


def steps_of(tables: Tables, plain: Plain) -> list[Any]:
    """The steps of a document's balance."""
    key = (plain.document.company_id, plain.document.tran_id)
    rows = (INVOICES.tables[2].row(*values) for values in tables.live[2])
    return [row for row in rows if (row.company_id, row.tran_id) == key]  # type: ignore[attr-defined]


@settings(max_examples=150)
@given(COMMANDS)
def test_the_steps_of_a_balance_are_what_was_open_on_any_date(
    commands: list[ImportInvoice],
) -> None:
    page = recorded(appends_of(commands))
    tables = in_pieces(INVOICES, page, set())
    for stream in {one.stream for one in page}:
        plain = added_up([one.event for one in page if one.stream == stream])  # type: ignore[misc]
        assert plain is not None
        steps = steps_of(tables, plain)
        turns = {plain.effective_from, *(on for on, _, _ in plain.changes)}
        for on in [*turns, *(turn - timedelta(days=1) for turn in turns), day(DAYS + 30)]:
            found = [step for step in steps if step.effective_from <= on < step.effective_to]
            assert len(found) <= 1
            open_then = (found[0].balance, found[0].balance_hc) if found else (0, 0)
            assert open_then == plain.open_on(on)
        for step in steps:
            days = (step.effective_to - step.effective_from).days
            open_ended = step.effective_to == FOREVER
            assert step.duration_class == (OPEN_ENDED if open_ended else duration_class(days))


def test_a_balance_in_home_currency_alone_is_open() -> None:
    document = InvoiceDocument("2", "I1", "A", day(0), Decimal(9), "USD", Decimal(8), "EUR")
    tables = Tables(INVOICES)
    tables.take(
        recorded(
            [
                [
                    ("invoice/2/I1", InvoiceRegistered(document, day(0), day(0))),
                    (
                        "invoice/2/I1",
                        PaymentApplied("2", "I1", "P", Decimal(9), Decimal(7), day(5)),
                    ),
                    (
                        "invoice/2/I1",
                        InvoiceBalanceReconciled((Unexplained(day(9), Decimal(0), Decimal(1)),)),
                    ),
                ]
            ]
        )
    )
    plain = Plain(document, day(0), [])
    steps = sorted(steps_of(tables, plain), key=lambda step: step.effective_from)
    assert [
        (step.effective_from, step.effective_to, step.balance, step.balance_hc) for step in steps
    ] == [(day(0), day(5), 9, 8), (day(5), day(9), 0, 1)]


def test_an_event_about_what_was_never_told_of_cannot_be_folded() -> None:
    closed = recorded([[("invoice/1/I1", InvoiceClosed(day(0)))]])
    revoked = recorded([[("api_key/k1", ApiKeyRevoked("k1"))]])
    with pytest.raises(LookupError, match="invoice/1/I1 is not registered"):
        Tables(INVOICES).take(closed)
    with pytest.raises(LookupError, match="api_key/k1 was not issued"):
        Tables(API_KEYS).take(revoked)
