"""A payment ..."""

from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from domain.payment import (
    PAYMENT,
    ImportPayment,
    PaymentAmended,
    PaymentDocument,
    PaymentRecorded,
)
from domain.shared.decider import ImpossibleHistory
from tests.story import Story

payment = Story(PAYMENT)

DOCUMENT = PaymentDocument("1", "P1", "ACME", date(2026, 2, 1), Decimal(60), "EUR")
recorded = PaymentRecorded(DOCUMENT)


def test_is_recorded_and_effective_on_its_date() -> None:
    payment.given().when(ImportPayment(DOCUMENT)).then(recorded)
    assert recorded.effective_on(date(2026, 3, 1)) == date(2026, 2, 1)


def test_is_amended_by_what_the_erp_says_later() -> None:
    rest = replace(DOCUMENT, unapplied_amt=Decimal(10))
    payment.given(recorded).when(ImportPayment(rest)).then(PaymentAmended(rest))
    payment.given(recorded).when(ImportPayment(DOCUMENT)).then_nothing()


def test_refuses_a_history_that_cannot_be() -> None:
    with pytest.raises(ImpossibleHistory):
        PAYMENT.replay([PaymentAmended(DOCUMENT)])
