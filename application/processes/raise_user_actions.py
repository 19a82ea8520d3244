"""User actions are raised for what users should look after, and withdrawn when that is gone.

The read models say which reasons there are on a business date that no action tells of yet, and
which open actions have none left; this turns them into commands. Deciders decide, so whoever
asks twice, or late, adds nothing (UA-05, PRM-11, FUP-18, PND-14).
"""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from application.handling import Request
from domain.user_action import USER_ACTION, RaiseUserAction, WithdrawUserAction
from domain.user_action_reason import GONE, Gone, Reason


def raise_user_actions(
    reasons: Iterable[Reason], gone: Iterable[Gone], *, business_date: date, actor: str, cause: str
) -> list[Request]:
    """Return what to raise for reasons, and what to withdraw as its reason is gone."""

    def request(action_id: str, command: Struct) -> Request:
        return Request(
            USER_ACTION,
            (action_id,),
            command,
            actor=actor,
            business_date=business_date,
            cause=cause,
            correlation=cause,
        )

    requests: list[Request] = []
    for one in gone:
        withdraw = WithdrawUserAction(GONE[one.kind], business_date)
        requests.append(request(one.action_id, withdraw))
    for reason in reasons:
        command = RaiseUserAction(
            reason.kind,
            reason.company_id,
            reason.cust_id,
            reason.occasion,
            reason.text,
            business_date,
            reason.user_id,
            reason.promise_id,
            reason.activity_id,
            reason.pending_payment_id,
        )
        requests.append(request(command.action_id, command))
    return requests
