"""`tallystick audit erase`, `hold` and `retention`: persons who are to be read of no longer."""

import sys
from datetime import date
from uuid import uuid4

import click

from application.erasing import Wish, checked_person, known_asked
from application.handling import Request
from cli.audit import audit
from cli.context import Session, command_options
from cli.operator import operator
from cli.output import print_rows
from cli.values import DATE
from domain.erasure import (
    ApproveErasure,
    AskErasure,
    ErasureCommand,
    PersonErased,
    WithdrawErasure,
)
from domain.legal_hold import LEGAL_HOLD, LiftLegalHold, PlaceLegalHold
from domain.shared.decider import Refused
from domain.shared.streams import stream_category, stream_key, stream_name
from runtime.erasing import State, ask, erase, erase_overdue, overdue
from runtime.site import site_options, today


@audit.command("erase")
@click.argument("person")
@click.option("--reason", help="Why; kept for ever, so it must not tell of the person.")
@click.option("--approve", is_flag=True, help="Approve what somebody else asked for.")
@click.option("--withdraw", is_flag=True, help="Withdraw what you asked for.")
@command_options
def erase_person(
    session: Session, person: str, reason: str | None, *, approve: bool, withdraw: bool
) -> None:
    """Erase PERSON for good, who is named as in `auditTrail`.

    contact/COMPANY/ACCOUNT/ID, personal_contact/ID, sales_person/COMPANY/ID or user/ID;
    account/COMPANY/ACCOUNT is the sales person whom that account names without an id, api_key/ID
    who has that API key and is no user.

    Where the site wants two, this asks for it, and somebody else approves.
    """
    if (reason is not None) + approve + withdraw != 1:
        raise click.UsageError("Give a --reason, or --approve, or --withdraw.")
    by, on = operator(), _today(session)
    command: ErasureCommand = AskErasure(person, reason or "", by, on)
    if approve:
        command = ApproveErasure(by, on)
    elif withdraw:
        command = WithdrawErasure(by, on)
    wish = Wish(checked_person(person), command, by, on, "cli/audit-erase", f"cli/{uuid4()}")
    (outcome,) = erase(session.database, session.tenant(), [wish])
    if isinstance(outcome, Refused):
        raise outcome
    erased = any(isinstance(event, PersonErased) for event in outcome.events)
    row = [person, erased, outcome.position]
    print_rows(session.format, ["person", "erased", "position"], [row])


@audit.command("hold")
@click.argument("subject")
@click.option("--reason", required=True, help="Why.")
@click.option("--lift", is_flag=True, help="Lift the hold.")
@command_options
def hold(session: Session, subject: str, reason: str, *, lift: bool) -> None:
    """Hold SUBJECT, account/COMPANY/ACCOUNT or contact/COMPANY/ACCOUNT/ID: nobody is erased."""
    by, on = operator(), _today(session)
    key = (stream_category(subject), *stream_key(subject))
    parts = {"account": 3, "contact": 4}
    if parts.get(key[0]) != len(key) or not all(key) or stream_name(*key) != subject:
        raise click.UsageError("Name account/COMPANY/ACCOUNT or contact/COMPANY/ACCOUNT/ID.")
    command = LiftLegalHold(reason, by, on) if lift else PlaceLegalHold(subject, reason, by, on)
    consults = () if lift else (known_asked(key),)
    request = Request(
        LEGAL_HOLD, key, command, by, on, "cli/audit-hold", f"cli/{uuid4()}", None, consults
    )
    handled = ask(session.database, session.tenant(), request)
    row = [subject, not lift, handled.position]
    print_rows(session.format, ["subject", "held", "position"], [row])


@audit.command("retention")
@click.option("--business-date", "on", type=DATE, required=True, help="The date it is done for.")
@click.option(
    "--inactive-days",
    type=click.IntRange(1),
    metavar="N",
    help="The contacts, too, of accounts with which nothing has happened for so many days.",
)
@click.option("--erase", "erasing", is_flag=True, help="Erase them, or ask for it.")
@command_options
def retention(session: Session, on: date, inactive_days: int | None, *, erasing: bool) -> None:
    """List whom the site keeps no longer (its option `retainPersonalDataDays`), or erase them.

    Exit 1 if somebody is due and could not be erased.
    """
    database, tenant = session.database, session.tenant()
    found = overdue(database, tenant, on, inactive_days)
    if erasing:
        by, run = operator(), f"cli/{uuid4()}"
        found = erase_overdue(database, tenant, on, inactive_days, actor=by, correlation=run)
    rows = [[one.person, one.since.isoformat(), one.why.value, one.state.value] for one in found]
    print_rows(session.format, ["person", "since", "why", "state"], rows)
    if erasing and any(one.state is State.DUE for one in found):
        sys.exit(1)


def _today(session: Session) -> date:
    with session.database.connect("worker") as connection:
        connection.execute("SET search_path = read_models, public")
        return today(site_options(connection, session.tenant().id))
