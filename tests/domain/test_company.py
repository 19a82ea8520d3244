"""A company ..."""

import pytest

from domain.company import (
    COMPANY,
    CompanyAmended,
    CompanyDocument,
    CompanyRegistered,
    ImportCompany,
)
from domain.shared.decider import ImpossibleHistory
from tests.story import Story

company = Story(COMPANY)

ONE = CompanyDocument("1", "EUR", "One Ltd")
registered = CompanyRegistered(ONE)


def test_is_registered_by_its_row_or_implied_by_others() -> None:
    company.given().when(ImportCompany(ONE)).then(registered)
    bare = CompanyDocument("1", "EUR")
    company.given().when(ImportCompany(bare, implied=True)).then(CompanyRegistered(bare, True))


def test_is_amended_by_its_row_and_by_no_others() -> None:
    renamed = CompanyDocument("1", "EUR", "One Limited", "Europe/Rome")
    company.given(registered).when(ImportCompany(renamed)).then(CompanyAmended(renamed))
    bare = CompanyDocument("1", "USD")
    company.given(registered).when(ImportCompany(bare, implied=True)).then_nothing()


def test_keeps_its_home_currency() -> None:
    dollars = CompanyDocument("1", "USD", "One Ltd")
    company.given(registered).when(ImportCompany(dollars)).then_refused(
        "home_currency_fixed", "home_currency"
    )


def test_refuses_a_history_that_cannot_be() -> None:
    with pytest.raises(ImpossibleHistory):
        COMPANY.replay([CompanyAmended(ONE)])
