"""Erasing persons from the command line, and those whom the site keeps no longer."""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from application.erasing import Wish, carry_out
from application.handling import Handled, Request, handle
from domain.erasure import AskErasure
from domain.shared.decider import Refused
from eventstore.postgres import PostgresLog
from projections.query import fetch
from projections.retention import (
    Kept,
    erasures_asked,
    holds_in_force,
    inactive_since,
    removed_until,
)
from runtime.database import Database
from runtime.site import site_options
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker, wait_until


def erase(database: Database, tenant: Tenant, wishes: Sequence[Wish]) -> list[Handled | Refused]:
    """Carry out wishes one by one, and return when the read models show it.

    Raises:
        ReadModelStopped: if a read model cannot follow.
    """
    outcomes: list[Handled | Refused] = []
    with _following(database, tenant), database.pool("app", size=1) as pool:
        log = PostgresLog(pool, tenant.id)
        for wish in wishes:
            try:
                outcomes.append(carry_out(log, wish))
            except Refused as refusal:
                outcomes.append(refusal)
        _show(database, tenant, [one.position for one in outcomes if isinstance(one, Handled)])
    return outcomes


def ask(database: Database, tenant: Tenant, request: Request) -> Handled:
    """Carry out a command, and return when the read models show it.

    Raises:
        Refused: when the business says no.
        ReadModelStopped: if a read model cannot follow.
    """
    with _following(database, tenant), database.pool("app", size=1) as pool:
        handled = handle(PostgresLog(pool, tenant.id), request)
        _show(database, tenant, [handled.position])
    return handled


def _following(database: Database, tenant: Tenant) -> ReadModelWorker:
    return ReadModelWorker(database.url("worker"), lambda _: [tenant.id])


def _show(database: Database, tenant: Tenant, positions: Sequence[int]) -> None:
    with database.connect("worker") as connection:
        wait_until(connection, tenant.id, max(positions, default=0))


class State(StrEnum):
    """What is to be done with somebody whom the site keeps no longer."""

    DUE = "due"
    HELD = "held"
    """A legal hold forbids it."""
    ASKED = "asked"
    """It waits for somebody's approval."""
    ERASED = "erased"


class Why(StrEnum):
    """Why somebody is kept no longer."""

    REMOVED = "removed"
    """They were removed longer ago than the site keeps them."""
    INACTIVE = "inactive"
    """Nothing has happened with their account for longer, and nothing is open."""


class Overdue(Struct, frozen=True):
    """Somebody who is kept no longer, and since when they were removed or nothing happened."""

    person: str
    since: date
    why: Why
    state: State

    @property
    def reason(self) -> str:
        """What an erasure says of it."""
        if self.why is Why.REMOVED:
            return f"Removed on {self.since}, and kept as long as the site keeps persons."
        return f"The account has been inactive since {self.since}, longer than persons are kept."


def overdue(
    database: Database, tenant: Tenant, business_date: date, inactive_days: int | None = None
) -> list[Overdue]:
    """Return whom the site keeps no longer on a date, the longest removed first.

    With `inactive_days`, the contacts as well of accounts with which nothing has happened for so
    many days.
    """
    with database.connect("worker") as connection:
        connection.execute("SET search_path = read_models, public")
        days = site_options(connection, tenant.id).retain_personal_data_days
        found: list[tuple[Kept, Why]] = []
        if days:
            until = business_date - timedelta(days=days)
            removed = fetch(connection, removed_until(tenant.id, until))
            found += ((one, Why.REMOVED) for one in removed)
        if inactive_days is not None:
            until = business_date - timedelta(days=inactive_days)
            inactive = fetch(connection, inactive_since(tenant.id, business_date, until))
            found += ((one, Why.INACTIVE) for one in inactive)
        held = set(fetch(connection, holds_in_force(tenant.id)))
        asked = set(fetch(connection, erasures_asked(tenant.id)))

    def state(one: Kept) -> State:
        if one.person in held or one.account in held:
            return State.HELD
        return State.ASKED if one.person in asked else State.DUE

    return [Overdue(one.person, one.since, why, state(one)) for one, why in found]


def erase_overdue(
    database: Database,
    tenant: Tenant,
    business_date: date,
    inactive_days: int | None = None,
    *,
    actor: str,
    correlation: str,
) -> list[Overdue]:
    """Erase who is kept no longer (`overdue`), or ask for it where two are needed; tell each.

    Done again, it does nothing more.

    Raises:
        ReadModelStopped: if a read model cannot follow.
    """
    found = overdue(database, tenant, business_date, inactive_days)
    due = [one for one in found if one.state is State.DUE]
    wishes = [
        Wish(
            one.person,
            AskErasure(
                one.person,
                one.reason,
                actor,
                business_date,
            ),
            actor,
            business_date,
            "cli/audit-retention",
            correlation,
        )
        for one in due
    ]
    outcomes = dict(zip((one.person for one in due), erase(database, tenant, wishes), strict=True))
    return [replace(one, state=_state_after(outcomes.get(one.person), one.state)) for one in found]


def _state_after(outcome: Handled | Refused | None, before: State) -> State:
    """Return the state of somebody after what was tried.

    Who was refused was held, asked for or erased since the read models told otherwise; the next
    run tells which.
    """
    if not isinstance(outcome, Handled):
        return before
    return State.ERASED if any(event.erases for event in outcome.events) else State.ASKED
