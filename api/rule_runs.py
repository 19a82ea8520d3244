"""GraphQL: running rules, previewing what they would do, and the runs that there were."""

from datetime import date
from itertools import islice
from typing import Annotated

import strawberry

from api.commands import IDEMPOTENCY_KEY, MAINTAINERS, check_keys
from api.connections import (
    After,
    AsOf,
    AtLeast,
    Before,
    Capability,
    Connection,
    Cutting,
    First,
    KnownAt,
    Last,
    connection,
    offer,
)
from api.context import Info
from api.errors import ApiError, Code, UserError
from api.view_types import filter_of, object_of, order_of
from application.rule_messages import Telling
from domain.api_key import Role
from domain.rule_plan import ACTIONS_MAX, Action
from domain.rule_run import RuleOutcome
from domain.shared.decider import Refused
from eventstore.files import FileTooLarge
from projections.rule_run_view import RULE_RUN_VIEW
from runtime.rule_messages import Delivered, deliver_preview, run_and_tell
from runtime.rule_runs import CATCH_UP_DAYS, ClassRun, RuleRunner, RunBusy, RunResult
from runtime.services import TOO_MANY_SIMULATIONS
from runtime.slots import Proceed
from runtime.tenants import Tenant

CATCH_UP_DAYS_MAX = 366
PREVIEWED_MAX = 1_000
ANY_NUMBER = 2**31


@strawberry.type(description="A run of rules: what the rules of a class did for a date.")
class RuleRun(object_of(RULE_RUN_VIEW)):
    """A run of rules."""


@strawberry.input(description="Which runs of rules; all that is given must hold.")
class RuleRunFilter(filter_of(RULE_RUN_VIEW, "api.rule_runs", "RuleRunFilter")):
    """Which runs of rules."""


@strawberry.input(description="An order of runs of rules by one field.")
class RuleRunOrder(order_of(RULE_RUN_VIEW, "RuleRunOrder")):
    """An order of runs of rules."""


RULE_RUNS = offer(Capability(RULE_RUN_VIEW, RuleRun))


@strawberry.type(description="What a rule does, or would do, in a run.")
class RuleCounts:
    """What a rule does."""

    class_id: str = strawberry.field(description="The credit class.")
    business_date: date = strawberry.field(description="The date of the run.")
    rule_id: str = strawberry.field(description="The rule.")
    version: int = strawberry.field(description="The version of it that was evaluated.")
    created: int = strawberry.field(description="How many actions it makes.")
    extended: int = strawberry.field(
        description="How many of its open actions further documents join."
    )
    closed: int = strawberry.field(
        description="How many of its issues are closed, as what led to them holds no longer."
    )
    delayed: int = strawberry.field(
        description="How many of its actions are letters that wait, as their customers were"
        " contacted too recently."
    )
    held: int = strawberry.field(
        description="How many actions it would make, too many at once without `confirm`."
    )

    @classmethod
    def of(cls, run: ClassRun, told: RuleOutcome) -> "RuleCounts":
        """Return the counts of a rule in a run."""
        return cls(
            class_id=run.class_id,
            business_date=run.business_date,
            rule_id=told.rule_id,
            version=told.version,
            created=told.created,
            extended=told.extended,
            closed=told.closed,
            delayed=told.delayed,
            held=told.held,
        )


