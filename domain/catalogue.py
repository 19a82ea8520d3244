"""Every kind of stream there is, and so every event that can be stored."""

from typing import Any

from domain.account import ACCOUNT
from domain.account_care import ACCOUNT_CARE
from domain.action_code import ACTION_CODE
from domain.activity import ACTIVITY
from domain.activity_type import ACTIVITY_TYPE
from domain.api_key import API_KEY
from domain.company import COMPANY
from domain.company_options import COMPANY_OPTIONS
from domain.contact import CONTACT
from domain.credit_class import CREDIT_CLASS
from domain.dispute import DISPUTE
from domain.erasure import ERASURE
from domain.grid_alert import GRID_ALERT
from domain.invoice import INVOICE
from domain.invoice_line import INVOICE_LINE
from domain.invoice_note import INVOICE_NOTE
from domain.invoice_reason import INVOICE_REASON
from domain.issue import ISSUE
from domain.job_firing import JOB_FIRING
from domain.legal_hold import LEGAL_HOLD
from domain.message import MESSAGE
from domain.payment import PAYMENT
from domain.payment_application import PAYMENT_APPLICATION
from domain.payment_schedule import PAYMENT_SCHEDULE
from domain.pending_payment import PENDING_PAYMENT
from domain.pending_payment_export import PENDING_PAYMENT_EXPORT
from domain.personal_contact import PERSONAL_CONTACT
from domain.promise import PROMISE
from domain.reason_code import REASON_CODE
from domain.rule import RULE
from domain.rule_run import RULE_RUN
from domain.sales_order import SALES_ORDER
from domain.sales_person import SALES_PERSON
from domain.shared.decider import Decider
from domain.shared.event import Event
from domain.site_options import SITE_OPTIONS
from domain.sync_run import SYNC_RUN
from domain.sync_source import SYNC_SOURCE
from domain.user import USER
from domain.user_action import USER_ACTION
from domain.user_action_kind import USER_ACTION_KIND
from domain.user_fields import USER_FIELDS
from domain.work_calendar import WORK_CALENDAR

DECIDERS: tuple[Decider[Any, Any, Any], ...] = (
    COMPANY,
    COMPANY_OPTIONS,
    ACCOUNT,
    ACCOUNT_CARE,
    CONTACT,
    PERSONAL_CONTACT,
    INVOICE,
    INVOICE_LINE,
    INVOICE_NOTE,
    PAYMENT,
    REASON_CODE,
    DISPUTE,
    INVOICE_REASON,
    PROMISE,
    PAYMENT_SCHEDULE,
    PENDING_PAYMENT,
    PENDING_PAYMENT_EXPORT,
    PAYMENT_APPLICATION,
    SALES_ORDER,
    SALES_PERSON,
    USER_FIELDS,
    SITE_OPTIONS,
    API_KEY,
    USER,
    SYNC_RUN,
    ACTIVITY_TYPE,
    ISSUE,
    ACTIVITY,
    CREDIT_CLASS,
    ACTION_CODE,
    RULE,
    RULE_RUN,
    WORK_CALENDAR,
    USER_ACTION,
    USER_ACTION_KIND,
    MESSAGE,
    GRID_ALERT,
    JOB_FIRING,
    SYNC_SOURCE,
    ERASURE,
    LEGAL_HOLD,
)

EVENT_TYPES: dict[str, type[Event]] = {
    event.__name__: event for decider in DECIDERS for event in decider.events
}
"""Stored name -> type. The class names are ours to keep, never Python paths."""
