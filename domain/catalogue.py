"""Every kind of stream there is, and so every event that can be stored."""

from typing import Any

from domain.account import ACCOUNT
from domain.api_key import API_KEY
from domain.company import COMPANY
from domain.contact import CONTACT
from domain.invoice import INVOICE
from domain.invoice_line import INVOICE_LINE
from domain.invoice_note import INVOICE_NOTE
from domain.payment import PAYMENT
from domain.payment_application import PAYMENT_APPLICATION
from domain.personal_contact import PERSONAL_CONTACT
from domain.sales_order import SALES_ORDER
from domain.sales_person import SALES_PERSON
from domain.shared.decider import Decider
from domain.shared.event import Event
from domain.site_options import SITE_OPTIONS
from domain.sync_run import SYNC_RUN
from domain.user_fields import USER_FIELDS

DECIDERS: tuple[Decider[Any, Any, Any], ...] = (
    COMPANY,
    ACCOUNT,
    CONTACT,
    PERSONAL_CONTACT,
    INVOICE,
    INVOICE_LINE,
    INVOICE_NOTE,
    PAYMENT,
    PAYMENT_APPLICATION,
    SALES_ORDER,
    SALES_PERSON,
    USER_FIELDS,
    SITE_OPTIONS,
    API_KEY,
    SYNC_RUN,
)

EVENT_TYPES: dict[str, type[Event]] = {
    event.__name__: event for decider in DECIDERS for event in decider.events
}
"""Stored name -> type. The class names are ours to keep, never Python paths."""
