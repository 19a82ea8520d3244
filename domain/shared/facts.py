"""What a decision on one stream may know of another: plain facts, by value.

Aggregates know each other only by id. Who carries out a command asks the other streams for these
(application/handling.py) and hands them in with the command.
"""

from datetime import date
from decimal import Decimal

from msgspec import Struct

from domain.shared.standard_type import StandardType


class DocumentFacts(Struct, frozen=True, gc=False):
    """A document of the ERP as known when a decision is taken.

    Amounts are signed; `_hc` is home currency. `due_date` is the ERP's own, or the document's
    date where it has none. The balance is what is open of it with everything known applied.
    """

    company_id: str
    tran_id: str
    cust_id: str
    type: str
    tran_date: date
    due_date: date
    curr_id: str
    home_curr_id: str
    amount: Decimal
    amount_hc: Decimal
    balance: Decimal
    balance_hc: Decimal
    closed_on: date | None


class AccountFacts(Struct, frozen=True, gc=False):
    """An account as known when a decision is taken."""

    company_id: str
    cust_id: str
    parent_id: str | None


class CareFacts(Struct, frozen=True, gc=False):
    """What was said of an account when a decision is taken: who works on it, and its own days.

    `days_to_respond` None is as many as others have.
    """

    assigned_user_id: str | None = None
    days_to_respond: int | None = None


class ReasonCodeFacts(Struct, frozen=True, gc=False):
    """A reason code as known when a decision is taken; a retired one is not `active`."""

    code: str
    active: bool


class ActivityTypeFacts(Struct, frozen=True, gc=False):
    """A type of activities as defined when a decision is taken."""

    standard_type: StandardType
    priority: int | None


class IssueFacts(Struct, frozen=True, gc=False):
    """An issue as known when a decision is taken."""

    company_id: str
    cust_id: str


class ActivityFacts(Struct, frozen=True, gc=False):
    """An activity as known when a decision is taken."""

    company_id: str
    cust_id: str


class PaymentFacts(Struct, frozen=True, gc=False):
    """A payment of the ERP as known when a decision is taken; `amount` is in `curr_id`."""

    company_id: str
    payment_id: str
    cust_id: str
    pmt_date: date
    amount: Decimal
    curr_id: str


class PendingPaymentFacts(Struct, frozen=True, gc=False):
    """A pending payment as known when a decision is taken.

    It is `waiting` while it succeeded online and is not yet reconciled with the ERP's payment.
    """

    pending_payment_id: str
    company_id: str
    waiting: bool


class UserFacts(Struct, frozen=True, gc=False):
    """A user as known when a decision is taken; `active` users may be assigned accounts."""

    user_id: str
    kind: str
    manager_id: str | None
    active: bool
