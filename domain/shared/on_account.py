"""What work is about: an account that is known, its issues, and documents that are on it."""

from collections.abc import Sequence

from domain.shared.decider import Refused
from domain.shared.facts import AccountFacts, ActivityFacts, DocumentFacts, IssueFacts

INVOICES_MAX = 500
"""Documents named by one command, at most."""


def require_account(account: AccountFacts | None) -> None:
    """Refuse what is about an account that nobody knows.

    Raises:
        Refused: if nothing is known of it.
    """
    if account is None:
        raise Refused("account_unknown", "There is no such account.", "custId")


def require_issue(company_id: str, cust_id: str, issue: IssueFacts | None) -> None:
    """Refuse what belongs to an issue that nobody knows, or to one of another account.

    Raises:
        Refused: if there is no such issue, or it is of another account.
    """
    if issue is None:
        raise Refused("issue_unknown", "There is no such issue.", "issueId")
    if (issue.company_id, issue.cust_id) != (company_id, cust_id):
        raise Refused("issue_of_other_account", "The issue is of another account.", "issueId")


def require_activity(company_id: str, cust_id: str, activity: ActivityFacts | None) -> None:
    """Refuse what was told in an activity that nobody knows, or in one of another account.

    Raises:
        Refused: if there is no such activity, or it is of another account.
    """
    if activity is None:
        raise Refused("activity_unknown", "There is no such activity.", "activityId")
    if (activity.company_id, activity.cust_id) != (company_id, cust_id):
        raise Refused(
            "activity_of_other_account", "The activity is of another account.", "activityId"
        )


def require_on_account(
    company_id: str,
    cust_id: str,
    tran_ids: Sequence[str],
    documents: Sequence[DocumentFacts | None],
) -> list[DocumentFacts]:
    """Return the documents of `tran_ids`, which must be there and on the account.

    Raises:
        Refused: if one is not known, one is on another account, or there are too many.
    """
    if len(tran_ids) > INVOICES_MAX:
        raise Refused(
            "too_many_invoices", f"Name at most {INVOICES_MAX} invoices at once.", "tranIds"
        )
    found: list[DocumentFacts] = []
    for tran_id, document in zip(tran_ids, documents, strict=True):
        if document is None:
            raise Refused("invoice_unknown", f"There is no invoice {tran_id}.", "tranIds")
        if (document.company_id, document.cust_id) != (company_id, cust_id):
            raise Refused(
                "invoice_of_other_account",
                f"Invoice {tran_id} is not on account {cust_id} of company {company_id}.",
                "tranIds",
            )
        found.append(document)
    return found
