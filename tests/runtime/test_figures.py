"""Figures told record by record: contributions add up to what the reports say, on both axes."""

import random
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from psycopg import Connection

from domain.aging import Basis, labels
from domain.site_options import SiteOptions
from projections.account_view import ACCOUNT_VIEW
from projections.contributions import ACCOUNT_FIGURES, Part
from projections.dashboard import accounts_of
from projections.figure_records import RecordKind
from projections.listing import Cut, Listing, page, summary
from projections.open_documents import boundaries_of
from projections.promise_totals import PROMISE_FIGURES, promise_totals
from projections.query import answered, fetch
from projections.view import Asked
from runtime.database import Database
from runtime.figures import (
    TOTAL,
    Contributed,
    Figure,
    FigureExplained,
    FigureOfAccounts,
    FigureOfAging,
    Measure,
    contributed,
    explained,
    figure_of_account,
)
from tests.histories import day
from tests.projections.test_worked_fields import OPTIONS, history, of_long_histories, some_date
from tests.projections.worked import Ledger

PAGE = 4


class Explaining:
    """Explains figures on a connection, and holds every explanation against its figure."""

    def __init__(self, connection: Connection[Any], asked: Asked) -> None:
        self.connection = connection
        self.asked = asked
        self.kinds: set[RecordKind] = set()

    def whole(self, figure: Figure, *, with_events: bool = False) -> FigureExplained:
        """A figure, once its contributions have been looked at one page after the other."""
        told = answered(self.connection, explained(figure))
        found = self.parts(told, with_events=with_events)
        assert told.equal, figure
        assert told.value.value == sum((one.contribution.contribution for one in found), Decimal(0))
        assert told.count == len(found)
        keys = {(one.contribution.kind, one.stream) for one in found}
        assert len(keys) == len(found)
        self.kinds |= {one.contribution.kind for one in found}
        return told

    def parts(self, told: FigureExplained, *, with_events: bool = False) -> list[Contributed]:
        """All contributions, forward; backward they are the same."""
        forward = [*self._pages(told, backward=False, with_events=with_events)]
        backward = [*self._pages(told, backward=True, with_events=False)]
        assert [one.contribution for one in backward] == [
            one.contribution for one in reversed(forward)
        ]
        assert all(one.contribution.contribution for one in forward)
        return forward

    def _pages(
        self, told: FigureExplained, *, backward: bool, with_events: bool
    ) -> Iterator[Contributed]:
        part = Part(PAGE, backward=backward)
        while True:
            found = answered(
                self.connection,
                contributed(self.asked, told.value.contributions, part, with_events=with_events),
            )
            yield from reversed(found) if backward else found
            if len(found) < PAGE:
                return
            edge = (found[0] if backward else found[-1]).contribution.place
            part = Part(PAGE, None, edge, backward=True) if backward else Part(PAGE, edge)


def figures_of_aging(asked: Asked, rng: random.Random) -> Iterator[FigureOfAging]:
    """Every bucket of a company and of an account, in both sets, as amount and as count."""
    for basis in Basis:
        for label in (TOTAL, *labels(basis, boundaries_of(basis, asked.options))):
            for company_id in "12":
                for measure in Measure:
                    account = rng.choice((None, "A", "B"))
                    yield FigureOfAging(asked, label, basis, company_id, account, measure)


@of_long_histories(6)
@given(rng=st.randoms(use_true_random=False))
def test_contributions_add_up_to_every_figure_on_both_axes(
    database: Database, rng: random.Random
) -> None:
    tenant, events = history(database, rng)
    as_of = some_date(rng, events)
    known_at = rng.choice((None, rng.choice(events).recorded_at))
    every_figure(database, Asked(tenant.id, rng.choice(OPTIONS), as_of, True, known_at), rng)


def test_figures_of_all_kinds_are_made_of_records(database: Database) -> None:
    rng = random.Random(51)
    tenant, events = history(database, rng)
    options = SiteOptions(age_unapplied=True)
    asked = Asked(tenant.id, options, max(one.event.effective_on(day(0)) for one in events))
    found: set[RecordKind] = set()
    for _ in range(8):
        found |= every_figure(database, asked, rng)
    assert found == set(RecordKind)


