"""What of the action list changed between two positions of the log, for those who follow it live.

Whoever follows it is told by events alone: where there are none of what the list is made of,
nothing of it is looked at.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from domain.action_code import ACTION_CODE
from domain.activity import ACTIVITY
from domain.activity_type import ACTIVITY_TYPE
from domain.issue import ISSUE
from domain.shared.streams import stream_category, stream_key
from domain.user import USER
from domain.user_action import USER_ACTION
from domain.user_action_kind import USER_ACTION_KIND
from projections.activities import ACTIVITIES
from projections.query import Query, sql

EVENTS_MAX = 2_000
"""Positions looked through at once, at most."""

_ENTRIES = (ACTIVITY.category, ISSUE.category, USER_ACTION.category)
_SETTINGS = (
    ACTION_CODE.category,
    ACTIVITY_TYPE.category,
    USER_ACTION_KIND.category,
    USER.category,
)
"""On these many entries depend: how urgent they are, what they are called, and whose team's."""


class Touched(Struct, frozen=True):
    """What events were about: activities, other entries by their ids, and whether settings."""

    activity_ids: Sequence[str]
    entry_ids: Sequence[str]
    settings: bool

    @property
    def any(self) -> bool:
        """Whether they were about anything of the list."""
        return self.settings or bool(self.entry_ids)


def touched_streams(tenant: int, after: int, until: int) -> Query[str]:
    """Return the question for the streams of the list with events after `after` up to `until`."""
    categories = [*_ENTRIES, *_SETTINGS]
    parameters: dict[str, Any] = {
        "tenant": tenant,
        "after": after,
        "until": until,
        "first": [f"{one}/" for one in categories],
        "beyond": [f"{one}0" for one in categories],
    }
    statement = """
        SELECT e.stream FROM public.events e
        JOIN unnest(%(first)s::text[], %(beyond)s::text[]) AS c (first, beyond)
          ON e.stream >= c.first COLLATE "C" AND e.stream < c.beyond COLLATE "C"
        WHERE e.tenant = %(tenant)s AND e.position > %(after)s AND e.position <= %(until)s
        GROUP BY e.stream ORDER BY max(e.position)"""
    return Query(sql(statement), parameters, str)


def touched(streams: Iterable[str]) -> Touched:
    """Return what events on these streams were about."""
    activity_ids: list[str] = []
    entry_ids: list[str] = []
    settings = False
    for stream in streams:
        category = stream_category(stream)
        if category in _SETTINGS:
            settings = True
            continue
        (id_,) = stream_key(stream)
        entry_ids.append(f"{category}/{id_}")
        if category == ACTIVITY.category:
            entry_ids.append(f"follow_up/{id_}")
            activity_ids.append(id_)
    return Touched(activity_ids, entry_ids, settings)


def issues_of(tenant: int, activity_ids: Sequence[str]) -> Query[str]:
    """Return the question for the entries of the issues of activities.

    An issue is an entry itself as long as none of its activities is.
    """
    statement = f"""
        SELECT DISTINCT 'issue/' || x.issue_id FROM {ACTIVITIES.tables[0].name} x
        WHERE x.tenant = %(tenant)s AND x.activity_id = ANY(%(activity_ids)s)
          AND x.issue_id IS NOT NULL"""
    return Query(sql(statement), {"tenant": tenant, "activity_ids": list(activity_ids)}, str)


def recorded_at(tenant: int, position: int) -> Query[datetime]:
    """Return the question when the event at a position was recorded; none there, no answer."""
    statement = """
        SELECT recorded_at FROM public.events
        WHERE tenant = %(tenant)s AND position = %(position)s"""
    return Query(sql(statement), {"tenant": tenant, "position": position}, _moment)


def _moment(moment: datetime) -> datetime:
    return moment
