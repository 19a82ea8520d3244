"""What decisions about work look at beside their own stream, in the order in which they are told.

Whoever asks for work, a person over the API or a process, consults the same.
"""

from collections.abc import Sequence

import domain.account
import domain.account_care
import domain.action_code
import domain.activity
import domain.activity_type
import domain.invoice
import domain.issue
import domain.user
from application.handling import Consulted
from domain.account import ACCOUNT
from domain.account_care import ACCOUNT_CARE
from domain.action_code import ACTION_CODE
from domain.activity import ACTIVITY, RecordActivity
from domain.activity_type import ACTIVITY_TYPE
from domain.credit_class import CREDIT_CLASS, is_defined
from domain.follow_up import SetFollowUp
from domain.invoice import INVOICE
from domain.issue import ISSUE, OpenIssue
from domain.site_options import SITE, SITE_OPTIONS, days_to_respond
from domain.user import USER
from domain.work_calendar import WORK_CALENDAR, calendar_of, key_of

SITE_DAYS_ASKED = Consulted(SITE_OPTIONS, (SITE,), days_to_respond)
"""How many days customers of the site have to respond."""


SITE_CALENDAR_ASKED = Consulted(WORK_CALENDAR, key_of(None), calendar_of)
"""On which days people of the site work."""


def calendar_asked(company_id: str) -> Consulted:
    """Return the calendar of a company, to consult."""
    return Consulted(WORK_CALENDAR, key_of(company_id), calendar_of)


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


def code_asked(action_code: str | None) -> tuple[Consulted, ...]:
    """Return an action code to consult, if one is named."""
    if action_code is None:
        return ()
    return (Consulted(ACTION_CODE, (action_code.strip(),), domain.action_code.facts),)


def class_asked(class_id: str | None) -> tuple[Consulted, ...]:
    """Return whether there is a credit class, to consult, if one is named."""
    named = (class_id or "").strip()
    return (Consulted(CREDIT_CLASS, (named,), is_defined),) if named else ()


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
        *code_asked(command.action_code),
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
        calendar_asked(command.company_id),
        SITE_CALENDAR_ASKED,
        *user_asked(command.assigned_user_id),
        *user_asked(command.follow_up.user_id),
        *issue,
        *code_asked(command.action_code),
        *documents_asked(command.company_id, command.tran_ids),
    )


def asked_by_follow_up(
    command: SetFollowUp, account: tuple[str, str] | None
) -> tuple[Consulted, ...]:
    """Return what setting a follow-up consults; `account` is the activity's, None if unknown."""
    of_account: tuple[Consulted, ...] = ()
    if account is not None:
        of_account = (care_asked(*account), calendar_asked(account[0]))
    return (
        SITE_DAYS_ASKED,
        SITE_CALENDAR_ASKED,
        *user_asked(command.follow_up.user_id),
        *of_account,
    )
