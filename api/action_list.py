"""GraphQL: the action list of a user, its team or of nobody in particular (LIST-01 to LIST-08)."""

from decimal import Decimal
from typing import Annotated

import strawberry

from api.accounts import ACCOUNTS, Account
from api.activities import ACTIVITIES, Activity
from api.connections import (
    After,
    AsOf,
    AtLeast,
    Before,
    Capability,
    Connection,
    Cutting,
    First,
    KnownAt,
    Last,
    connection,
    offer,
    one,
)
from api.context import Info, Reading
from api.issues import ISSUES, Issue
from api.scopes import Scope, ScopedUser, Whose, scoped
from api.user_actions import USER_ACTIONS, UserAction
from api.users import USERS, User
from api.view_types import filter_of, object_of, order_of
from domain.conditions import AllOf, Compared, Condition, Operator
from projections.action_list_view import ACTION_LIST_VIEW
from projections.listing import Order
from projections.rule_words import days as in_words


@strawberry.type(
    description="Something to be done: an activity, a follow-up, an issue without a next step, or a"
    " user action."
)
class ActionListEntry(object_of(ACTION_LIST_VIEW)):
    """Something to be done."""

    @strawberry.field(description="The account.")
    async def account(self, info: Info) -> Account | None:
        """Return the account."""
        return await one(info, ACCOUNTS, self.reading, self.values("company_id", "cust_id"))

    @strawberry.field(
        description="The activity; of a user action the one that it is about. Null if there is"
        " none."
    )
    async def activity(self, info: Info) -> Activity | None:
        """Return the activity."""
        (activity_id,) = self.values("activity_id")
        if activity_id is None:
            return None
        return await one(info, ACTIVITIES, self.reading, (activity_id,))

    @strawberry.field(description="The issue that it resolves; null if it belongs to none.")
    async def issue(self, info: Info) -> Issue | None:
        """Return the issue."""
        (issue_id,) = self.values("issue_id")
        return None if issue_id is None else await one(info, ISSUES, self.reading, (issue_id,))

    @strawberry.field(
        description="The user action, which `completeUserAction` completes; null of other entries."
    )
    async def user_action(self, info: Info) -> UserAction | None:
        """Return the user action."""
        (action_id,) = self.values("user_action_id")
        if action_id is None:
            return None
        return await one(info, USER_ACTIONS, self.reading, (action_id,))

    @strawberry.field(description="Who is to do it; null for anybody who has the time.")
    async def assigned_user(self, info: Info) -> User | None:
        """Return the user."""
        (user_id,) = self.values("assigned_user_id")
        return None if user_id is None else await one(info, USERS, self.reading, (user_id,))

    @strawberry.field(
        description="Why it is on the list, in a sentence: what was the case when a rule made it"
        " or the software raised it, or that a person entered it."
    )
    def why(self) -> str:
        """Return the sentence."""
        subject, reason, entered_on, note = self.values("subject", "reason", "entered_on", "note")
        if reason is not None:
            ended = reason if reason.endswith((".", "!", "?", "\u2026")) else f"{reason}."
            return f"{ended} On the list since {entered_on}."
        return f"{subject or note or 'It'}: entered by a person on {entered_on}."

    @strawberry.field(
        description="Why it stands where it stands, in a sentence: the parts that the order of the"
        " list is made of."
    )
    def rank(self) -> str:
        """Return the sentence."""
        priority, past_due, left, owed, days = self.values(
            "priority", "past_due", "respond_due_days", "total_past_due", "days_past_due"
        )
        told = [f"priority {priority}"]
        if past_due:
            told.append("past due")
        if left is not None:
            told.append(f"{in_words(left)} left" if left >= 0 else f"{in_words(-left)} over")
        if owed is not None and Decimal(owed.amount) > 0:
            told.append(f"{owed.amount} {owed.currency} past due for {in_words(days or 0)}")
        return ", ".join(told)[:1].upper() + ", ".join(told)[1:] + "."


@strawberry.input(description="Which entries; all that is given must hold.")
class ActionListFilter(filter_of(ACTION_LIST_VIEW, "api.action_list", "ActionListFilter")):
    """Which entries."""


@strawberry.input(description="An order of entries by one field.")
class ActionListOrder(order_of(ACTION_LIST_VIEW, "ActionListOrder")):
    """An order of entries."""


_LINKS = {
    "account": ("company_id", "cust_id"),
    "activity": ("activity_id",),
    "issue": ("issue_id",),
    "userAction": ("user_action_id",),
    "assignedUser": ("assigned_user_id",),
    "why": ("subject", "reason", "entered_on", "note"),
    "rank": ("priority", "past_due", "respond_due_days", "total_past_due", "days_past_due"),
}
"""GraphQL field -> the fields of the view that it is made of."""

ACTION_LIST = offer(Capability(ACTION_LIST_VIEW, ActionListEntry, _LINKS))

NEXT_BEST = (
    Order("priority"),
    Order("past_due", descending=True),
    Order("respond_due_days"),
    Order("total_past_due", descending=True),
)
"""What a collector would do first: the most urgent, then what is late, then the largest debts."""


async def on_list(
    info: Info,
    reading: Reading,
    scope: Whose | None,
    user_id: str | None,
    where: ActionListFilter | None,
) -> Condition:
    """Return the condition on entries that an action list holds: whose they are, and no letters.

    Raises:
        ApiError: if it is about a user and none is named.
    """
    parts = [await scoped(info, reading, scope, user_id, "assigned_user_id")]
    automatic = getattr(where, "automatic", None)
    if automatic is None or automatic is strawberry.UNSET:
        parts.append(Compared("automatic", Operator.EQ, False))
    return AllOf(parts)


@strawberry.type
class ActionListQuery:
    """What is to be done."""

    @strawberry.field(
        description="What is to be done, in the order in which a collector would do it: by"
        " priority, what is past due before what is not, by the days that are left, and by what"
        " the account owes. Letters that the software sends by itself are left out unless the"
        " filter asks for `automatic` ones."
    )
    async def action_list(
        self,
        info: Info,
        scope: Scope = None,
        user_id: ScopedUser = None,
        where: Annotated[
            ActionListFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[ActionListOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[ActionListEntry]:
        """Return what is to be done."""
        reading = await info.context.reading(as_of, known_at)
        return await connection(
            info,
            ACTION_LIST,
            reading,
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
            also=await on_list(info, reading, scope, user_id, where),
            order=NEXT_BEST,
        )
