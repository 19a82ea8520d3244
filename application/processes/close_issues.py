"""After a sync, issues whose conditions hold no longer are closed, with their work (RULE-13).

An activity loses its reason before its issue is closed: cut off between the two, the next sync
or run closes the issue.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from msgspec import Struct

from application.handling import Request
from domain.activity import ACTIVITY, WithdrawActivity
from domain.issue import ISSUE
from domain.rule_plan import Lapse
from domain.shared.decider import Decider


def close_issues(
    lapses: Iterable[Lapse], *, business_date: date, actor: str, cause: str
) -> list[Request]:
    """Return what to tell the issues and activities of conditions that lapsed."""

    def request(decider: Decider[Any, Any, Any], key: str, command: Struct) -> Request:
        return Request(
            decider,
            (key,),
            command,
            actor=actor,
            business_date=business_date,
            cause=cause,
            correlation=cause,
        )

    requests: list[Request] = []
    for lapse in lapses:
        withdraw = WithdrawActivity(business_date, lapse.command.resolution or "")
        requests += (request(ACTIVITY, one, withdraw) for one in lapse.activity_ids)
        requests.append(request(ISSUE, lapse.issue_id, lapse.command))
    return requests
