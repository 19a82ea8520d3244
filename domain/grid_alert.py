"""A grid alert: records of a list that users want to be told of, each of its own (ALR-01).

    NotDefined --define--> Active --define--> Active, changed
                             |----retire----> Retired --define--> Active

Each recipient is sent the records of accounts that are theirs, as a file (ALR-02, ALR-03).
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from domain.schedule import Schedule, checked_schedule
from domain.shared.decider import Decider, ImpossibleHistory, Refused
from domain.shared.event import Event
from domain.shared.facts import UserFacts
from domain.shared.wording import required_text

COLUMNS_MAX = 100
RECIPIENTS_MAX = 500


class Grid(StrEnum):
    """What a list is of."""

    ACCOUNTS = "accounts"
    INVOICES = "invoices"
    ACTIVITIES = "activities"
    ISSUES = "issues"
    PROMISES = "promises"
    DISPUTES = "disputes"
    PAYMENTS = "payments"
    PENDING_PAYMENTS = "pending_payments"


class GridAlertDocument(Struct, frozen=True, omit_defaults=True, gc=False):
    """What is to be told to whom, and when; without a schedule, when somebody asks for it.

    `filter` is the text of a condition, as conditions of rules are written; `columns` are fields
    of the grid, in the order in which they are shown; `recipients` are users.
    """

    alert_id: str
    name: str
    grid: Grid
    filter: str
    columns: tuple[str, ...]
    recipients: tuple[str, ...]
    schedule: Schedule | None = None


# Events: stored for ever under these names and fields. Add, never rename.


class GridAlertDefined(Event, frozen=True, omit_defaults=True, gc=False):
    """Users are told of these records from now on."""

    document: GridAlertDocument


class GridAlertChanged(Event, frozen=True, omit_defaults=True, gc=False):
    """They are told of these instead."""

    document: GridAlertDocument


class GridAlertRetired(Event, frozen=True, omit_defaults=True, gc=False):
    """They are told no longer."""


GridAlertEvent: TypeAlias = GridAlertDefined | GridAlertChanged | GridAlertRetired


# Commands.


class DefineGridAlert(Struct, frozen=True, gc=False):
    """Define an alert, or change it.

    Its filter and columns are checked before. `users` is what is known of each recipient.
    """

    document: GridAlertDocument
    users: tuple[UserFacts | None, ...] = ()

    def knowing(self, facts: Sequence[UserFacts | None]) -> "DefineGridAlert":
        """Return the command that knows the recipients."""
        return replace(self, users=tuple(facts))


class RetireGridAlert(Struct, frozen=True, gc=False):
    """Tell it no longer."""


GridAlertCommand: TypeAlias = DefineGridAlert | RetireGridAlert


# State: only what decisions need.


class NotDefined(Struct, frozen=True):
    """There is no such alert."""


class Active(Struct, frozen=True, gc=False):
    """It is told."""

    document: GridAlertDocument


class Retired(Struct, frozen=True, gc=False):
    """It was told once."""

    document: GridAlertDocument


GridAlert: TypeAlias = NotDefined | Active | Retired


def evolve(alert: GridAlert, event: GridAlertEvent) -> GridAlert:
    """Remember `event`."""
    match alert, event:
        case NotDefined(), GridAlertDefined(document):
            return Active(document)
        case Active() | Retired(), GridAlertChanged(document):
            return Active(document)
        case Active(document), GridAlertRetired():
            return Retired(document)
        case _:
            raise ImpossibleHistory(f"{event} after {alert}")


def decide(command: GridAlertCommand, alert: GridAlert) -> Sequence[GridAlertEvent]:
    """Return the facts that `command` adds."""
    match alert, command:
        case NotDefined(), DefineGridAlert():
            return [GridAlertDefined(checked(command))]
        case Active(known), DefineGridAlert():
            told = checked(command)
            return [] if told == known else [GridAlertChanged(told)]
        case Retired(), DefineGridAlert():
            return [GridAlertChanged(checked(command))]
        case Active(), RetireGridAlert():
            return [GridAlertRetired()]
        case Retired(), RetireGridAlert():
            return []  # retired already
        case NotDefined(), RetireGridAlert():
            raise Refused("grid_alert_unknown", "There is no such alert.", "alertId")


def checked(command: DefineGridAlert) -> GridAlertDocument:
    """Return what is told of an alert, as it is kept.

    Raises:
        Refused: if something of it cannot be.
    """
    document = command.document
    if required_text(document.alert_id, "alert id", "alertId") != document.alert_id:
        raise Refused("alert_id_not_trimmed", "The alert id has space around it.", "alertId")
    columns = tuple(dict.fromkeys(document.columns))
    if not 0 < len(columns) <= COLUMNS_MAX:
        raise Refused(
            "columns_invalid", f"An alert shows from 1 to {COLUMNS_MAX} columns.", "columns"
        )
    if not 0 < len(document.recipients) <= RECIPIENTS_MAX:
        raise Refused(
            "recipients_invalid", f"An alert is for 1 to {RECIPIENTS_MAX} users.", "recipients"
        )
    for user_id, user in zip(document.recipients, command.users, strict=True):
        if user is None or not user.active:
            raise Refused("user_unknown", f"There is no active user {user_id}.", "recipients")
    schedule = document.schedule
    return replace(
        document,
        name=required_text(document.name, "name", "name"),
        columns=columns,
        recipients=tuple(sorted(set(document.recipients))),
        schedule=None if schedule is None else checked_schedule(schedule, "schedule"),
    )


GRID_ALERT: Decider[GridAlert, GridAlertCommand, GridAlertEvent] = Decider(
    category="grid_alert",
    events=(GridAlertDefined, GridAlertChanged, GridAlertRetired),
    initial=NotDefined(),
    evolve=evolve,
    decide=decide,
)
