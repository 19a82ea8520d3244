"""Runs of rules: evaluated at one moment, appended whole, once for a class and a business date.

A run reads the read models as of the log's head and leads to commands that deciders decide. What
belongs together, an issue with its activity, is appended together. So a run that is cut off
anywhere leaves whole actions, and the next one makes those that are missing.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from typing import Any, Self

import structlog
from msgspec import Struct
from psycopg import Connection

from application.appending import Appender, Task
from domain.activity import ACTIVITY, TagInvoices, WithdrawActivity
from domain.credit_class import CreditClassDocument
from domain.issue import ISSUE, ExtendIssue
from domain.rule_plan import ACTIONS_MAX, Action, Extension, Lapse, Plan
from domain.rule_run import RULE_RUN, RecordRuleRun, RuleOutcome, RuleRunCompleted
from domain.shared.decider import Refused
from domain.shared.on_account import INVOICES_MAX
from domain.simulated_actions import SimulatedActions
from eventstore.importing import ImportSession
from projections.query import fetch
from projections.rule_runs import last_run, outcomes_of, run_of
from projections.rule_situation import standing_issues
from projections.rules_in_force import credit_classes, rules_in_force
from projections.view import Asked
from runtime.database import Database
from runtime.garbage import rare_collection
from runtime.rule_evaluation import Evaluation, evaluate
from runtime.site import site_options, today
from runtime.snapshots import at_one_moment
from runtime.switches import prompt_switches
from runtime.tenants import Tenant
from runtime.what_if import Progress, quiet, simulated_run
from runtime.worker import ReadModelProcess, ReadModelWorker, wait_until

CATCH_UP_DAYS = 31
"""How many days back missed dates of a class are run, before a later one."""

AHEAD_DAYS_MAX = 366
"""How many days ahead of the site's present date rules are run or previewed at most: a date beyond
is mistyped, and a run for it would leave no earlier one to be made."""

ALIVE_POLL_SECONDS = 0.5

LARGE_ACTIONS = 2_000
"""From so many actions on, the read models follow a run in a process of their own."""

FOLLOWING_NICENESS = 10

LOCK_SECONDS_MAX = 600.0
"""How long a run waits for a sync, or for another run."""

log = structlog.get_logger(__name__)


class RunBusy(Exception):
    """A sync or another run does not end."""


class ClassRun(Struct, frozen=True):
    """What a run of a class did for a date: now, by rule. A preview did nothing of it."""

    class_id: str
    business_date: date
    rules: tuple[RuleOutcome, ...]
    evaluation: Evaluation


class RunResult(Struct, frozen=True):
    """What runs did together, and the position at which all of it is complete."""

    runs: Sequence[ClassRun]
    position: int

    def total(self, count: str) -> int:
        """Return the sum of a count, such as `created`, over all rules of all runs."""
        return sum(getattr(rule, count) for run in self.runs for rule in run.rules)


class RuleRunner:
    """Runs the rules of one tenant; nobody else syncs or runs rules of it meanwhile.

    `begun_by` names the job or the command that it does so for.
    """

    def __init__(
        self, database: Database, tenant: Tenant, *, actor: str, begun_by: str | None = None
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._actor = actor
        self._begun_by = begun_by
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        enter = self._stack.enter_context
        enter(rare_collection())
        enter(prompt_switches())
        self._reading: Connection[Any] = enter(self._database.connect("worker"))
        appending = enter(self._database.connect("worker"))
        followed = [] if self._database.frozen else [self._tenant.id]
        self._worker: ReadModelWorker | ReadModelProcess = enter(
            ReadModelWorker(self._database.url("worker"), lambda _: followed)
        )
        self._session = ImportSession(
            self._reading, appending, self._tenant.id, appended=self._keep_alive
        )
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def run(
        self,
        business_date: date,
        class_id: str | None = None,
        *,
        actions_max: int = ACTIONS_MAX,
        catch_up_days: int = CATCH_UP_DAYS,
        progress: Progress = quiet,
    ) -> RunResult:
        """Run the rules of a class, or of all, for a date and first for dates that were missed.

        Raises:
            Refused: if there is no such class, it ran for a later date already, or the date is too
                far ahead.
            RunBusy: if a sync or another run does not end.
        """
        self._check_date(business_date)
        self._lock()
        try:
            due = [
                (one, on)
                for one in self.classes(business_date, class_id)
                for on in self._dates(one, business_date, catch_up_days)
            ]
            runs: list[ClassRun] = []
            for credit_class, on in due:
                progress(credit_class.class_id, on)
                runs.append(self._run(credit_class, on, actions_max))
            return RunResult(runs, self._session.head())
        finally:
            self._session.unlock()

    def preview(
        self,
        business_date: date,
        class_id: str | None = None,
        *,
        actions_max: int = ACTIONS_MAX,
        catch_up_days: int = CATCH_UP_DAYS,
        progress: Progress = quiet,
    ) -> RunResult:
        """Return what a run for a date would do, missed dates first, without doing it (RULE-24).

        An earlier date than one that ran is previewed by itself.

        Raises:
            Refused: if there is no such class, or the date is too far ahead.
        """
        self._check_date(business_date)
        runs: list[ClassRun] = []
        for one in self.classes(business_date, class_id):
            last = fetch(self._reading, last_run(self._tenant.id, one.class_id))
            earlier = bool(last) and business_date < last[0]
            dates = [business_date] if earlier else self._dates(one, business_date, catch_up_days)
            if len(dates) == 1:
                progress(one.class_id, business_date)
                runs.append(self.evaluated(one, business_date, actions_max))
            else:
                runs += self._simulated(one, dates, actions_max, progress)
        return RunResult(runs, self._session.head())

    def _simulated(
        self,
        credit_class: CreditClassDocument,
        dates: Sequence[date],
        actions_max: int,
        progress: Progress,
    ) -> list[ClassRun]:
        """Return what runs for these dates would do, one after the other."""
        position = self._catch_up()
        class_id = credit_class.class_id
        with at_one_moment(self._reading):
            standing = standing_issues(self._asked(dates[0]), class_id)
            actions = SimulatedActions(fetch(self._reading, standing))
            rules = fetch(self._reading, rules_in_force(self._asked(dates[0]), class_id))
            runs: list[ClassRun] = []
            for on in dates:
                progress(class_id, on)
                evaluation = simulated_run(
                    self._reading,
                    self._asked(on),
                    credit_class,
                    actions,
                    rules=rules,
                    goes_on=True,
                    read_position=position,
                    actions_max=actions_max,
                )
                runs.append(ClassRun(class_id, on, evaluation.done, evaluation))
        return runs

    def _check_date(self, business_date: date) -> None:
        present = today(site_options(self._reading, self._tenant.id))
        if (business_date - present).days > AHEAD_DAYS_MAX:
            message = (
                f"{business_date} is more than {AHEAD_DAYS_MAX} days ahead; today is {present}."
            )
            raise Refused("date_too_far_ahead", message, "businessDate")

    def _lock(self) -> None:
        waited = 0.0
        while not self._session.try_lock():
            waited += 1.0
            if waited > LOCK_SECONDS_MAX:
                raise RunBusy("A sync or another run of rules does not end.")

    def _asked(self, business_date: date) -> Asked:
        options = site_options(self._reading, self._tenant.id)
        return Asked(self._tenant.id, options, business_date, in_past=True)

    def classes(
        self, business_date: date, class_id: str | None = None
    ) -> list[CreditClassDocument]:
        """Return the classes to run, all or one.

        Raises:
            Refused: if there is no such class.
        """
        self._catch_up()
        found = fetch(self._reading, credit_classes(self._asked(business_date), class_id))
        if class_id is not None and not found:
            raise Refused("credit_class_unknown", f"There is no credit class {class_id}.", "class")
        return found

    def _dates(
        self, credit_class: CreditClassDocument, business_date: date, catch_up_days: int
    ) -> list[date]:
        """Return the dates to run for: those since the last run on which one was due, and this."""
        last = fetch(self._reading, last_run(self._tenant.id, credit_class.class_id))
        if not last:
            return [business_date]
        if business_date < last[0]:
            if fetch(self._reading, run_of(self._tenant.id, credit_class.class_id, business_date)):
                return []  # it ran, and what came later came later
            raise Refused(
                "rules_ran_later",
                f"The rules of {credit_class.class_id} ran for {last[0]} already; for an earlier"
                " date they can only be previewed.",
                "businessDate",
            )
        schedule = credit_class.schedule
        days = min((business_date - last[0]).days - 1, catch_up_days)
        missed = (business_date - timedelta(day) for day in range(days, 0, -1))
        due = [one for one in missed if schedule is None or one.isoweekday() in schedule.days]
        return [*due, business_date]

    def _run(
        self, credit_class: CreditClassDocument, business_date: date, actions_max: int
    ) -> ClassRun:
        run = self.evaluated(credit_class, business_date, actions_max)
        self.carry_out(run)
        self._catch_up()
        return run

    def evaluated(
        self, credit_class: CreditClassDocument, business_date: date, actions_max: int
    ) -> ClassRun:
        """Return what the rules do for a date, as known at the head of the log."""
        position = self._catch_up()
        with at_one_moment(self._reading):
            asked = self._asked(business_date)
            evaluation = evaluate(
                self._reading,
                asked,
                credit_class,
                read_position=position,
                actions_max=actions_max,
            )
        return ClassRun(credit_class.class_id, business_date, evaluation.done, evaluation)

    def _catch_up(self) -> int:
        """Wait until the read models show the log; return its last position."""
        position = self._session.head()
        while not wait_until(self._reading, self._tenant.id, position, ALIVE_POLL_SECONDS):
            self._keep_alive()
        return position

    def _keep_alive(self) -> None:
        self._worker.keep_alive()

    def _expect(self, actions: int) -> None:
        """Let the read models follow in a process of their own, if there is much to follow.

        While actions are appended it only has what they leave of the processors.
        """
        if actions >= LARGE_ACTIONS and isinstance(self._worker, ReadModelWorker):
            self._worker.close()
            process = ReadModelProcess(
                self._database.url("worker"), self._tenant.id, FOLLOWING_NICENESS
            )
            self._worker = self._stack.enter_context(process)

    def carry_out(self, run: ClassRun) -> None:
        """Append what a run does, and that it ran."""
        self._expect(len(run.evaluation.plan.actions))
        on, cause = run.business_date, f"rule_run/{run.class_id}/{run.business_date}"
        appender = Appender(self._session, actor=self._actor, business_date=on, cause=cause)
        try:
            for tasks in _tasks(run.evaluation.plan, on):
                try:
                    appender.add(*tasks)
                except Refused as refusal:
                    log.warning("action refused", run=cause, code=refusal.code, why=str(refusal))
            before = fetch(self._reading, run_of(self._tenant.id, run.class_id, on))
            known = {one.rule_id: one for row in before for one in outcomes_of(row.rules)}
            completed = RuleRunCompleted(
                run.class_id, on, self._session.head(), run.evaluation.outcomes(known)
            )
            key = run.class_id, on.isoformat()
            command = RecordRuleRun(completed)
            appender.add(Task(RULE_RUN, key, command, known=True, cause=self._begun_by))
            for batch in appender.finish():
                for task, refusal in batch.refused:
                    log.warning(
                        "action refused", stream=task.stream, code=refusal.code, why=str(refusal)
                    )
        finally:
            appender.close()


def _tasks(plan: Plan, on: date) -> Iterator[list[Task]]:
    """Yield what a plan asks for; commands that belong together are given together."""
    for action in plan.actions:
        yield _creating(action)
    large = [action for action in plan.actions if len(action.members) > INVOICES_MAX]
    for action in large:
        for later in action.later:
            yield _joining(*action.ids, later, on)
    for extension in plan.extensions:
        yield from _extending(extension, on)
    for lapse in plan.lapses:
        yield _lapsing(lapse, on)


def _creating(action: Action) -> list[Task]:
    issue, activity = action.commands
    return [
        Task(ISSUE, (issue.issue_id,), issue),
        Task(ACTIVITY, (activity.activity_id,), activity),
    ]


def _extending(extension: Extension, on: date) -> Iterator[list[Task]]:
    action, documents = extension.action, extension.documents
    for start in range(0, len(documents), INVOICES_MAX):
        page = documents[start : start + INVOICES_MAX]
        command = ExtendIssue(tuple(one.tran_id for one in page), on, page)
        yield _joining(action.issue_id, action.activity_id, command, on)


def _joining(issue_id: str, activity_id: str, command: ExtendIssue, on: date) -> list[Task]:
    tagging = TagInvoices(command.tran_ids, on, command.documents)
    return [
        Task(ISSUE, (issue_id,), command, known=True),
        Task(ACTIVITY, (activity_id,), tagging, known=True),
    ]


def _lapsing(lapse: Lapse, on: date) -> list[Task]:
    reason = lapse.command.resolution or ""
    return [
        Task(ISSUE, (lapse.issue_id,), lapse.command, known=True),
        *(
            Task(ACTIVITY, (activity_id,), WithdrawActivity(on, reason), known=True)
            for activity_id in lapse.activity_ids
        ),
    ]
