"""Planning the work, and carrying it out once."""

from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import Struct

from application.handling import BATCH_COMMANDS_MAX, Request, handle_all
from domain.shared.decider import Refused
from eventstore.log import Log
from eventstore.postgres import PostgresLog
from examples.sample_work.accounts import assign, care, keep, keep_personal_contacts
from examples.sample_work.agreements import (
    break_promise,
    dispute,
    keep_promise,
    keep_promise_of,
    pay_online,
    pay_online_before,
    promise,
    tag,
)
from examples.sample_work.agreements import plan as plan_instalments
from examples.sample_work.choosing import Choice, Worked, choose
from examples.sample_work.conversations import talk
from examples.sample_work.diary import Diary
from examples.sample_work.people import CAPTIONS_KEY, MANAGER, caption_fields, set_up
from projections.view import Asked
from runtime.after_sync import ALIVE_POLL_SECONDS, Following, follow
from runtime.database import Database
from runtime.site import site_options
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker, wait_until

SET_UP_DAYS = 730
"""So many days before the business date people begin to work: as long as the ledger goes back."""

CARE_DAYS = 30
"""So many days before the business date accounts were rated."""

CAUSE = "demo/sample-work"


class Desk(Struct, frozen=True):
    """Where the work is done: in which database, for which tenant, up to which business date."""

    database: Database
    tenant: Tenant
    business_date: date


def set_up_site(desk: Desk) -> int:
    """Register users and the site's own words; return how many events that led to.

    Raises:
        Refused: if the tenant is not new to this, and has such a user already.
    """
    diary = Diary()
    set_up(diary, desk.business_date - timedelta(SET_UP_DAYS))
    with desk.database.pool("app", size=1) as pool:
        return carry_out(PostgresLog(pool, desk.tenant.id), diary.requests)[0]


def carry_out_work(desk: Desk, owner: str) -> int:
    """Do the work, and what follows from it as after a sync; return how many events that led to.

    The read models must show the ledger. `owner` is whose the personal contacts are, as the log
    names them. Nothing is done if everything was done before.

    Raises:
        Refused: if a command is refused; those before it are carried out.
    """
    tenant = desk.tenant.id
    with (
        desk.database.pool("app", size=1) as pool,
        desk.database.connect("worker") as connection,
        ReadModelWorker(desk.database.url("worker"), lambda _: [tenant]) as worker,
    ):
        log = PostgresLog(pool, tenant)
        if log.results([CAPTIONS_KEY]):
            return 0
        today = desk.business_date
        choice = choose(connection, Asked(tenant, site_options(connection, tenant), today))
        events, position = carry_out(log, plan(choice, today, owner))
        while not wait_until(connection, tenant, position, ALIVE_POLL_SECONDS):
            worker.keep_alive()
        companies = frozenset(company_id for company_id, _ in choice.accounts)
        following = Following(connection, log, tenant, today, "demo", CAUSE, companies)
        return events + follow(following, worker.keep_alive).events


def plan(choice: Choice, today: date, owner: str) -> list[Request]:
    """Return everything that is to be asked up to a date, in order."""
    diary = Diary()
    began = today - timedelta(SET_UP_DAYS)
    collectors = assign(diary, began, choice)
    keep_personal_contacts(diary, began, owner)
    for number, worked in enumerate(choice.worked):
        user_id = collectors.get(worked.key, MANAGER)
        care(diary, today - timedelta(CARE_DAYS), number, worked, user_id)
        keep(diary, today, number, worked, user_id)
        talk(diary, today, number, worked, user_id)
        agree(diary, today, number, worked, user_id)
    settle(diary, choice, collectors)
    caption_fields(diary, today)
    return diary.requests


def agree(diary: Diary, today: date, number: int, worked: Worked, user_id: str) -> None:
    """Note what is agreed with an account: most dispute and promise, some pay online or by plan."""
    oldest, newest = worked.documents[0], worked.documents[-1]
    break_promise(diary, today, number, oldest, user_id)
    if (number + 1) % 3 == 0:
        pay_online(diary, today, number, worked, user_id)
    else:
        promise(diary, today, number, worked, user_id)
    if number % 3 == 1:
        plan_instalments(diary, today, number, oldest, user_id)
        tag(diary, today, newest, user_id)
    else:
        dispute(diary, today, number, newest if number % 2 else oldest, user_id)


def settle(diary: Diary, choice: Choice, collectors: dict[tuple[str, str], str]) -> None:
    """Note promises that payments kept and payments online that the ERP saw."""
    for number, payment in enumerate(choice.payments):
        user_id = collectors.get((payment.company_id, payment.cust_id), MANAGER)
        if number % 2 == 0:
            keep_promise(diary, number // 2, payment, user_id)
        else:
            pay_online_before(diary, number // 2, payment, user_id)
    for number, worked in enumerate(choice.worked):
        keep_promise_of(diary, number, worked, collectors.get(worked.key, MANAGER))


def carry_out(log: Log, requests: Sequence[Request]) -> tuple[int, int]:
    """Carry requests out in order; return the number of events and the position after them.

    Raises:
        Refused: if one is refused.
    """
    events = position = 0
    for start in range(0, len(requests), BATCH_COMMANDS_MAX):
        batch = requests[start : start + BATCH_COMMANDS_MAX]
        for request, outcome in zip(batch, handle_all(log, batch), strict=True):
            if isinstance(outcome, Refused):
                about = f"{request.cause} of {request.stream} on {request.business_date}"
                raise Refused(outcome.code, f"{about}: {outcome.message}", outcome.field)
            events += len(outcome.events)
            position = max(position, outcome.position)
    return events, position
