"""User actions, messages and grid alerts: a change leaves its neighbour alone."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from domain.grid_alert import (
    Grid,
    GridAlertChanged,
    GridAlertDefined,
    GridAlertDocument,
    GridAlertRetired,
)
from domain.message import MessageDelivered, MessageKind, MessageRead, StoredFile
from domain.schedule import Schedule
from domain.shared.event import Event
from domain.shared.user_action_kinds import UserActionKind
from domain.user_action import (
    UserActionDone,
    UserActionRaised,
    UserActionReassigned,
    UserActionWithdrawn,
)
from domain.user_action_kind import UserActionKindChanged
from projections.grid_alerts import GRID_ALERTS
from projections.messages import MESSAGES
from projections.user_actions import USER_ACTIONS
from tests.projections.test_folds import Tables, recorded
from tests.projections.test_read_models import (
    test_a_change_moves_one_row_to_history_and_leaves_its_neighbour as leaves_its_neighbour,
)
from tests.projections.test_read_models import (
    test_it_is_the_same_in_one_page_or_in_several as is_the_same_in_several,
)

ON = date(2026, 3, 1)
KIND = UserActionKind.BROKEN_PROMISE
RAISED = UserActionRaised("a", KIND, "1", "A", ON, "o", "Call.", "dana", promise_id="p")
ALERT = GridAlertDocument(
    "w", "Weekly", Grid.DISPUTES, "open = true", ("tran_id",), ("dana",), Schedule((1,), "00:00")
)
FILE = StoredFile("f.xlsx", "application/x", 3, "0" * 64)
MESSAGE = MessageDelivered("m", MessageKind.ALERT, "s", "b", ON, "dana", FILE, "http://x")


def raised_and(name: str, event: Event, expected: dict[str, Any]) -> tuple[Any, ...]:
    other = replace(RAISED, action_id="b")
    told = ("user_action/a", RAISED, "user_action/b", other, event, expected)
    return pytest.param("user_actions", *told, id=name)


@pytest.mark.parametrize(
    ("read_model", "stream", "began", "other_stream", "other", "changed", "expected"),
    [
        raised_and("done", UserActionDone(ON, "dana"), {"done_on": ON, "done_by": "dana"}),
        raised_and(
            "withdrawn",
            UserActionWithdrawn(ON, "Paid."),
            {"withdrawn_on": ON, "withdrawn_reason": "Paid.", "done_on": None},
        ),
        raised_and("reassigned", UserActionReassigned("kim"), {"user_id": "kim", "subject": "p"}),
        (
            "user_action_kinds",
            "user_action_kind/mail_error",
            UserActionKindChanged(UserActionKind.MAIL_ERROR, "x", 1),
            "user_action_kind/mail_unread",
            UserActionKindChanged(UserActionKind.MAIL_UNREAD, "x", 1),
            UserActionKindChanged(UserActionKind.MAIL_ERROR, "y", 2),
            {"kind": "mail_error", "description": "y", "priority": 2},
        ),
        (
            "grid_alerts",
            "grid_alert/w",
            GridAlertDefined(ALERT),
            "grid_alert/x",
            GridAlertDefined(replace(ALERT, alert_id="x")),
            GridAlertChanged(replace(ALERT, schedule=None)),
            {"alert_id": "w", "columns": '["tran_id"]', "schedule": None, "active": True},
        ),
        (
            "grid_alerts",
            "grid_alert/w",
            GridAlertDefined(ALERT),
            "grid_alert/x",
            GridAlertDefined(replace(ALERT, alert_id="x")),
            GridAlertRetired(),
            {"alert_id": "w", "active": False},
        ),
    ],
)
def test_a_change_moves_one_row_to_history(
    read_model: str,
    stream: str,
    began: Event,
    other_stream: str,
    other: Event,
    changed: Event,
    expected: dict[str, Any],
) -> None:
    case = (read_model, stream, began, other_stream, other, changed, expected)
    leaves_its_neighbour(case)
    is_the_same_in_several(case)


def test_what_lost_its_reason_and_is_raised_again_is_open_and_keeps_its_number() -> None:
    tables = Tables(USER_ACTIONS)
    events = (RAISED, UserActionWithdrawn(ON, "Paid."), RAISED)
    tables.take(recorded([[("user_action/a", event)] for event in events]))
    (row,) = tables.live[0]
    found = USER_ACTIONS.tables[0].row(*row)
    assert (found.action_no, found.withdrawn_on) == (1, None)  # type: ignore[attr-defined]


def test_readers_are_added_and_the_message_stays() -> None:
    tables = Tables(MESSAGES)
    events = (MESSAGE, MessageRead("dana"), MessageRead("kim"))
    tables.take(recorded([[("message/m", event)] for event in events]))
    (row,) = tables.live[0]
    assert row[1:-1] == (
        *("m", 1, "alert", "s", "b", ON, "dana"),
        *("f.xlsx", "application/x", 3, "0" * 64, "http://x"),
    )
    assert {row[1:-1] for row in tables.live[1]} == {("m", "dana"), ("m", "kim")}
    assert tables.history[0] == []


@pytest.mark.parametrize(
    ("read_model", "stream", "event"),
    [
        (USER_ACTIONS, "user_action/a", UserActionDone(ON, "dana")),
        (MESSAGES, "message/m", MessageRead("dana")),
        (GRID_ALERTS, "grid_alert/w", GridAlertRetired()),
    ],
)
def test_what_was_never_told_of_cannot_be_folded(
    read_model: Any, stream: str, event: Event
) -> None:
    with pytest.raises(LookupError, match=stream):
        Tables(read_model).take(recorded([[(stream, event)]]))
