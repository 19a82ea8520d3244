"""A grid alert ..."""

from typing import Any

import pytest
from msgspec.structs import replace

from domain.grid_alert import (
    COLUMNS_MAX,
    GRID_ALERT,
    RECIPIENTS_MAX,
    DefineGridAlert,
    Grid,
    GridAlertChanged,
    GridAlertDefined,
    GridAlertDocument,
    GridAlertRetired,
    RetireGridAlert,
)
from domain.schedule import Schedule
from domain.shared.decider import ImpossibleHistory
from domain.shared.facts import UserFacts
from tests.story import Story

alert = Story(GRID_ALERT)

MONDAYS = Schedule((1,), "00:00")
WEEKLY = GridAlertDocument(
    "weekly", "Weekly Dispute", Grid.DISPUTES, "open = true", ("tran_id",), ("dana",), MONDAYS
)
DANA = UserFacts("dana", "credit_user", None, active=True)
defined = GridAlertDefined(WEEKLY)
retired = GridAlertRetired()


def define(users: tuple[UserFacts | None, ...] = (DANA,), **told: Any) -> DefineGridAlert:
    return DefineGridAlert(replace(WEEKLY, **told)).knowing(users)


def test_is_a_filter_with_recipients_a_name_and_a_schedule() -> None:
    """ALR-01."""
    alert.given().when(define()).then(defined)
    untidy = define(name=" Weekly Dispute", columns=("tran_id", "tran_id"))
    alert.given().when(untidy).then(defined)
    bare = replace(WEEKLY, schedule=None)
    alert.given().when(define(schedule=None)).then(GridAlertDefined(bare))


def test_is_changed_by_being_told_otherwise() -> None:
    told = replace(WEEKLY, filter="open = false")
    alert.given(defined).when(define(filter="open = false")).then(GridAlertChanged(told))


def test_is_retired_and_taken_back() -> None:
    alert.given(defined).when(RetireGridAlert()).then(retired)
    alert.given(defined, retired).when(define()).then(GridAlertChanged(WEEKLY))
    alert.given().when(RetireGridAlert()).then_refused("grid_alert_unknown", "alertId")


@pytest.mark.parametrize(
    ("command", "code", "field"),
    [
        (define(alert_id=""), "alert_id_empty", "alertId"),
        (define(alert_id=" w"), "alert_id_not_trimmed", "alertId"),
        (define(name=""), "name_empty", "name"),
        (define(columns=()), "columns_invalid", "columns"),
        (
            define(columns=tuple(map(str, range(COLUMNS_MAX + 1)))),
            "columns_invalid",
            "columns",
        ),
        (define((), recipients=()), "recipients_invalid", "recipients"),
        (
            define((DANA,) * (RECIPIENTS_MAX + 1), recipients=("d",) * (RECIPIENTS_MAX + 1)),
            "recipients_invalid",
            "recipients",
        ),
        (define((None,)), "user_unknown", "recipients"),
        (define((replace(DANA, active=False),)), "user_unknown", "recipients"),
        (define(schedule=Schedule((), "00:00")), "schedule_invalid", "schedule"),
    ],
)
def test_is_not_defined_as_what_cannot_be(command: DefineGridAlert, code: str, field: str) -> None:
    alert.given().when(command).then_refused(code, field)


def test_history_that_contradicts_itself_is_told() -> None:
    with pytest.raises(ImpossibleHistory):
        GRID_ALERT.replay([retired])
