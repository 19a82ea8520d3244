"""Every read model there is."""

from typing import Any

from projections.account_care import ACCOUNT_CARE
from projections.account_notes import ACCOUNT_NOTES
from projections.accounts import ACCOUNTS
from projections.action_codes import ACTION_CODES
from projections.activities import ACTIVITIES
from projections.activity_types import ACTIVITY_TYPES
from projections.api_keys import API_KEYS
from projections.companies import COMPANIES
from projections.company_options import COMPANY_OPTIONS
from projections.contacts import CONTACTS
from projections.credit_classes import CREDIT_CLASSES
from projections.disputes import DISPUTES
from projections.erasures import ERASURES
from projections.grid_alerts import GRID_ALERTS
from projections.invoice_lines import INVOICE_LINES
from projections.invoice_notes import INVOICE_NOTES
from projections.invoice_reasons import INVOICE_REASONS
from projections.invoices import INVOICES
from projections.issues import ISSUES
from projections.job_firings import JOB_FIRINGS
from projections.legal_holds import LEGAL_HOLDS
from projections.messages import MESSAGES
from projections.payment_application_fields import PAYMENT_APPLICATION_FIELDS
from projections.payment_schedules import PAYMENT_SCHEDULES
from projections.payments import PAYMENTS
from projections.pending_payment_exports import PENDING_PAYMENT_EXPORTS
from projections.pending_payments import PENDING_PAYMENTS
from projections.personal_contacts import PERSONAL_CONTACTS
from projections.projection import ReadModel
from projections.promises import PROMISES
from projections.reason_codes import REASON_CODES
from projections.rule_issues import RULE_ISSUES
from projections.rule_runs import RULE_RUNS
from projections.rules import RULES
from projections.sales_orders import SALES_ORDERS
from projections.sales_persons import SALES_PERSONS
from projections.site_options import SITE_OPTIONS
from projections.sync_runs import SYNC_RUNS
from projections.sync_sources import SYNC_SOURCES
from projections.user_action_kinds import USER_ACTION_KINDS
from projections.user_actions import USER_ACTIONS
from projections.user_fields import USER_FIELDS
from projections.users import USERS
from projections.work_calendars import WORK_CALENDARS

READ_MODELS: tuple[ReadModel[Any, Any], ...] = (
    COMPANIES,
    COMPANY_OPTIONS,
    ACCOUNTS,
    ACCOUNT_CARE,
    ACCOUNT_NOTES,
    CONTACTS,
    PERSONAL_CONTACTS,
    INVOICES,
    INVOICE_LINES,
    INVOICE_NOTES,
    PAYMENTS,
    REASON_CODES,
    DISPUTES,
    INVOICE_REASONS,
    PROMISES,
    PAYMENT_SCHEDULES,
    PENDING_PAYMENTS,
    PENDING_PAYMENT_EXPORTS,
    PAYMENT_APPLICATION_FIELDS,
    SALES_ORDERS,
    SALES_PERSONS,
    USER_FIELDS,
    SITE_OPTIONS,
    API_KEYS,
    USERS,
    SYNC_RUNS,
    ACTIVITY_TYPES,
    ISSUES,
    ACTIVITIES,
    CREDIT_CLASSES,
    ACTION_CODES,
    RULES,
    RULE_ISSUES,
    RULE_RUNS,
    WORK_CALENDARS,
    USER_ACTIONS,
    USER_ACTION_KINDS,
    MESSAGES,
    GRID_ALERTS,
    JOB_FIRINGS,
    SYNC_SOURCES,
    ERASURES,
    LEGAL_HOLDS,
)
