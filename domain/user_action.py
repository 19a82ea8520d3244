"""A user action: something that the software tells a user to look after (UA-01, UA-05).

    NotRaised --raise--> Open --complete--> Done
                         |  ^
                  withdraw  raise
                         v  |
                       Withdrawn

Raised again while it is open, it goes to who is responsible by now. Its key is made of its kind,
what it is about and the occasion, so it is raised once for each occasion. What a user has done
stays done; what lost its reason is raised again if that returns.
"""

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.user_action_kinds import UserActionKind

ID_CHARACTERS = 32


def user_action_id(kind: UserActionKind, subject: str, occasion: str) -> str:
    """Return the id of the action of a kind about a subject on an occasion."""
    told = f"user_action\n{kind.value}\n{subject}\n{occasion}"
    return sha256(told.encode()).hexdigest()[:ID_CHARACTERS]


# Events: stored for ever under these names and fields. Add, never rename.


class UserActionRaised(Event, frozen=True, omit_defaults=True, gc=False):
    """A user is to look after something on an account; nobody in particular if there is no user.

    `occasion` tells it from others of its kind about the same promise, activity or payment.
    """

    action_id: str
    kind: UserActionKind
    company_id: str
    cust_id: str
    raised_on: date
    occasion: str
    text: str
    user_id: str | None = None
    promise_id: str | None = None
    activity_id: str | None = None
    pending_payment_id: str | None = None


class UserActionReassigned(Event, frozen=True, omit_defaults=True, gc=False):
    """Another user is responsible by now; None for nobody in particular."""

    user_id: str | None = None


class UserActionDone(Event, frozen=True, omit_defaults=True, gc=False):
    """A user looked after it; `done_by` is who, as the log names them."""

    done_on: date
    done_by: str


class UserActionWithdrawn(Event, frozen=True, omit_defaults=True, gc=False):
    """Its reason is gone."""

    withdrawn_on: date
    reason: str


UserActionEvent: TypeAlias = (
    UserActionRaised | UserActionReassigned | UserActionDone | UserActionWithdrawn
)


# Commands.


class RaiseUserAction(Struct, frozen=True, gc=False):
    """Let a user look after something."""

    kind: UserActionKind
    company_id: str
    cust_id: str
    occasion: str
    text: str
    business_date: date
    user_id: str | None = None
    promise_id: str | None = None
    activity_id: str | None = None
    pending_payment_id: str | None = None

    @property
    def subject(self) -> str:
        """The id of what it is about."""
        return self.promise_id or self.activity_id or self.pending_payment_id or ""

    @property
    def action_id(self) -> str:
        """The id of the action."""
        return user_action_id(self.kind, self.subject, self.occasion)


class CompleteUserAction(Struct, frozen=True, gc=False):
    """Say that it is looked after."""

    done_by: str
    business_date: date


class WithdrawUserAction(Struct, frozen=True, gc=False):
    """Take it back, as its reason is gone."""

    reason: str
    business_date: date


UserActionCommand: TypeAlias = RaiseUserAction | CompleteUserAction | WithdrawUserAction


# State: only what decisions need.


class NotRaised(Struct, frozen=True):
    """There is no such action."""


class Open(Struct, frozen=True, gc=False):
    """The user is to look after it."""

    user_id: str | None


class Done(Struct, frozen=True):
    """The user has."""


class Withdrawn(Struct, frozen=True, gc=False):
    """Its reason is gone."""


UserAction: TypeAlias = NotRaised | Open | Done | Withdrawn


def evolve(action: UserAction, event: UserActionEvent) -> UserAction:
    """Remember `event`."""
    match action, event:
        case NotRaised() | Withdrawn(), UserActionRaised():
            return Open(event.user_id)
        case Open(), UserActionReassigned(user_id):
            return replace(action, user_id=user_id)
        case Open(), UserActionDone():
            return Done()
        case Open(), UserActionWithdrawn():
            return Withdrawn()
        case _:
            raise ImpossibleHistory(f"{event} after {action}")


def decide(command: UserActionCommand, action: UserAction) -> Sequence[UserActionEvent]:
    """Return the facts that `command` adds."""
    match action, command:
        case NotRaised() | Withdrawn(), RaiseUserAction():
            return [raising(command)]
        case Open(user_id), RaiseUserAction():
            if command.user_id == user_id:
                return []  # raised already
            return [UserActionReassigned(command.user_id)]
        case (Done(), RaiseUserAction() | CompleteUserAction() | WithdrawUserAction()) | (
            NotRaised() | Withdrawn(),
            WithdrawUserAction(),
        ):
            return []  # looked after already, or gone
        case Open(), CompleteUserAction():
            return [UserActionDone(command.business_date, command.done_by)]
        case Open(), WithdrawUserAction():
            return [UserActionWithdrawn(command.business_date, command.reason)]
        case Withdrawn(), CompleteUserAction():
            raise Refused(
                "user_action_withdrawn", "Its reason is gone: there is nothing left to do."
            )
        case NotRaised(), CompleteUserAction():
            raise Refused("user_action_unknown", "There is no such user action.", "actionId")


def raising(command: RaiseUserAction) -> UserActionRaised:
    """Return the fact that an action is raised."""
    return UserActionRaised(
        command.action_id,
        command.kind,
        command.company_id,
        command.cust_id,
        command.business_date,
        command.occasion,
        command.text,
        command.user_id,
        command.promise_id,
        command.activity_id,
        command.pending_payment_id,
    )


USER_ACTION: Decider[UserAction, UserActionCommand, UserActionEvent] = Decider(
    category="user_action",
    events=(UserActionRaised, UserActionReassigned, UserActionDone, UserActionWithdrawn),
    initial=NotRaised(),
    evolve=evolve,
    decide=decide,
)
