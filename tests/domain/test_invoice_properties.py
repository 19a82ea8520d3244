"""What holds for an invoice whatever exports say of it."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.invoice import INVOICE, ImportInvoice, InvoiceEvent, post_dated
from tests.histories import DAYS, added_up, day, imports

TOLD = st.lists(st.one_of(imports(), imports("2")), min_size=1, max_size=6).map(
    lambda told: [one for one in told if one.document.company_id == told[0].document.company_id]
)


def happened(commands: list[ImportInvoice]) -> list[InvoiceEvent]:
    events: list[InvoiceEvent] = []
    for command in commands:
        events += INVOICE.decide(command, INVOICE.replay(events))
    return events


@settings(max_examples=300)
@given(TOLD)
def test_told_twice_it_changes_once(commands: list[ImportInvoice]) -> None:
    events = happened(commands)
    again = INVOICE.decide(commands[-1], INVOICE.replay(events))
    assert list(again) == []


@settings(max_examples=300)
@given(TOLD)
def test_its_balance_in_the_end_is_the_erps(commands: list[ImportInvoice]) -> None:
    events = happened(commands)
    last, plain, state = commands[-1], added_up(events), INVOICE.replay(events)
    assert plain is not None
    own, home = plain.open_on(day(DAYS + 1000))
    if last.balance is not None:
        applied = sum((one.amount for one in state.applications.values()), Decimal(0))
        required = last.document.amount - applied - last.balance
        if required and required == -post_dated(state.applications, last.business_date)[0]:
            return
        assert own == last.balance
    elif last.closing_tran_date is not None:
        assert own == 0
    if own == 0 and last.balance_hc is None:
        assert home == 0


@settings(max_examples=300)
@given(TOLD)
def test_it_is_closed_exactly_while_nothing_is_open(commands: list[ImportInvoice]) -> None:
    events = happened(commands)
    state, plain = INVOICE.replay(events), added_up(events)
    assert plain is not None
    assert (state.closed_on is not None) == (plain.open_on(day(DAYS + 1000))[0] == 0)


@settings(max_examples=200)
@given(TOLD, st.integers(0, 5))
def test_what_was_recorded_stays_readable_when_more_is_told(
    commands: list[ImportInvoice], count: int
) -> None:
    earlier = happened(commands[: count + 1])
    assert happened(commands)[: len(earlier)] == earlier


@settings(max_examples=200)
@given(imports())
def test_told_in_one_export_or_in_two_the_balance_is_the_same(command: ImportInvoice) -> None:
    first = replace(command, applications=(), closing_tran_date=None)
    both, one = added_up(happened([first, command])), added_up(happened([command]))
    assert both is not None
    assert one is not None
    assert both.open_on(day(DAYS + 1000)) == one.open_on(day(DAYS + 1000))
