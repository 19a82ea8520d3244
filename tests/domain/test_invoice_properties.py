"""What holds for an invoice whatever exports say of it."""

from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.invoice import INVOICE, ApplyPayments, ImportInvoice, InvoiceEvent, Registered
from tests.histories import DAYS, Plain, added_up, day, imports

TOLD = st.lists(st.one_of(imports(), imports("2")), min_size=1, max_size=6).map(
    lambda told: [one for one in told if one.document.company_id == told[0].document.company_id]
)
END = day(DAYS + 1000)


def happened(commands: list[ImportInvoice]) -> list[InvoiceEvent]:
    events: list[InvoiceEvent] = []
    for command in commands:
        events += INVOICE.decide(command, INVOICE.replay(events))
    return events


def registered(events: list[InvoiceEvent]) -> tuple[Registered, Plain]:
    """What some events led to, as the decider and as plain addition have it."""
    state, plain = INVOICE.replay(events), added_up(events)
    assert isinstance(state, Registered)
    assert plain is not None
    return state, plain


def applied(state: Registered, *, after: date = date.min) -> Decimal:
    """What payments dated after a date take off the balance."""
    return sum(
        (one.amount for one in state.applications.values() if one.applied_on > after), Decimal(0)
    )


@settings(max_examples=150)
@given(TOLD)
def test_told_twice_it_changes_once(commands: list[ImportInvoice]) -> None:
    events = happened(commands)
    again = INVOICE.decide(commands[-1], INVOICE.replay(events))
    assert list(again) == []


@settings(max_examples=150)
@given(TOLD)
def test_its_balance_is_the_erps_with_or_without_what_is_paid_later(
    commands: list[ImportInvoice],
) -> None:
    state, plain = registered(happened(commands))
    last, (own, _) = commands[-1], plain.open_on(END)
    if last.balance is None:
        rest = plain.document.amount - applied(state)
        assert own == (rest if last.closing_tran_date is None else 0)
        return
    sign = 1 if plain.document.amount >= 0 else -1
    ahead = applied(state, after=last.business_date)
    if (last.balance - (plain.document.amount - applied(state))) * sign <= 0:
        assert own == last.balance
    else:  # more than its payments leave open: those dated ahead may be left out of it
        assert own in {last.balance, last.balance - ahead}


@settings(max_examples=150)
@given(TOLD)
def test_its_balance_on_the_day_of_the_sync_is_the_erps_with_or_without_what_is_paid_later(
    commands: list[ImportInvoice],
) -> None:
    state, plain = registered(happened(commands))
    last = commands[-1]
    on = max(last.business_date, plain.effective_from)
    told_ahead = any(one.effective_on > on for one in state.unexplained)
    if last.balance is not None and not told_ahead:
        ahead = applied(state, after=on)
        begun = applied(state, after=last.business_date) - ahead  # paid until it began to count
        assert plain.open_on(on)[0] in {last.balance, last.balance - begun, last.balance + ahead}


@settings(max_examples=150)
@given(TOLD)
def test_it_is_closed_exactly_while_nothing_is_open(commands: list[ImportInvoice]) -> None:
    state, plain = registered(happened(commands))
    assert (state.closed_on is not None) == (plain.open_on(END)[0] == 0)


@settings(max_examples=150)
@given(TOLD)
def test_paid_in_its_own_currency_it_is_paid_in_home_currency_since_then(
    commands: list[ImportInvoice],
) -> None:
    commands = sorted(commands, key=lambda one: one.business_date)
    state, plain = registered(happened(commands))
    if commands[-1].balance_hc is None and state.closed_on is not None:
        changes = [on for on, amount, _ in plain.changes if amount]
        paid_on = max([state.effective_from, *changes])
        assert plain.open_on(paid_on) == plain.open_on(END) == (0, 0)


@settings(max_examples=150)
@given(TOLD, imports("2"))
def test_paid_without_a_row_of_its_own_it_follows_what_it_knows(
    commands: list[ImportInvoice], news: ImportInvoice
) -> None:
    events = happened(commands)
    before, plain_before = registered(events)
    command = ApplyPayments(news.applications, news.business_date)
    events += INVOICE.decide(command, before)
    state, plain = registered(events)
    gained = applied(state) - applied(before)
    own, home = plain.open_on(END)
    sign = 1 if plain.document.amount >= 0 else -1
    lowered = sum((one.amount for one in before.unexplained), Decimal(0)) * sign
    explained = max(min(gained * sign, lowered), Decimal(0)) * sign

    assert own == plain_before.open_on(END)[0] - gained + explained
    assert (state.closed_on is not None) == (own == 0)
    assert own or not home
    assert list(INVOICE.decide(command, state)) == []


@settings(max_examples=100)
@given(TOLD, st.integers(0, 5))
def test_what_was_recorded_stays_readable_when_more_is_told(
    commands: list[ImportInvoice], count: int
) -> None:
    earlier = happened(commands[: count + 1])
    assert happened(commands)[: len(earlier)] == earlier


@settings(max_examples=100)
@given(imports())
def test_told_in_one_export_or_in_two_the_balance_is_the_same(command: ImportInvoice) -> None:
    first = replace(command, applications=(), closing_tran_date=None)
    both, one = added_up(happened([first, command])), added_up(happened([command]))
    assert both is not None
    assert one is not None
    assert both.open_on(END) == one.open_on(END)