@strawberry.type(description="An action that rules would make.")
class ProposedAction:
    """An action that a rule would make."""

    class_id: str = strawberry.field(description="The credit class.")
    rule_id: str = strawberry.field(description="The rule.")
    company_id: str = strawberry.field(description="The ERP company of the account.")
    cust_id: str = strawberry.field(description="The account.")
    tran_ids: list[str] = strawberry.field(
        description="The documents that it is about; none where the account is the subject."
    )
    action_code: str = strawberry.field(description="The action code.")
    subject: str = strawberry.field(description="What the issue would be about.")
    priority: int | None = strawberry.field(
        description="How urgent it would be; 1 is the most urgent."
    )
    assigned_user_id: str | None = strawberry.field(
        description="Who would get it; null for nobody in particular."
    )
    due_on: date | None = strawberry.field(description="For when its activity would be scheduled.")
    delayed: bool = strawberry.field(
        description="Whether it is a letter that would wait, as the customer was contacted too"
        " recently."
    )

    @classmethod
    def of(cls, run: ClassRun, action: Action) -> "ProposedAction":
        """Return an action as it is told."""
        (company_id, cust_id), code = action.account, action.making.rule.code
        return cls(
            class_id=run.class_id,
            rule_id=run.rules[action.rule].rule_id,
            company_id=company_id,
            cust_id=cust_id,
            tran_ids=list(action.tran_ids),
            action_code=code.code,
            subject=code.issue_description,
            priority=code.priority,
            assigned_user_id=action.user_id,
            due_on=action.due_on,
            delayed=action.delayed,
        )


@strawberry.type(description="What a run of rules would do.")
class RulePreview:
    """What a run would do."""

    created: int = strawberry.field(description="How many actions would be made.")
    extended: int = strawberry.field(description="How many open actions documents would join.")
    closed: int = strawberry.field(description="How many issues would be closed.")
    delayed: int = strawberry.field(description="How many of the actions are letters that wait.")
    rules: list[RuleCounts] = strawberry.field(description="The same by rule.")
    result: strawberry.Private[RunResult]

    @strawberry.field(description="The actions that would be made, by class and account.")
    def actions(
        self,
        first: Annotated[int, strawberry.argument(description="How many of them at most.")] = 100,
    ) -> list[ProposedAction]:
        """Return the first of the actions."""
        if not 0 <= first <= PREVIEWED_MAX:
            message = f"first must be from 0 to {PREVIEWED_MAX}."
            raise ApiError(Code.BAD_USER_INPUT, message)
        told = (
            ProposedAction.of(run, action)
            for run in self.result.runs
            for action in run.evaluation.plan.actions
        )
        return list(islice(told, first))


