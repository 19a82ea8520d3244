"""Every kind of stream there is, and so every event that can be stored."""

from typing import Any

from domain.account import ACCOUNT
from domain.account_care import ACCOUNT_CARE
from domain.api_key import API_KEY
from domain.company import COMPANY
from domain.contact import CONTACT
from domain.invoice import INVOICE
from domain.payment import PAYMENT
from domain.shared.decider import Decider
from domain.shared.event import Event
from domain.site_options import SITE_OPTIONS
from domain.sync_run import SYNC_RUN
from domain.user import USER

DECIDERS: tuple[Decider[Any, Any, Any], ...] = (
    COMPANY,
    ACCOUNT,
    ACCOUNT_CARE,
    CONTACT,
    INVOICE,
    PAYMENT,
    SITE_OPTIONS,
    API_KEY,
    USER,
    SYNC_RUN,
)

EVENT_TYPES: dict[str, type[Event]] = {
    event.__name__: event for decider in DECIDERS for event in decider.events
}
"""Stored name -> type. The class names are ours to keep, never Python paths."""