def every_figure(database: Database, asked: Asked, rng: random.Random) -> set[RecordKind]:
    """Explain every figure; the kinds of records that some are made of."""
    with database.connect("worker") as connection:
        explaining = Explaining(connection, asked)
        wanted = list(figures_of_aging(asked, rng))
        for figure in rng.sample(wanted, 12):
            explaining.whole(figure)
        of_accounts(explaining, rng)
        of_dashboards(explaining, rng)
        return explaining.kinds


def of_accounts(explaining: Explaining, rng: random.Random) -> None:
    """Every figure of some account is what its view tells, and is explained."""
    asked = explaining.asked
    names = tuple(ACCOUNT_FIGURES)
    listing = Listing(ACCOUNT_VIEW, asked, names)
    records = fetch(explaining.connection, page(listing, Cut(9)))
    for record in rng.sample(records, min(2, len(records))):
        shown = dict(zip(listing.columns, record.values, strict=True))
        company_id, cust_id = shown["company_id"], shown["cust_id"]
        for name in rng.sample(names, 10):
            told = explaining.whole(figure_of_account(asked, name, company_id, cust_id))
            assert told.value.value == shown[name], name


def of_dashboards(explaining: Explaining, rng: random.Random) -> None:
    """Every figure of all accounts in a currency is the total of their list, and is explained."""
    listing = accounts_of(explaining.asked)
    names = [one.name for one in ACCOUNT_VIEW.totals if one.name in ACCOUNT_FIGURES]
    for record in fetch(explaining.connection, summary(listing, names)):
        currency, _, *values = record.values
        for name, value in rng.sample(list(zip(names, values, strict=True)), 10):
            told = explaining.whole(FigureOfAccounts(listing, name, home_curr_id=currency))
            assert told.value.value == value, name
    for totals in fetch(explaining.connection, promise_totals(listing)):
        for name in rng.sample(PROMISE_FIGURES, 3):
            explaining.whole(
                FigureOfAccounts(
                    listing,
                    name,
                    home_curr_id=totals.home_curr_id,
                    curr_id=totals.curr_id,
                    measure=rng.choice(list(Measure)),
                )
            )


@of_long_histories(10)
@given(rng=st.randoms(use_true_random=False))
def test_effects_of_events_add_up_to_what_is_open_of_each_record(
    database: Database, rng: random.Random
) -> None:
    tenant, events = history(database, rng)
    as_of = some_date(rng, events)
    known_at = rng.choice((None, rng.choice(events).recorded_at))
    options = SiteOptions(age_unapplied=True)
    asked = Asked(tenant.id, options, as_of, in_past=True, known_at=known_at)
    ledger = Ledger(events, as_of, known_at, options)
    with database.connect("worker") as connection:
        explaining = Explaining(connection, asked)
        for company_id in {one.own.company_id for one in ledger.documents.values()}:
            figure = FigureOfAging(asked, TOTAL, Basis.DUE, company_id)
            told = answered(connection, explained(figure))
            for one in explaining.parts(told, with_events=True):
                check_history(one, ledger, known_at)


def check_history(one: Contributed, ledger: Ledger, known_at: datetime | None) -> None:
    """What is told of a record's events is what the events say."""
    told, history = one.contribution, one.history
    assert history is not None
    assert history.balance == sum((event.effect or 0 for event in history.events), Decimal(0))
    positions = [event.position for event in history.events]
    assert positions == sorted(set(positions))
    assert known_at is None or all(event.recorded_at <= known_at for event in history.events)
    if told.kind is RecordKind.PAYMENT:
        assert history.balance == told.contribution
        return
    key = (told.company_id, told.record_id)
    open_hc = ledger.documents[key].plain.open_on(ledger.as_of)[1]
    assert history.balance == open_hc
    contested = ledger.schedule_of(key) is not None or told.contribution != open_hc
    beside = {event.stream.partition("/")[0] for event in history.events} - {"invoice"}
    assert not contested or beside, "what counts beside the balance is told"
