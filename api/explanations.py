"""GraphQL: why there is an action, and why there is none (DESIGN section 5)."""

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, TypeVar, cast

import strawberry

from api.connections import AtLeast
from api.context import Info
from api.errors import ApiError, Code
from api.scalars import Json
from domain.shared.decider import Refused
from projections.rule_evidence import Evidence
from runtime.explaining import Explainer, Fact, Reason, Subject

Answer = TypeVar("Answer")

strawberry.enum(
    Reason,
    name="AbsenceReason",
    description="Why there is no action: the rule is not known or retired (RULE_UNKNOWN,"
    " RULE_RETIRED), there is no such record (RECORD_UNKNOWN), its account is of another class"
    " (OTHER_CLASS), nothing is open of the document (NOT_OPEN), the condition does not hold"
    " (CONDITION), an action is still open (OPEN_ALREADY), the condition has held ever since one"
    " was made (HELD_EVER_SINCE), the rules were not run for the date (NOT_RUN), the rule would"
    " have made too many at once (TOO_MANY), what is known now was not known to the run (NOT_YET),"
    " or there is one after all (NOT_ABSENT).",
)


@strawberry.type(name="Evidence", description="The event of the log that established a value.")
class EvidenceResult:
    """An event."""

    position: int = strawberry.field(description="Its position in the log.")
    stream: str = strawberry.field(description="What it is about, as in `auditTrail`.")
    type: str = strawberry.field(description="What happened, such as PaymentApplied.")
    effective_on: date = strawberry.field(description="The date on which it is true.")
    recorded_at: datetime = strawberry.field(description="When it was recorded.")

    @classmethod
    def of(cls, evidence: Evidence) -> "EvidenceResult":
        """Return an event as it is told."""
        return cls(
            position=evidence.position,
            stream=evidence.stream,
            type=evidence.type,
            effective_on=evidence.effective_on,
            recorded_at=evidence.recorded_at,
        )


@strawberry.type(name="Fact", description="A value that the condition of a rule looks at.")
class FactResult:
    """A value."""

    tran_id: str | None = strawberry.field(
        description="The document whose value it is; null if the account is the subject."
    )
    field: str = strawberry.field(description="The field, as rule filters name it.")
    value: Json | None = strawberry.field(
        description="The value; amounts and numbers as decimal strings, null if it is unknown."
    )
    conditions: list[str] = strawberry.field(description="What the rule asks of it, in words.")
    established_by: EvidenceResult | None = strawberry.field(
        description="The last event of those that the value is made of; null if there is none."
    )

    @classmethod
    def of(cls, fact: Fact) -> "FactResult":
        """Return a fact as it is told."""
        value = fact.value
        if not isinstance(value, bool | int | str | None):
            value = str(value)
        evidence = fact.established_by
        return cls(
            tran_id=fact.tran_id,
            field=fact.field,
            value=cast("Json | None", value),
            conditions=list(fact.conditions),
            established_by=None if evidence is None else EvidenceResult.of(evidence),
        )


@strawberry.type(description="Why there is an action.")
class ActionExplanation:
    """Why there is an action."""

    sentence: str = strawberry.field(description="Why, as a person would say it.")
    class_id: str = strawberry.field(description="The credit class of the rule.")
    rule_id: str = strawberry.field(description="The rule that made it.")
    rule_version: int = strawberry.field(description="The version of the rule that made it.")
    filter: str = strawberry.field(description="The condition of that version.")
    business_date: date = strawberry.field(description="The date for which it was made.")
    read_position: int = strawberry.field(
        description="Up to which position of the log the run had read."
    )
    known_at: datetime = strawberry.field(description="When that position was recorded.")
    tran_ids: list[str] = strawberry.field(
        description="The documents that it was made for; none where the account is the subject."
    )
    facts: list[FactResult] = strawberry.field(
        description="What the condition looks at, as it was known then."
    )


@strawberry.type(description="Why a rule made no action of a subject for a date.")
class AbsenceExplanation:
    """Why there is no action."""

    reason: Reason = strawberry.field(description="The first thing that stood in the way.")
    sentence: str = strawberry.field(description="The same, as a person would say it.")
    rule_version: int | None = strawberry.field(
        description="The version of the rule that was looked at."
    )
    failing: str | None = strawberry.field(
        description="The first part of the condition that does not hold, in words."
    )
    facts: list[FactResult] = strawberry.field(description="What that part looks at.")
    issue_id: str | None = strawberry.field(description="An issue that there is.")


@strawberry.type
class ExplanationQuery:
    """Why there are actions, and why not."""

    @strawberry.field(
        description="Why there is an issue that a rule opened: the version of the rule, and each"
        " value that its condition looked at, with the event that established it."
    )
    async def explain_action(
        self,
        info: Info,
        issue_id: Annotated[str, strawberry.argument(description="The issue.")],
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> ActionExplanation:
        """Return why there is an issue."""
        told = await _explained(info, lambda explainer: explainer.action(issue_id))
        issue = told.issue
        return ActionExplanation(
            sentence=told.sentence,
            class_id=issue.class_id,
            rule_id=issue.rule_id,
            rule_version=issue.rule_version,
            filter=told.rule.filter,
            business_date=issue.opened_on,
            read_position=issue.read_position,
            known_at=told.known_at,
            tran_ids=list(issue.tran_ids),
            facts=[FactResult.of(one) for one in told.facts],
        )

    @strawberry.field(
        description="Why a rule made no action of an account, or of a document on it, for a date:"
        " the first thing that stood in the way."
    )
    async def explain_absence(
        self,
        info: Info,
        class_id: Annotated[str, strawberry.argument(description="The credit class.")],
        rule_id: Annotated[str, strawberry.argument(description="The rule.")],
        company_id: Annotated[str, strawberry.argument(description="The ERP company.")],
        cust_id: Annotated[str, strawberry.argument(description="The account.")],
        date: Annotated[date, strawberry.argument(description="The business date.")],
        tran_id: Annotated[
            str | None, strawberry.argument(description="The document, for rules about them.")
        ] = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> AbsenceExplanation:
        """Return why there is no action."""
        subject = Subject(company_id, cust_id, tran_id or "")
        told = await _explained(
            info, lambda explainer: explainer.absence(class_id, rule_id, subject, date)
        )
        return AbsenceExplanation(
            reason=told.reason,
            sentence=told.sentence,
            rule_version=told.rule_version,
            failing=told.failing,
            facts=[FactResult.of(one) for one in told.facts],
            issue_id=told.issue_id,
        )


async def _explained(info: Info, explain: Callable[[Explainer], Answer]) -> Answer:
    """Explain on a thread, with a connection of its own."""
    context = info.context
    database, tenant = context.services.database, context.caller.tenant

    def on_thread() -> Answer:
        with database.connect("worker") as connection:
            return explain(Explainer(connection, tenant))

    try:
        return await asyncio.to_thread(on_thread)
    except Refused as refusal:
        raise ApiError(Code.BAD_USER_INPUT, refusal.message) from refusal
