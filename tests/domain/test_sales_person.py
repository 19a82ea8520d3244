"""A sales person of the ERP ..."""

from datetime import date

import pytest

from domain.sales_person import (
    SALES_PERSON,
    EraseSalesPerson,
    SalesPersonAmended,
    SalesPersonDocument,
    SalesPersonErased,
    SalesPersonRecorded,
    is_known,
)
from domain.shared.decider import ImpossibleHistory
from domain.shared.imported import ImportDocument
from tests.story import Story

person = Story(SALES_PERSON)

ON = date(2026, 3, 2)
SUE = SalesPersonDocument("1", "S1", "Sue")
SUSAN = SalesPersonDocument("1", "S1", "Susan")

recorded, amended, erased = (
    SalesPersonRecorded(SUE),
    SalesPersonAmended(SUSAN),
    SalesPersonErased(ON),
)
GRANTED = EraseSalesPerson(ON, granted=True)


def test_is_recorded_and_amended_as_the_erp_tells() -> None:
    person.given().when(ImportDocument(SUE)).then(recorded)
    person.given(recorded).when(ImportDocument(SUE)).then_nothing()
    person.given(recorded).when(ImportDocument(SUSAN)).then(amended)
    person.given(recorded, amended).when(ImportDocument(SUE)).then(SalesPersonAmended(SUE))


def test_is_erased_once_if_that_was_granted() -> None:
    person.given(recorded).when(EraseSalesPerson(ON)).then_nothing()
    person.given(recorded, amended).when(GRANTED).then(erased)
    person.given(recorded, erased).when(GRANTED).then_nothing()


def test_whom_accounts_alone_name_is_erased_as_well() -> None:
    person.given().when(GRANTED).then(erased)


def test_does_not_come_back_once_erased() -> None:
    person.given(recorded, erased).when(ImportDocument(SUSAN)).then_refused(
        "sales_person_erased", "sper_id"
    )


def test_is_known_as_long_as_the_erp_tells_of_them() -> None:
    told = [SALES_PERSON.replay(one) for one in ([], [recorded], [recorded, erased], [erased])]
    assert [is_known(one) for one in told] == [False, True, False, False]


def test_is_not_shown_by_its_document() -> None:
    assert "Sue" not in repr(recorded)


@pytest.mark.parametrize(
    "history", [[amended], [recorded, recorded], [erased, recorded], [erased, erased]]
)
def test_refuses_a_history_that_cannot_be(history: list[object]) -> None:
    with pytest.raises(ImpossibleHistory):
        SALES_PERSON.replay(history)  # type: ignore[arg-type]