@strawberry.type
class RuleRunQuery:
    """Runs of rules, and what one would do."""

    @strawberry.field(description="Runs of rules; by default by class and date.")
    async def rule_runs(
        self,
        info: Info,
        where: Annotated[
            RuleRunFilter | None,
            strawberry.argument(name="filter", description="Which of them."),
        ] = None,
        order_by: Annotated[
            list[RuleRunOrder] | None, strawberry.argument(description="In which order.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> Connection[RuleRun]:
        """Return them."""
        return await connection(
            info,
            RULE_RUNS,
            await info.context.reading(as_of, known_at),
            Cutting.of(first, after, last, before),
            where=where,
            order_by=order_by,
        )

    @strawberry.field(
        description="What a run of rules would do for a date, without doing it; as `runRules` does,"
        " it tells of dates of their schedules that were missed first. An earlier date than one"
        " that ran is told by itself. Conditions that look at issues and activities see those that"
        " there are. Needs one of the roles admin and credit_manager."
    )
    async def preview_rules(
        self,
        info: Info,
        business_date: Annotated[date, strawberry.argument(description="The date.")],
        class_id: Annotated[
            str | None, strawberry.argument(description="Only this credit class.")
        ] = None,
        catch_up_days: Annotated[
            int,
            strawberry.argument(description="How many days back dates are told that were missed."),
        ] = CATCH_UP_DAYS,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> RulePreview:
        """Return what a run would do."""
        info.context.require(*MAINTAINERS)
        _check(None, class_id, catch_up_days)

        services, tenant, actor = info.context.services, _tenant(info), info.context.caller.actor

        def preview(proceed: Proceed) -> RunResult:
            with RuleRunner(services.database, tenant, actor=actor) as runner:
                return runner.preview(
                    business_date,
                    class_id,
                    catch_up_days=catch_up_days,
                    progress=lambda _class, _date: proceed(),
                )

        try:
            result = await services.simulate(preview)
        except Refused as refusal:
            many = refusal.code == TOO_MANY_SIMULATIONS
            code = Code.TOO_MANY_SIMULATIONS if many else Code.BAD_USER_INPUT
            raise ApiError(code, refusal.message) from refusal
        return RulePreview(
            created=result.total("created"),
            extended=result.total("extended"),
            closed=result.total("closed"),
            delayed=result.total("delayed"),
            rules=_counts(result),
            result=result,
        )


@strawberry.input(description="Which rules to run, and for which date.")
class RunRulesInput:
    """Which rules to run."""

    business_date: date = strawberry.field(description="The date to run for.")
    class_id: str | None = strawberry.field(
        default=None, description="Only this credit class; null for all."
    )
    confirm: bool = strawberry.field(
        default=False,
        description=f"Let a rule make more than {ACTIONS_MAX:,} actions at once.",
    )
    catch_up_days: int = strawberry.field(
        default=CATCH_UP_DAYS,
        description="How many days back dates are run first that were missed.",
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description=IDEMPOTENCY_KEY
        + " A run needs none: for the same date it makes nothing twice anyway.",
    )


@strawberry.type(description="What running rules led to.")
class RunRulesPayload:
    """What running rules led to."""

    user_errors: list[UserError] = strawberry.field(
        description="Why it was refused; then nothing has changed."
    )
    position: int | None = strawberry.field(
        description="Position of the log at which its effect is complete; null if it was refused."
    )
    created: int = strawberry.field(description="How many actions were made now.")
    extended: int = strawberry.field(description="How many open actions documents joined now.")
    closed: int = strawberry.field(description="How many issues were closed now.")
    delayed: int = strawberry.field(
        description="How many of the actions are letters that wait, as their customers were"
        " contacted too recently."
    )
    rules: list[RuleCounts] = strawberry.field(description="The same by class, date and rule.")


@strawberry.input(description="Which rules to preview, and for which date.")
class DeliverRulePreviewInput:
    """Which rules to preview."""

    business_date: date = strawberry.field(description="The date to preview for.")
    class_id: str | None = strawberry.field(
        default=None, description="Only this credit class; null for all."
    )
    catch_up_days: int = strawberry.field(
        default=CATCH_UP_DAYS,
        description="How many days back dates are told first that were missed.",
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description=IDEMPOTENCY_KEY
        + " It needs none: the same result for the same date is delivered once anyway.",
    )


@strawberry.type(description="What asking for a preview as a message led to.")
class DeliverRulePreviewPayload:
    """What asking for a preview as a message led to."""

    user_errors: list[UserError] = strawberry.field(
        description="Why it was refused; then nothing has changed."
    )
    position: int | None = strawberry.field(
        description="Position of the log at which the message is there; null if it was refused."
    )
    message_id: strawberry.ID | None = strawberry.field(
        description="The message with the file, in `messages`; null if it was refused."
    )
    delivered: bool = strawberry.field(
        description="Whether it is new; false if the same was delivered before."
    )
    rules: list[RuleCounts] = strawberry.field(description="What each rule would do.")


@strawberry.type
class RuleRunMutation:
    """Running rules."""

    @strawberry.mutation(
        description="Run the rules of all credit classes for a date, or of one; dates of their"
        " schedules that were missed are run first. The same date again makes and closes nothing."
        " A message tells the caller's user what was done, or everybody who runs the site if the"
        " caller is none. Needs the role admin."
    )
    async def run_rules(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            RunRulesInput, strawberry.argument(description="Which rules, for when.")
        ],
    ) -> RunRulesPayload:
        """Run rules."""
        info.context.require(Role.ADMIN)
        _check(input.idempotency_key, input.class_id, input.catch_up_days)

        database, tenant = info.context.services.database, _tenant(info)
        telling = _telling(info, input.business_date, input.class_id, "runRules")

        def run() -> RunResult:
            return run_and_tell(
                database,
                tenant,
                telling,
                actions_max=ANY_NUMBER if input.confirm else ACTIONS_MAX,
                catch_up_days=input.catch_up_days,
            )

        try:
            result = await info.context.services.run(run)
        except Refused as refusal:
            return _payload(None, [UserError.of(refusal)])
        except RunBusy as busy:
            return _payload(None, [UserError(code="rules_busy", message=str(busy), field=None)])
        return _payload(result, [])

    @strawberry.mutation(
        description="Deliver what a run of rules would do for a date as a message with an Excel"
        " file of the actions, without doing it; as `previewRules` does, it tells of dates that"
        " were missed first. The caller's user gets it, or everybody who runs the site if an ADMIN"
        " that is none asks. The same again delivers nothing twice. Needs one of the roles admin"
        " and credit_manager."
    )
    async def deliver_rule_preview(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            DeliverRulePreviewInput, strawberry.argument(description="Which rules, for when.")
        ],
    ) -> DeliverRulePreviewPayload:
        """Deliver a preview (RULE-24)."""
        info.context.require(*MAINTAINERS)
        _check(input.idempotency_key, input.class_id, input.catch_up_days)
        services, tenant = info.context.services, _tenant(info)
        telling = _telling(info, input.business_date, input.class_id, "deliverRulePreview")

        def deliver(proceed: Proceed) -> tuple[RunResult, Delivered]:
            return deliver_preview(
                services.database,
                tenant,
                telling,
                catch_up_days=input.catch_up_days,
                progress=lambda _class, _date: proceed(),
            )

        try:
            result, delivered = await services.simulate(deliver)
        except (Refused, FileTooLarge) as refusal:
            error = (
                UserError.of(refusal)
                if isinstance(refusal, Refused)
                else UserError(code="file_too_large", message=str(refusal), field=None)
            )
            return DeliverRulePreviewPayload(
                user_errors=[error], position=None, message_id=None, delivered=False, rules=[]
            )
        return DeliverRulePreviewPayload(
            user_errors=[],
            position=delivered.position,
            message_id=strawberry.ID(delivered.message_id),
            delivered=delivered.new,
            rules=_counts(result),
        )


def _tenant(info: Info) -> Tenant:
    caller = info.context.caller
    return Tenant(caller.tenant, caller.tenant_name)


def _telling(info: Info, business_date: date, class_id: str | None, mutation: str) -> Telling:
    """Return that the caller is to be told: as a user, as one who runs the site, or as a key."""
    caller = info.context.caller
    user_id = caller.user_id
    if user_id is None and caller.role is not Role.ADMIN:
        user_id = caller.reader
    return Telling(business_date, class_id, user_id, caller.actor, f"mutation/{mutation}")


def _check(idempotency_key: str | None, class_id: str | None, days: int) -> None:
    """See that a run can be meant.

    Raises:
        ApiError: if it cannot.
    """
    check_keys(idempotency_key, () if class_id is None else (class_id,))
    if not 0 <= days <= CATCH_UP_DAYS_MAX:
        message = f"catchUpDays must be from 0 to {CATCH_UP_DAYS_MAX}."
        raise ApiError(Code.BAD_USER_INPUT, message)


def _payload(result: RunResult | None, errors: list[UserError]) -> RunRulesPayload:
    return RunRulesPayload(
        user_errors=errors,
        position=result and result.position,
        created=result.total("created") if result else 0,
        extended=result.total("extended") if result else 0,
        closed=result.total("closed") if result else 0,
        delayed=result.total("delayed") if result else 0,
        rules=_counts(result) if result else [],
    )


def _counts(result: RunResult) -> list[RuleCounts]:
    return [RuleCounts.of(run, told) for run in result.runs for told in run.rules]
