"""GraphQL: following an action list live (LIST-01, LIST-02)."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from functools import partial
from typing import Annotated

import strawberry

from api.action_list import ACTION_LIST, ActionListEntry, ActionListFilter, on_list
from api.connections import count_of, records_of
from api.context import Info, Reading
from api.scopes import Scope, ScopedUser
from api.selection import fields_below
from domain.conditions import Condition
from projections.action_list_changes import (
    EVENTS_MAX,
    Touched,
    issues_of,
    recorded_at,
    touched,
    touched_streams,
)
from runtime.services import Snapshot, read_position


@strawberry.type(description="What changed of an action list, as it is now.")
class ActionListChanged:
    """What changed of an action list."""

    position: int = strawberry.field(
        description="Position of the log up to which changes have been told; give it as `after` to"
        " go on from here."
    )
    entries: list[ActionListEntry] = strawberry.field(
        description="The entries of the list that came to it, or that changed."
    )
    left: list[strawberry.ID] = strawberry.field(
        description="The `entryId` of each entry that was on the list and is not any more: done,"
        " withdrawn, closed, or somebody else's now."
    )
    reload: bool = strawberry.field(
        description="Whether something changed on which many entries depend, such as an action code"
        " or who is in a team: then ask for the list anew."
    )
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="How many entries the list has now; counted when asked for.")
    async def total_count(self) -> int:
        """Return the number of entries."""
        return await self.count()


@strawberry.type
class ActionListSubscription:
    """Following an action list."""

    @strawberry.subscription(
        description="What changes of an action list: what comes to it, what changes on it and what"
        " leaves it, together if it happened together. What a day that passes changes, such as what"
        " is past due, is not told."
    )
    async def action_list_changed(
        self,
        info: Info,
        scope: Scope = None,
        user_id: ScopedUser = None,
        where: Annotated[
            ActionListFilter | None,
            strawberry.argument(name="filter", description="Which entries."),
        ] = None,
        after: Annotated[
            int | None,
            strawberry.argument(
                description="Begin with changes after this position; by default with those to come."
            ),
        ] = None,
    ) -> AsyncGenerator[ActionListChanged, None]:
        """Tell changes until the client leaves."""
        services, tenant = info.context.services, info.context.caller.tenant
        ACTION_LIST.admit(info)
        async with services.reading(tenant) as snapshot:
            shown = (await snapshot.fetch(read_position(tenant)))[0]
            await on_list(info, info.context.fresh_reading(snapshot), scope, user_id, where)
        told = shown if after is None else max(after, 0)
        while True:
            await services.position_after(tenant, told)
            async with services.reading(tenant) as snapshot:
                until, found = await _touched(snapshot, told)
                if found.any:
                    reading = info.context.fresh_reading(snapshot)
                    also = await on_list(info, reading, scope, user_id, where)
                    ids = await _entry_ids(snapshot, found)
                    asked_for = fields_below(info, "entries")
                    entries = await _entries(reading, ids, asked_for, where, also)
                    before: dict[str, ActionListEntry] = {}
                    for moment in await snapshot.fetch(recorded_at(tenant, told)):
                        known = info.context.fresh_reading(snapshot, moment)
                        also_then = await on_list(info, known, scope, user_id, where)
                        before = await _entries(known, ids, frozenset(), where, also_then)
                    left = [strawberry.ID(one) for one in before if one not in entries]
                    if entries or left or found.settings:
                        yield ActionListChanged(
                            position=until,
                            entries=list(entries.values()),
                            left=left,
                            reload=found.settings,
                            count=partial(count_of, ACTION_LIST, reading, where, also),
                        )
                told = until


async def _touched(snapshot: Snapshot, after: int) -> tuple[int, Touched]:
    """Return what events after a position were about, and up to which one."""
    shown = (await snapshot.fetch(read_position(snapshot.tenant)))[0]
    until = min(shown, after + EVENTS_MAX)
    streams = await snapshot.fetch(touched_streams(snapshot.tenant, after, until))
    return until, touched(streams)


async def _entry_ids(snapshot: Snapshot, found: Touched) -> list[str]:
    """Return the ids of the entries that may have changed."""
    issues: list[str] = []
    if found.activity_ids:
        issues = await snapshot.fetch(issues_of(snapshot.tenant, found.activity_ids))
    return list(dict.fromkeys([*found.entry_ids, *issues]))


async def _entries(
    reading: Reading,
    ids: Sequence[str],
    asked_for: frozenset[str],
    where: ActionListFilter | None,
    also: Condition,
) -> dict[str, ActionListEntry]:
    """Return those of the entries that are on the list, by their ids."""
    keys = [(one,) for one in ids]
    found = await records_of(ACTION_LIST, reading, keys, asked_for, where, also)
    return {one.values("entry_id")[0]: one for one in found}
