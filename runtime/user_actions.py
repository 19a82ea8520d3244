"""Raising user actions for a day on which nothing may have been synced (FUP-08, PND-14)."""

from datetime import date

from eventstore.postgres import PostgresLog
from runtime.after_sync import ALIVE_POLL_SECONDS, Followed, Following, follow
from runtime.database import Database
from runtime.tenants import Tenant
from runtime.user_action_raising import user_action_raising
from runtime.worker import ReadModelWorker, wait_until


def raise_user_actions(
    database: Database, tenant: Tenant, business_date: date, *, actor: str, cause: str
) -> Followed:
    """Raise what a tenant's users are to look after on a date; the same date again adds nothing.

    Returns when the read models show it.
    """
    url = database.url("worker")
    with (
        database.connect("worker") as connection,
        database.pool("app", size=1) as pool,
        ReadModelWorker(url, lambda _: [tenant.id]) as worker,
    ):
        log = PostgresLog(pool, tenant.id)
        position = log.head().position
        while not wait_until(connection, tenant.id, position, ALIVE_POLL_SECONDS):
            worker.keep_alive()
        following = Following(connection, log, tenant.id, business_date, actor, cause, frozenset())
        return follow(following, worker.keep_alive, (user_action_raising,))
