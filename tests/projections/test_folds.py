"""The pure folds: a page cut anywhere folds to the same rows, and neighbours stay untouched."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import astuple

from domain.invoice import INVOICE, ImportInvoice
from domain.shared.event import Event
from domain.shared.streams import stream_name
from eventstore.log import Recorded
from projections.catalogue import READ_MODELS
from projections.invoices import INVOICES
from projections.projection import EntityRows, ReadModel, fold, keys_to_load, sort_out
from tests.eventstore.test_codec import samples
from tests.histories import DAYS, added_up, day, imports

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

    def take(self, page: Sequence[Recorded]) -> None:
        relevant = sort_out([self.read_model], page)[self.read_model.name]
        keys = keys_to_load(self.read_model, relevant)
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

    def state(self) -> tuple[Any, ...]:
        return self.live, [sorted(map(repr, rows)) for rows in self.history]


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


@settings(max_examples=100)
@given(COMMANDS, st.data())
def test_a_page_of_invoices_cut_anywhere_folds_to_the_same_rows(
    commands: list[ImportInvoice], data: st.DataObject
) -> None:
    appends = appends_of(commands)
    page = recorded(appends)
    whole = Tables(INVOICES)
    whole.take(page)
    ends = [0]
    for append in appends:
        ends.append(ends[-1] + len(append))
    cuts = data.draw(st.sets(st.sampled_from(ends)))
    pieces = Tables(INVOICES)
    for since, until in zip([0, *sorted(cuts)], [*sorted(cuts), len(page)], strict=True):
        pieces.take(page[since:until])

    assert pieces.state() == whole.state()


@settings(max_examples=150)
@given(COMMANDS, st.integers(-5, DAYS + 30))
def test_the_steps_of_a_balance_are_what_was_open_on_any_date(
    commands: list[ImportInvoice], number: int
) -> None:
    page = recorded(appends_of(commands))
    tables = Tables(INVOICES)
    tables.take(page)
    on = day(number)
    for stream in {one.stream for one in page}:
        plain = added_up([one.event for one in page if one.stream == stream])  # type: ignore[misc]
        assert plain is not None
        key = (plain.document.company_id, plain.document.tran_id)
        steps = [
            row
            for row in (INVOICES.tables[2].row(*values) for values in tables.live[2])
            if (row.company_id, row.tran_id) == key  # type: ignore[attr-defined]
            and row.effective_from <= on < row.effective_to  # type: ignore[attr-defined]
        ]
        found = (steps[0].balance, steps[0].balance_hc) if steps else (Decimal(0), Decimal(0))  # type: ignore[attr-defined]
        assert len(steps) <= 1
        assert found == plain.open_on(on)


@settings(max_examples=100)
@given(COMMANDS, st.data())
def test_what_was_known_at_a_moment_is_what_the_log_told_by_then(
    commands: list[ImportInvoice], data: st.DataObject
) -> None:
    page = recorded(appends_of(commands))
    whole = Tables(INVOICES)
    whole.take(page)
    moment = data.draw(st.sampled_from([one.recorded_at for one in page]))
    then = Tables(INVOICES)
    then.take([one for one in page if one.recorded_at <= moment])
    for number in range(3):
        known = {row for row in whole.live[number] if row[-1] <= moment}
        known |= {row[:-1] for row in whole.history[number] if row[-2] <= moment < row[-1]}
        assert known == then.live[number]


def test_every_event_is_kept_by_a_read_model() -> None:
    handled = {one.__name__ for read_model in READ_MODELS for one in read_model.handles}
    assert handled == {name for name, _ in samples()}
