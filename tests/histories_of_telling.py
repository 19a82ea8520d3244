"""Commands at random to user actions and their kinds, messages and grid alerts."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from domain.grid_alert import (
    GRID_ALERT,
    DefineGridAlert,
    Grid,
    GridAlertDocument,
    RetireGridAlert,
)
from domain.message import MESSAGE, DeliverMessage, MarkMessageRead, MessageKind, StoredFile
from domain.schedule import Schedule
from domain.shared.decider import Decider
from domain.shared.facts import UserFacts
from domain.shared.user_action_kinds import UserActionKind
from domain.user_action import (
    USER_ACTION,
    CompleteUserAction,
    RaiseUserAction,
    WithdrawUserAction,
)
from domain.user_action_kind import USER_ACTION_KIND, ChangeUserActionKind

ON = date(2025, 1, 1)

Parts = tuple[Decider[Any, Any, Any], tuple[str, ...], Any]
"""A decider, a key and a command."""

WHO = st.sampled_from([None, "x", "y"])


@st.composite
def telling(draw: st.DrawFn, category: str, one: str) -> Parts:
    """A command to a stream of one of the categories here."""
    who = draw(WHO)
    match category:
        case "user_action":
            kind = draw(st.sampled_from([UserActionKind.BROKEN_PROMISE]))
            raising = RaiseUserAction(kind, "1", "A", "o", "Call.", ON, who, promise_id=one)
            ending = [CompleteUserAction("x", ON), WithdrawUserAction("Paid.", ON)]
            command = draw(st.sampled_from([raising, raising, *ending]))
            return USER_ACTION, (raising.action_id,), command
        case "user_action_kind":
            kind = draw(st.sampled_from([UserActionKind.MAIL_ERROR, UserActionKind.MAIL_UNREAD]))
            command = ChangeUserActionKind(kind, who, draw(st.sampled_from([1, 2])))
            return USER_ACTION_KIND, (kind.value,), command
        case "message":
            file = draw(st.sampled_from([None, StoredFile("f.xlsx", "x", 1, "0" * 64)]))
            message = DeliverMessage(one, MessageKind.ALERT, "s", "b", ON, who, file)
            reading = MarkMessageRead(who or "z", runs_site=True)
            return MESSAGE, (one,), draw(st.sampled_from([message, reading, reading]))
        case _:
            assert category == "grid_alert"
            schedule = draw(st.sampled_from([None, Schedule((1,), "00:00")]))
            document = GridAlertDocument(
                one, who or "z", Grid.DISPUTES, "amount > 0", ("tran_id",), ("x",), schedule
            )
            user = UserFacts("x", "credit_user", None, active=True)
            defining = DefineGridAlert(document, (user,))
            return (
                GRID_ALERT,
                (one,),
                draw(st.sampled_from([defining, defining, RetireGridAlert()])),
            )


CATEGORIES = frozenset({"user_action", "user_action_kind", "message", "grid_alert"})
