"""Limits of a request: how long, how deep and how expensive a query may be.

The cost of a query is the number of records that it may answer with at most: a connection counts
as many as its page asks for, and a list that has no pages as many as it can hold, times those of
the connections around it. It is known before anything is read, so a query that is refused has
cost nothing.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)
from strawberry.extensions import SchemaExtension

from api.connections import PAGE_DEFAULT
from api.context import Context
from api.errors import ApiError, Code
from domain.payment_schedule import INSTALMENTS_MAX
from projections.audit_causes import CAUSES_MAX
from projections.audit_correlated import CORRELATED_MAX
from projections.record_events import EVENTS_TOLD_MAX
from projections.trends import MONTHS

BODY_BYTES_MAX = 1_000_000
"""Bytes of a request at most."""

TOKENS_MAX = 5_000
"""Words and brackets of a document at most."""

DEPTH_MAX = 16
"""Fields within fields at most."""

ALIASES_MAX = 60
"""Fields of one document that are given another name, at most."""

COST_MAX = 50_000
"""Records that a query may answer with at most."""

_CONNECTIONS = frozenset(
    {
        "accounts",
        "activities",
        "activityTypes",
        "applications",
        "auditTrail",
        "children",
        "actionCodes",
        "actionList",
        "companies",
        "contacts",
        "contributions",
        "creditClasses",
        "disputes",
        "documents",
        "erasures",
        "gridAlerts",
        "invoiceLines",
        "invoiceNotes",
        "invoiceReasons",
        "invoices",
        "issues",
        "legalHolds",
        "jobFirings",
        "lines",
        "messages",
        "notes",
        "paymentSchedules",
        "payments",
        "pendingPayments",
        "personalContacts",
        "personalDataReads",
        "promises",
        "reasonCodes",
        "receipts",
        "ruleRuns",
        "ruleVersions",
        "rules",
        "salesOrders",
        "salesPersons",
        "syncRuns",
        "syncSources",
        "team",
        "userActionKinds",
        "userActions",
        "versions",
        "users",
    }
)
"""Fields that are connections, wherever they stand; a test compares this with the schema."""

_LISTS = {
    "causes": CAUSES_MAX,
    "correlated": CORRELATED_MAX,
    "daysLateTrend": MONTHS,
    "events": EVENTS_TOLD_MAX,
    "instalments": INSTALMENTS_MAX,
}
"""Fields of records that list all there is of something, and how many that is at most."""


class Limits(SchemaExtension):
    """Refuses queries that may answer with too much, and waits for `atLeast` before the rest."""

    async def on_execute(self) -> AsyncIterator[None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Look at the operation before it is executed."""
        document = self.execution_context.graphql_document
        assert document is not None
        fragments = {
            one.name.value: one
            for one in document.definitions
            if isinstance(one, FragmentDefinitionNode)
        }
        context: Context = self.execution_context.context
        operations = [
            one for one in document.definitions if isinstance(one, OperationDefinitionNode)
        ]
        if len(operations) > 1 and context.documents is None and context.operation is None:
            raise ApiError(
                Code.VALIDATION, "The document has several operations; name one of them."
            )
        name = self.execution_context.operation_name
        variables = self.execution_context.variables or {}
        for operation in operations:
            if name is not None and (operation.name is None or operation.name.value != name):
                continue
            if context.documents is not None:
                if operation.operation is not OperationType.SUBSCRIPTION:
                    raise ApiError(
                        Code.BAD_REQUEST, "Only subscriptions are served here; POST the others."
                    )
                context.documents.check(self.execution_context.query or "")
            asked = _Asked(fragments, variables)
            cost = asked.cost(operation.selection_set, 1)
            if cost > COST_MAX:
                raise ApiError(
                    Code.TOO_EXPENSIVE,
                    f"This query may answer with {cost} records, more than {COST_MAX}; ask for"
                    " smaller pages.",
                )
            await _wait(context, asked.at_least(operation.selection_set))
        yield


async def _wait(context: Context, position: int) -> None:
    if position <= 0:
        return
    seconds = context.services.settings.request_seconds_max / 2
    if not await context.services.wait_until(context.caller.tenant, position, seconds):
        raise ApiError(
            Code.NOT_CAUGHT_UP, f"The read models do not show position {position} yet; try again."
        )


class _Asked:
    """What an operation asks for, with its fragments and variables put in."""

    def __init__(
        self, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
    ) -> None:
        self.fragments = fragments
        self.variables = variables

    def cost(self, selected: SelectionSetNode, times: int) -> int:
        """Return the records that a selection may answer with, each `times` over."""
        records = 0
        for field in self._fields(selected):
            if field.selection_set is None:
                continue
            inner, name = times, field.name.value
            if name in _CONNECTIONS:
                inner = times * max(0, self._page(field))
                records += inner
            elif name in _LISTS:
                inner = times * _LISTS[name]
                records += inner
            records += self.cost(field.selection_set, inner)
            if records > COST_MAX:
                break
        return records

    def at_least(self, selected: SelectionSetNode) -> int:
        """Return the highest position that the root fields demand."""
        return max((self._number(f, "atLeast") or 0 for f in self._fields(selected)), default=0)

    def _page(self, field: FieldNode) -> int:
        given = self._number(field, "first")
        return given if given is not None else self._number(field, "last") or PAGE_DEFAULT

    def _number(self, field: FieldNode, name: str) -> int | None:
        for argument in field.arguments or ():
            if argument.name.value == name:
                return self._value(argument.value)
        return None

    def _value(self, value: ValueNode) -> int | None:
        found: Any = None
        if isinstance(value, IntValueNode):
            found = int(value.value)
        elif isinstance(value, VariableNode):
            found = self.variables.get(value.name.value)
        return found if isinstance(found, int) else None

    def _fields(self, selected: SelectionSetNode) -> Iterator[FieldNode]:
        for selection in selected.selections or ():
            match selection:
                case FieldNode():
                    yield selection
                case InlineFragmentNode(selection_set=inner):
                    yield from self._fields(inner)
                case FragmentSpreadNode(name=name):
                    yield from self._fields(self.fragments[name.value].selection_set)
                case _:
                    continue
