"""The GraphQL schema, put together of its capabilities."""

from collections.abc import AsyncGenerator
from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLError
from graphql.validation import NoSchemaIntrospectionCustomRule
from strawberry.extensions import (
    AddValidationRules,
    MaxAliasesLimiter,
    MaxTokensLimiter,
    ParserCache,
    QueryDepthLimiter,
    ValidationCache,
)
from strawberry.schema.config import StrawberryConfig

from api.account_care import AccountCareMutation
from api.account_notes import AccountNoteMutation
from api.account_updates import AccountUpdateMutation
from api.accounts import AccountQuery
from api.action_codes import ActionCodeMutation, ActionCodeQuery
from api.action_list import ActionListQuery
from api.action_list_changes import ActionListSubscription
from api.activities import ActivityQuery
from api.activity_types import ActivityTypeMutation, ActivityTypeQuery
from api.activity_work import ActivityMutation
from api.aging import AgingQuery
from api.audit_trail import AuditTrailQuery
from api.companies import CompanyQuery
from api.company_options import CompanyOptionsMutation
from api.contacts import ContactMutation, ContactQuery
from api.context import Context
from api.credit_classes import CreditClassMutation, CreditClassQuery
from api.dashboard import DashboardQuery
from api.disputes import DisputeMutation, DisputeQuery
from api.errors import Telling
from api.execution import Execution
from api.explanations import ExplanationQuery
from api.figures import FigureQuery
from api.follow_ups import FollowUpQuery
from api.grid_alerts import GridAlertMutation, GridAlertQuery
from api.invoice_changes import InvoiceSubscription
from api.invoice_lines import InvoiceLineQuery
from api.invoice_notes import InvoiceNoteMutation, InvoiceNoteQuery
from api.invoice_reasons import InvoiceReasonMutation, InvoiceReasonQuery
from api.invoices import InvoiceQuery
from api.issue_work import IssueMutation
from api.issues import IssueQuery
from api.jobs import JobMutation, JobQuery
from api.limits import ALIASES_MAX, DEPTH_MAX, TOKENS_MAX, Limits
from api.messages import MessageMutation, MessageQuery
from api.nodes import NodeQuery
from api.payment_schedules import PaymentScheduleMutation, PaymentScheduleQuery
from api.payments import PaymentQuery
from api.pending_payments import PendingPaymentMutation, PendingPaymentQuery
from api.personal_contacts import PersonalContactMutation, PersonalContactQuery
from api.personal_data_reads import PersonalDataReadQuery
from api.promises import PromiseMutation, PromiseQuery
from api.proofs import ProofMutation, ProofQuery
from api.reason_codes import ReasonCodeMutation, ReasonCodeQuery
from api.rule_filters import RuleFilterQuery
from api.rule_runs import RuleRunMutation, RuleRunQuery
from api.rules import RuleMutation, RuleQuery
from api.sales_orders import SalesOrderQuery
from api.sales_persons import SalesPersonQuery
from api.scalars import SCALARS
from api.site_options import SiteOptionsMutation, SiteOptionsQuery
from api.strategies import StrategyMutation
from api.sync_runs import SyncRunQuery
from api.sync_sources import SyncSourceMutation, SyncSourceQuery
from api.user_actions import UserActionMutation, UserActionQuery
from api.user_fields import UserFieldsMutation
from api.users import UserMutation, UserQuery
from api.viewer import ViewerQuery
from api.what_if import WhatIfQuery
from api.work_calendars import WorkCalendarMutation, WorkCalendarQuery

DOCUMENTS_CACHED_MAX = 1_000
"""Parsed and validated documents kept, at most."""


@strawberry.type(description="Everything that can be read.")
class Query(
    AccountQuery,
    InvoiceQuery,
    PaymentQuery,
    DisputeQuery,
    ReasonCodeQuery,
    InvoiceReasonQuery,
    PromiseQuery,
    PaymentScheduleQuery,
    PendingPaymentQuery,
    ContactQuery,
    PersonalContactQuery,
    InvoiceNoteQuery,
    InvoiceLineQuery,
    SalesOrderQuery,
    SalesPersonQuery,
    AgingQuery,
    DashboardQuery,
    AuditTrailQuery,
    PersonalDataReadQuery,
    CompanyQuery,
    SiteOptionsQuery,
    IssueQuery,
    ActivityQuery,
    ActivityTypeQuery,
    CreditClassQuery,
    ActionCodeQuery,
    RuleQuery,
    RuleFilterQuery,
    RuleRunQuery,
    WhatIfQuery,
    ExplanationQuery,
    FigureQuery,
    ActionListQuery,
    UserActionQuery,
    MessageQuery,
    GridAlertQuery,
    SyncRunQuery,
    SyncSourceQuery,
    JobQuery,
    ProofQuery,
    UserQuery,
    ViewerQuery,
    WorkCalendarQuery,
    FollowUpQuery,
    NodeQuery,
):
    """Everything that can be read."""


@strawberry.type(
    description="Everything that can be done. A refusal is told in `userErrors`, and then nothing"
    " has changed."
)
class Mutation(
    AccountNoteMutation,
    DisputeMutation,
    InvoiceReasonMutation,
    ReasonCodeMutation,
    PromiseMutation,
    SiteOptionsMutation,
    IssueMutation,
    ActivityMutation,
    ActivityTypeMutation,
    CreditClassMutation,
    ActionCodeMutation,
    RuleMutation,
    RuleRunMutation,
    StrategyMutation,
    PaymentScheduleMutation,
    PendingPaymentMutation,
    AccountCareMutation,
    AccountUpdateMutation,
    CompanyOptionsMutation,
    UserMutation,
    ContactMutation,
    InvoiceNoteMutation,
    PersonalContactMutation,
    UserFieldsMutation,
    WorkCalendarMutation,
    UserActionMutation,
    MessageMutation,
    GridAlertMutation,
    SyncSourceMutation,
    JobMutation,
    ProofMutation,
):
    """Everything that can be done."""


@strawberry.type(description="Everything that can be followed live.")
class Subscription(InvoiceSubscription, ActionListSubscription):
    """Everything that can be followed live."""


async def _recorded(results: Any, context: Context) -> AsyncGenerator[Any, None]:
    try:
        async for result in results:
            await context.record_reads()
            yield result
    finally:
        await results.aclose()


class _Schema(strawberry.Schema):
    async def stream(self, *args: Any, **kwargs: Any) -> Any:
        """Execute a subscription; what a result tells of persons is recorded before it is sent."""
        results = await super().stream(*args, **kwargs)
        if not hasattr(results, "__anext__"):
            return results
        return _recorded(results, kwargs["context_value"])

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Log nothing: defects are logged where they are told."""


def make_schema(*, introspection: bool = True) -> strawberry.Schema:
    """Return the schema with its limits."""
    rules = [
        *QueryDepthLimiter(max_depth=DEPTH_MAX).validation_rules,
        *MaxAliasesLimiter(max_alias_count=ALIASES_MAX).validation_rules,
        *([] if introspection else [NoSchemaIntrospectionCustomRule]),
    ]
    extensions = [
        lambda: MaxTokensLimiter(max_token_count=TOKENS_MAX),
        lambda: AddValidationRules(rules),
        lambda: ParserCache(maxsize=DOCUMENTS_CACHED_MAX),
        lambda: ValidationCache(maxsize=DOCUMENTS_CACHED_MAX),
        Limits,
        Telling,
    ]
    return _Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        extensions=extensions,
        execution_context_class=Execution,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=not introspection),
    )


@cache
def sdl() -> str:
    """Return the schema in the schema definition language."""
    return make_schema().as_str() + "\n"
