"""GraphQL: why two agings differ, document by document and event by event."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from api.accounts import ACCOUNTS
from api.aging import GROUPS_MAX, AgingBy, Basis
from api.audit_trail import EVENTS
from api.connections import After, AtLeast, Before, Cutting, First, Last, PageInfo
from api.context import Info, Reading
from api.errors import ApiError, Code
from api.figures import RecordEventResult, RecordKind, cursor_of, part_of, shown_of
from api.money import Money
from domain.shared.decider import Refused
from projections.aging_differences import AgingMoment, Compared
from projections.record_events import EVENTS_TOLD_MAX
from runtime.aging_differences import (
    AgingDifference,
    BucketDifference,
    ChangedDocument,
    GroupDifference,
    aging_difference,
    changed_documents,
)


@strawberry.input(name="AgingMoment", description="The date and the moment of an aging.")
class AgingMomentInput:
    """A date and a moment."""

    as_of: date | None = strawberry.field(
        default=None,
        description="The date of the figures in business terms; by default that of now.",
    )
    known_at: datetime | None = strawberry.field(
        default=None, description="As the log knew it at this moment; by default now."
    )


@strawberry.type(description="One of two agings that are compared.")
class ComparedAging:
    """An aging."""

    as_of: date = strawberry.field(description="The date of the figures in business terms.")
    known_at: datetime | None = strawberry.field(
        description="The moment as of whose knowledge they are; null for now."
    )
    position: int = strawberry.field(description="How far the log was at that moment.")


@strawberry.type(name="AgingBucketDifference", description="A bucket in both agings.")
class BucketDifferenceResult:
    """A bucket."""

    label: str = strawberry.field(description="The range: future, current, 1-30 …; or total.")
    before: Money = strawberry.field(description="The sum in the first aging, in home currency.")
    after: Money = strawberry.field(description="The sum in the second.")
    difference: Money = strawberry.field(
        description="The second less the first: exactly what the changes of documents add up to."
    )
    count_before: int = strawberry.field(description="The number of documents in the first.")
    count_after: int = strawberry.field(description="The number of documents in the second.")

    @classmethod
    def of(cls, one: BucketDifference, currency: str) -> "BucketDifferenceResult":
        """Return a bucket as it is told."""
        return cls(
            label=one.label,
            before=Money.of(one.before, currency),
            after=Money.of(one.after, currency),
            difference=Money.of(one.difference, currency),
            count_before=one.count_before,
            count_after=one.count_after,
        )


@strawberry.type(
    name="AgingGroupDifference", description="A company, or an account of it, in both agings."
)
class GroupDifferenceResult:
    """A group."""

    company_id: str = strawberry.field(description="The ERP company.")
    cust_id: str | None = strawberry.field(
        description="The account; null if the group is the whole company."
    )
    currency: str = strawberry.field(description="The home currency, as the ERP writes it.")
    buckets: list[BucketDifferenceResult] = strawberry.field(
        description="Every bucket, from future to the oldest."
    )
    total: BucketDifferenceResult = strawberry.field(description="All buckets together.")

    @classmethod
    def of(cls, group: GroupDifference) -> "GroupDifferenceResult":
        """Return a group as it is told."""
        return cls(
            company_id=group.company,
            cust_id=group.account,
            currency=group.currency,
            buckets=[BucketDifferenceResult.of(one, group.currency) for one in group.buckets],
            total=BucketDifferenceResult.of(group.total, group.currency),
        )


@strawberry.type(description="What a document has in a bucket in both agings.")
class AgingChangeBucket:
    """A bucket of a document."""

    cust_id: str = strawberry.field(description="The account on which it is there.")
    label: str = strawberry.field(description="The range: future, current, 1-30 …")
    before: Decimal = strawberry.field(
        description="What it has there in the first aging, exact, in home currency."
    )
    after: Decimal = strawberry.field(description="What it has there in the second.")
    difference: Decimal = strawberry.field(description="The second less the first.")
    count_before: int = strawberry.field(
        description="Whether it is counted there in the first: 1 or 0."
    )
    count_after: int = strawberry.field(description="Whether it is in the second.")


@strawberry.type(description="A document or payment that differs, and why.")
class AgingChange:
    """A document that changed."""

    kind: RecordKind = strawberry.field(description="What it is: an INVOICE or a PAYMENT.")
    company_id: str = strawberry.field(description="The ERP company.")
    record_id: str = strawberry.field(description="Its `tranId`, or the payment's `paymentId`.")
    stream: str = strawberry.field(description="Its stream, as in `auditTrail`.")
    balance_before: Decimal = strawberry.field(
        description="What is open of it in the first aging, in home currency."
    )
    balance_after: Decimal = strawberry.field(description="What is in the second.")
    buckets: list[AgingChangeBucket] = strawberry.field(
        description="The buckets in which it differs: if it moved, both."
    )
    events: list[RecordEventResult] = strawberry.field(
        description="The events that made the difference, in the order of the log; the newest"
        f" {EVENTS_TOLD_MAX} of them. Their effects add up to that of the balance. Of one date"
        " they are those recorded between the moments; if there are none, only time passed."
    )
    event_count: int = strawberry.field(description="How many such events there are.")

    @classmethod
    def of(cls, one: ChangedDocument, labels: Sequence[str]) -> "AgingChange":
        """Return a document as it is told."""
        record = one.record
        return cls(
            kind=record.kind,
            company_id=record.company_id,
            record_id=record.record_id,
            stream=one.stream,
            balance_before=one.balance_before,
            balance_after=one.balance_after,
            buckets=[
                AgingChangeBucket(
                    cust_id=cell.cust_id,
                    label=labels[cell.bucket],
                    before=cell.before,
                    after=cell.after,
                    difference=cell.after - cell.before,
                    count_before=cell.count_before,
                    count_after=cell.count_after,
                )
                for cell in record.cells
            ],
            events=list(map(RecordEventResult.of, one.events[-EVENTS_TOLD_MAX:])),
            event_count=len(one.events),
        )


@strawberry.type(description="A document that differs, with its place among all.")
class AgingChangeEdge:
    """A change with its place."""

    cursor: str = strawberry.field(description="Where it stands among all.")
    node: AgingChange = strawberry.field(description="The document.")


@strawberry.type(description="A page of the documents that differ, those that moved most first.")
class AgingChangeConnection:
    """A page of changes."""

    nodes: list[AgingChange] = strawberry.field(description="The page's documents.")
    edges: list[AgingChangeEdge] = strawberry.field(
        description="The page's documents with their places."
    )
    page_info: PageInfo = strawberry.field(description="Where the page lies among all.")
    total_count: int = strawberry.field(description="How many documents differ.")


@strawberry.type(
    name="AgingDifference", description="What differs between two agings, and the documents."
)
class AgingDifferenceResult:
    """Two agings compared."""

    before: ComparedAging = strawberry.field(description="The first aging.")
    after: ComparedAging = strawberry.field(description="The second aging.")
    basis: Basis = strawberry.field(description="Which date the amounts age from.")
    equal: bool = strawberry.field(
        description="Whether the changes of documents add up to the difference of every bucket; if"
        " they do not, that is a defect."
    )
    groups: list[GroupDifferenceResult] = strawberry.field(
        description="Groups in which a document changed, by company and account."
    )
    told: strawberry.Private[AgingDifference]
    reading: strawberry.Private[Reading]

    @strawberry.field(description="The documents that differ, those that moved most first.")
    async def documents(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> AgingChangeConnection:
        """Return a page of documents."""
        cutting = Cutting.of(first, after, last, before)
        found = await self.reading.answered(changed_documents(self.told, part_of(cutting)))
        shown, more = shown_of(found, cutting)
        nodes = [AgingChange.of(one, self.told.labels) for one in shown]
        cursors = [cursor_of(one.record.place) for one in shown]
        return AgingChangeConnection(
            nodes=nodes,
            edges=[
                AgingChangeEdge(cursor=cursor, node=node)
                for cursor, node in zip(cursors, nodes, strict=True)
            ],
            page_info=cutting.page_info(cursors, more=more),
            total_count=self.told.count,
        )


@strawberry.type
class AgingDifferenceQuery:
    """Two agings compared."""

    @strawberry.field(
        description="What differs between two agings, of two moments of knowledge or of two dates:"
        " by bucket, by document, and by the events behind each. Inquiry users may not ask, as"
        f" they may not read the log. At most {GROUPS_MAX} groups; narrow it by company."
    )
    async def aging_difference(
        self,
        info: Info,
        before: Annotated[AgingMomentInput, strawberry.argument(description="The first aging.")],
        after: Annotated[
            AgingMomentInput | None,
            strawberry.argument(description="The second aging; by default that of now."),
        ] = None,
        basis: Annotated[
            Basis | None,
            strawberry.argument(
                description="Which date amounts age from; by default as the site shows."
            ),
        ] = None,
        by: Annotated[
            AgingBy, strawberry.argument(description="What a group is.")
        ] = AgingBy.COMPANY,
        company_id: Annotated[
            str | None, strawberry.argument(description="Only this company.")
        ] = None,
        cust_id: Annotated[
            str | None, strawberry.argument(description="Only the account of this id.")
        ] = None,
        at_least: AtLeast = None,  # noqa: ARG002  (waited for before the query is executed)
    ) -> AgingDifferenceResult:
        """Return what differs."""
        ACCOUNTS.admit(info)
        EVENTS.admit(info)
        reading = await info.context.reading()
        asked = reading.asked
        sides = [
            AgingMoment(one.as_of or asked.as_of, one.known_at)
            for one in (before, after or AgingMomentInput())
        ]
        chosen = basis or asked.options.aging_basis
        compared = Compared(
            asked.tenant, asked.options, sides[0], sides[1], chosen, company_id, cust_id
        )
        try:
            told = await reading.answered(aging_difference(compared, by))
        except Refused as refusal:
            raise ApiError(Code.BAD_USER_INPUT, refusal.message) from refusal
        if len(told.groups) > GROUPS_MAX:
            raise ApiError(
                Code.TOO_EXPENSIVE,
                f"{len(told.groups)} groups differ, more than {GROUPS_MAX}; narrow it by"
                " companyId.",
            )
        first, second = (
            ComparedAging(as_of=one.as_of, known_at=one.known_at, position=position)
            for one, position in zip(sides, told.positions, strict=True)
        )
        return AgingDifferenceResult(
            before=first,
            after=second,
            basis=chosen,
            equal=told.equal,
            groups=[GroupDifferenceResult.of(one) for one in told.groups],
            told=told,
            reading=reading,
        )
