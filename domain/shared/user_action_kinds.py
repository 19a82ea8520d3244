"""The kinds of user actions: what the software tells users to look after (UA-02).

They are given; a site may only say differently what they are called and how urgent they are.
"""

from enum import StrEnum

from msgspec import Struct


class UserActionKind(StrEnum):
    """What a user is to look after."""

    BROKEN_PROMISE = "broken_promise"
    """A promise was broken, and the amount has not come in since (PRM-11)."""
    FOLLOW_UP_PAST_DUE = "follow_up_past_due"
    """A follow-up is past due (FUP-18)."""
    PAYMENT_UNRECONCILED = "payment_unreconciled"
    """An online payment has not been seen in the ERP for too long (PND-14)."""
    PROMISE_CONTRADICTED = "promise_contradicted"
    """Payments known by now speak against what a promise was judged to be."""
    PORTAL_MESSAGE = "portal_message"
    """A customer wrote on the customers' pages."""
    MAIL_ERROR = "mail_error"
    """An e-mail could not be sent."""
    MAIL_UNREAD = "mail_unread"
    """An e-mail that came in has not been read."""
    MAIL_UNFILED = "mail_unfiled"
    """An e-mail that came in has not been filed under an account."""


class KindSettings(Struct, frozen=True, gc=False):
    """What a kind is called, and how urgent its actions are; 1 is the most urgent."""

    description: str
    priority: int


DEFAULTS: dict[UserActionKind, KindSettings] = {
    UserActionKind.BROKEN_PROMISE: KindSettings("Broken promise", 10),
    UserActionKind.PORTAL_MESSAGE: KindSettings("Message from a customer", 15),
    UserActionKind.FOLLOW_UP_PAST_DUE: KindSettings("Past-due follow-up", 20),
    UserActionKind.MAIL_ERROR: KindSettings("E-mail that could not be sent", 25),
    UserActionKind.PAYMENT_UNRECONCILED: KindSettings("Unreconciled online payment", 30),
    UserActionKind.PROMISE_CONTRADICTED: KindSettings("Promise judged otherwise by payments", 35),
    UserActionKind.MAIL_UNREAD: KindSettings("E-mail not read", 40),
    UserActionKind.MAIL_UNFILED: KindSettings("E-mail not filed", 45),
}
"""What holds while a site has not said otherwise."""
