"""What a new business day brings by itself, without a sync (FUP-08, PND-14, PRM-11, SYN-09)."""

from datetime import date

from eventstore.postgres import PostgresLog
from runtime.after_sync import ALIVE_POLL_SECONDS, Followed, Following, Step, follow
from runtime.class_leaving import class_leaving
from runtime.database import Database
from runtime.promise_judging import promise_judging
from runtime.tenants import Tenant
from runtime.user_action_raising import user_action_raising_of_companies
from runtime.worker import ReadModelWorker, wait_until

STEPS: tuple[Step, ...] = (promise_judging, class_leaving, user_action_raising_of_companies)
"""The steps, in the order in which they depend on each other."""


def roll_day(
    database: Database,
    tenant: Tenant,
    business_date: date,
    companies: frozenset[str],
    *,
    actor: str,
    cause: str,
) -> Followed:
    """Judge promises, and raise what users are to look after, of companies on a date.

    Accounts of any company leave classes that there are no more.

    The same date again adds nothing. Returns when the read models show it.
    """
    with (
        database.connect("worker") as connection,
        database.pool("app", size=1) as pool,
        ReadModelWorker(database.url("worker"), lambda _: [tenant.id]) as worker,
    ):
        log = PostgresLog(pool, tenant.id)
        position = log.head().position
        while not wait_until(connection, tenant.id, position, ALIVE_POLL_SECONDS):
            worker.keep_alive()
        following = Following(connection, log, tenant.id, business_date, actor, cause, companies)
        return follow(following, worker.keep_alive, STEPS)
