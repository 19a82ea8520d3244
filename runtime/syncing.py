"""A sync from a folder to read models that show it."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

from msgspec import Struct
from psycopg import Connection

from application.handling import Request
from application.importing.message import sync_message
from application.importing.source import Source
from application.importing.sync import Outcome, Sync, SyncBusy
from eventstore.importing import ImportSession
from eventstore.postgres import PostgresLog
from runtime.after_sync import ALIVE_POLL_SECONDS, Following, Step, follow
from runtime.database import Database
from runtime.garbage import rare_collection
from runtime.read_models import gather_statistics
from runtime.switches import prompt_switches
from runtime.tenants import Tenant
from runtime.worker import ReadModelProcess, ReadModelWorker, wait_until

BUSY_SECONDS_MAX = 600.0
"""How long is waited for another sync, or a run of rules, to end."""

_BUSY_POLL_SECONDS = 0.2

LARGE_BYTES = 16_000_000
"""From this size on, the read models follow in a process of their own, on another core."""

STATISTICS_EVENTS_MIN = 1_000
"""After a sync of so many events, statistics may have to be gathered anew."""

STATISTICS_LOG_SHARE = 0.1
"""They are if the events are this part of the tenant's log or more."""

STATISTICS_REST = 0.1
"""They are gathered while the read models take in the last part of the events."""


class Synced(Struct):
    """What a sync did, and which open documents its companies' exports no longer hold."""

    outcome: Outcome
    vanished: list[str]


def sync(
    database: Database,
    tenant: Tenant,
    sources: Sequence[Source],
    *,
    actor: str,
    business_date: date,
    occasion: str | None = None,
    begun_by: str | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Synced:
    """Load `sources`, do what follows from them, and return when the read models show it all.

    A sync that runs unattended names the occasion, such as the firing of its schedule: then those
    who run the site are told by a message what it did, once for each occasion (SYN-10). Who waits
    for the result is answered with it and names none.

    Raises:
        SyncBusy: if another sync of the tenant is running.
        ReadModelStopped: if a read model cannot follow.
    """
    url = database.url("worker")
    worker = (
        ReadModelProcess(url, tenant.id)
        if sum(source.size for source in sources) > LARGE_BYTES
        else ReadModelWorker(url, lambda _: [tenant.id])
    )
    with (
        rare_collection(),
        prompt_switches(),
        database.connect("worker") as reading,
        database.connect("worker") as appending,
        worker,
    ):
        session = ImportSession(reading, appending, tenant.id, appended=worker.keep_alive)
        run = Sync(
            session,
            actor=actor,
            business_date=business_date,
            begun_by=begun_by,
            progress=progress,
        )
        outcome = run.run(sources)

        def wait_for(position: int) -> None:
            while not wait_until(reading, tenant.id, position, ALIVE_POLL_SECONDS):
                worker.keep_alive()

        with ThreadPoolExecutor(1, "statistics") as beside:
            if outcome.events >= max(
                STATISTICS_EVENTS_MIN, outcome.position * STATISTICS_LOG_SHARE
            ):
                wait_for(outcome.position - int(outcome.events * STATISTICS_REST))
                gathered = beside.submit(gather_statistics, database)
                wait_for(outcome.position)
                gathered.result()
            else:
                wait_for(outcome.position)
        with database.pool("app", size=1) as pool:
            log = PostgresLog(pool, tenant.id)
            companies = frozenset(run.companies)
            following = Following(
                reading, log, tenant.id, business_date, actor, run.cause, companies
            )
            followed = follow(following, worker.keep_alive)
            outcome.events += followed.events
            outcome.position = max(outcome.position, followed.position)
            synced = Synced(outcome, _vanished(reading, tenant, run))
            if occasion is not None:
                told = follow(following, worker.keep_alive, (_telling(synced, occasion),))
                outcome.position = max(outcome.position, told.position)
        return synced


def sync_when_free(
    database: Database,
    tenant: Tenant,
    sources: Sequence[Source],
    *,
    actor: str,
    business_date: date,
    occasion: str | None = None,
    begun_by: str | None = None,
    progress: Callable[[int], None] = lambda _: None,
    waiting: Callable[[], None] = lambda: None,
) -> Synced:
    """Sync, waiting for a sync or a run of rules that is at it; `waiting` is told so once.

    Raises:
        SyncBusy: if that does not end.
        ReadModelStopped: if a read model cannot follow.
    """
    busy_until = time.monotonic() + BUSY_SECONDS_MAX
    told = False
    while True:
        try:
            return sync(
                database,
                tenant,
                sources,
                actor=actor,
                business_date=business_date,
                occasion=occasion,
                begun_by=begun_by,
                progress=progress,
            )
        except SyncBusy:
            if time.monotonic() > busy_until:
                raise
            if not told:
                waiting()
                told = True
            time.sleep(_BUSY_POLL_SECONDS)


def _telling(synced: Synced, occasion: str) -> Step:
    """Return the step that tells those who run the site what a sync did."""

    def step(following: Following) -> Sequence[Request]:
        message = sync_message(
            occasion,
            synced.outcome,
            vanished=len(synced.vanished),
            business_date=following.business_date,
            actor=following.actor,
            cause=following.cause,
        )
        return [message]

    return step


def _vanished(connection: Connection[Any], tenant: Tenant, run: Sync) -> list[str]:
    """Return the open documents of the export's companies that the export does not hold."""
    if not run.companies:
        return []
    documents: list[tuple[str, str]] = connection.execute(
        "SELECT company_id, tran_id FROM read_models.invoices"
        " WHERE tenant = %s AND balance <> 0 AND company_id = ANY(%s)",
        (tenant.id, list(run.companies)),
    ).fetchall()
    held = run.saw_invoices(documents)
    return ["/".join(one) for one, is_held in zip(documents, held, strict=True) if not is_held]
