"""Runs of rules that are told of: to who asked for them, or to who runs the site (RULE-33).

A message is delivered once for what it says, so whoever runs the rules again, or asks again for the
same preview, is told nothing twice. One that was lost, as the process was killed between a run and
its message, is delivered by the next run for the date.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

import structlog
from msgspec import Struct

from application.handling import Handled, Request, handle_all
from application.rule_messages import Telling, failure_message, preview_message, run_message
from domain.message import StoredFile
from domain.rule_plan import ACTIONS_MAX, Action
from domain.rule_run import RuleRunCompleted
from domain.shared.decider import Refused
from eventstore.files import store_file
from eventstore.postgres import PostgresLog
from projections.query import fetch
from projections.rule_runs import outcomes_of, run_of
from projections.view import Kind
from runtime.after_sync import ALIVE_POLL_SECONDS
from runtime.database import Database
from runtime.rule_runs import CATCH_UP_DAYS, ClassRun, RuleRunner, RunResult
from runtime.spreadsheets import MEDIA_TYPE, Column, workbook
from runtime.tenants import Tenant
from runtime.what_if import Progress, quiet
from runtime.worker import ReadModelWorker, wait_until

RECORDS_MAX = 100_000
"""Actions in the file of a preview at most; the message says where there are more."""

log = structlog.get_logger(__name__)


class Delivered(Struct, frozen=True):
    """A message that is there, whether it is new, and the position at which it is shown."""

    message_id: str
    new: bool
    position: int


def run_and_tell(
    database: Database,
    tenant: Tenant,
    telling: Telling,
    *,
    actions_max: int = ACTIONS_MAX,
    catch_up_days: int = CATCH_UP_DAYS,
    progress: Progress = quiet,
) -> RunResult:
    """Run rules, first for dates that were missed, and tell of it.

    A run that fails is told of, too; one that is refused did not begin, and who asked is answered.

    Raises:
        Refused: if there is no such class, or it ran for a later date already.
        RunBusy: if a sync or another run does not end.
    """
    try:
        with RuleRunner(database, tenant, actor=telling.actor, begun_by=telling.cause) as runner:
            result = runner.run(
                telling.business_date,
                telling.class_id,
                actions_max=actions_max,
                catch_up_days=catch_up_days,
                progress=progress,
            )
    except Refused:
        raise
    except Exception as failure:
        _tell_failure(database, tenant, telling, failure)
        raise
    with database.connect("worker") as connection:
        rows = [
            row
            for one in result.runs
            for row in fetch(connection, run_of(tenant.id, one.class_id, one.business_date))
        ]
    runs = [
        RuleRunCompleted(row.class_id, row.business_date, row.read_position, outcomes_of(row.rules))
        for row in rows
    ]
    if not runs:
        return result
    delivered = _deliver(database, tenant, run_message(telling, runs))
    return RunResult(result.runs, max(result.position, delivered.position))


def _tell_failure(database: Database, tenant: Tenant, telling: Telling, failure: Exception) -> None:
    """Tell that a run failed, if that can be told at all."""
    reason = str(failure) or type(failure).__name__
    try:
        _deliver(database, tenant, failure_message(telling, reason))
    except Exception:
        log.exception("failure not told", cause=telling.cause, failure=reason)


def deliver_preview(
    database: Database,
    tenant: Tenant,
    telling: Telling,
    *,
    actions_max: int = ACTIONS_MAX,
    catch_up_days: int = CATCH_UP_DAYS,
    progress: Progress = quiet,
) -> tuple[RunResult, Delivered]:
    """Deliver what a run for a date would do, missed dates first, with a file of its actions.

    It is what `RuleRunner.preview` tells, as a message with an Excel file (RULE-24).

    Raises:
        Refused: if there is no such class.
        FileTooLarge: if the file has more bytes than are kept.
    """
    with RuleRunner(database, tenant, actor=telling.actor) as runner:
        result = runner.preview(
            telling.business_date,
            telling.class_id,
            actions_max=actions_max,
            catch_up_days=catch_up_days,
            progress=progress,
        )
    runs = [
        RuleRunCompleted(one.class_id, one.business_date, result.position, one.rules)
        for one in result.runs
    ]
    content = workbook(
        f"Preview {telling.business_date}",
        COLUMNS,
        islice(_rows(result.runs), RECORDS_MAX),
        created=telling.business_date,
    )
    with database.pool("app", size=1) as pool:
        digest = store_file(pool, tenant.id, content)
    name = f"Preview of the rules {telling.business_date}.xlsx"
    file = StoredFile(name, MEDIA_TYPE, len(content), digest)
    more = max(0, sum(len(one.evaluation.plan.actions) for one in result.runs) - RECORDS_MAX)
    message = preview_message(telling, runs, file, more=more)
    return result, _deliver(database, tenant, message)


COLUMNS = (
    Column("Credit class", Kind.TEXT),
    Column("Rule", Kind.TEXT),
    Column("Company", Kind.TEXT),
    Column("Account", Kind.TEXT),
    Column("Priority", Kind.INTEGER),
    Column("Action code", Kind.TEXT),
    Column("Subject", Kind.TEXT),
    Column("Reason", Kind.TEXT),
    Column("Documents", Kind.TEXT),
    Column("Open amount", Kind.MONEY, 10),
    Column("Currency", Kind.TEXT),
    Column("Assigned user", Kind.TEXT),
    Column("Scheduled for", Kind.DATE),
    Column("Delayed", Kind.BOOLEAN),
)
"""What the file of a preview tells of an action; amounts are in home currency."""


def _rows(runs: Sequence[ClassRun]) -> Iterator[Sequence[Any]]:
    for run in runs:
        for action in run.evaluation.plan.actions:
            yield _row(run, action)


def _row(run: ClassRun, action: Action) -> Sequence[Any]:
    documents, code = action.documents, action.making.rule.code
    return (
        run.class_id,
        run.rules[action.rule].rule_id,
        *action.account,
        code.priority,
        code.code,
        code.issue_description,
        action.reason,
        ", ".join(action.tran_ids) or None,
        sum((one.balance_hc for one in documents), Decimal(0)) if documents else None,
        documents[0].home_curr_id if documents else None,
        action.user_id,
        action.due_on,
        action.delayed,
    )


def _deliver(database: Database, tenant: Tenant, request: Request) -> Delivered:
    """Deliver a message, and return when the read models show it."""
    url = database.url("worker")
    with (
        database.connect("worker") as connection,
        database.pool("app", size=1) as pool,
        ReadModelWorker(url, lambda _: [tenant.id]) as worker,
    ):
        (outcome,) = handle_all(PostgresLog(pool, tenant.id), [request])
        assert isinstance(outcome, Handled), outcome
        while not wait_until(connection, tenant.id, outcome.position, ALIVE_POLL_SECONDS):
            worker.keep_alive()
    return Delivered(request.key[0], bool(outcome.events), outcome.position)
