"""What decisions about work look at beside their own stream, in the order in which they are told.

Whoever asks for work, a person over the API or a process, consults the same.
"""

from collections.abc import Sequence

import domain.account
import domain.account_care
import domain.activity
import domain.activity_type
import domain.invoice
import domain.issue
import domain.user
from application.handling import Consulted
from domain.account import ACCOUNT
from domain.account_care import ACCOUNT_CARE
from domain.activity import ACTIVITY, RecordActivity
from domain.activity_type import ACTIVITY_TYPE
from domain.invoice import INVOICE
from domain.issue import ISSUE, OpenIssue
from domain.site_options import SITE, SITE_OPTIONS, days_to_respond
from domain.user import USER

SITE_DAYS_ASKED = Consulted(SITE_OPTIONS, (SITE,), days_to_respond)
"""How many days customers of the site have to respond."""


def account_asked(company_id: str, cust_id: str) -> Consulted:
    """Return an account to consult."""
    return Consulted(ACCOUNT, (company_id, cust_id), domain.account.facts)


def care_asked(company_id: str, cust_id: str) -> Consulted:
    """Return what was said of an account, to consult."""
    return Consulted(ACCOUNT_CARE, (company_id, cust_id), domain.account_care.facts)


def user_asked(user_id: str | None) -> tuple[Consulted, ...]:
    """Return a user to consult, if one is named."""
    return () if user_id is None else (Consulted(USER, (user_id,), domain.user.facts),)


def activity_asked(activity_id: str | None) -> tuple[Consulted, ...]:
    """Return an activity to consult, if one is named."""
    if activity_id is None:
        return ()
    return (Consulted(ACTIVITY, (activity_id,), domain.activity.facts),)


def documents_asked(company_id: str, tran_ids: Sequence[str]) -> tuple[Consulted, ...]:
    """Return documents to consult, in order."""
    return tuple(
        Consulted(INVOICE, (company_id, tran_id), domain.invoice.facts) for tran_id in tran_ids
    )


def asked_by_issue(command: OpenIssue) -> tuple[Consulted, ...]:
    """Return what opening an issue consults."""
    key = command.company_id, command.cust_id
    return (
        account_asked(*key),
        care_asked(*key),
        *user_asked(command.assigned_user_id),
        *documents_asked(command.company_id, command.tran_ids),
    )


def asked_by_activity(command: RecordActivity) -> tuple[Consulted, ...]:
    """Return what recording an activity consults."""
    key = command.company_id, command.cust_id
    issue: tuple[Consulted, ...] = ()
    if command.issue_id is not None:
        issue = (Consulted(ISSUE, (command.issue_id,), domain.issue.facts),)
    return (
        account_asked(*key),
        care_asked(*key),
        SITE_DAYS_ASKED,
        Consulted(ACTIVITY_TYPE, (command.activity_type,), domain.activity_type.facts),
        *user_asked(command.assigned_user_id),
        *issue,
        *documents_asked(command.company_id, command.tran_ids),
    )
