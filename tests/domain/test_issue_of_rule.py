"""An issue that a rule opened ..."""

from datetime import date

import pytest
from msgspec.structs import replace

from domain.issue import (
    ISSUE,
    ExtendIssue,
    IssueConditionLapsed,
    IssueExtended,
    IssueOpened,
    IssueReopened,
    IssueResolved,
    LapseIssue,
    OpenIssue,
    Resolver,
    RuleOrigin,
)
from domain.rule_view import RuleView
from tests.domain.work import ACME, TODAY, invoice
from tests.story import Story

issue = Story(ISSUE)

OF_INVOICES = RuleOrigin("A", "late", 3, RuleView.INVOICE, 99)
OF_ACCOUNT = RuleOrigin("A", "debtor", 1, RuleView.ACCOUNT, 99)
opened = IssueOpened(
    "i1", "1", "ACME", "First call", TODAY, tran_ids=("I1", "I2"), origin=OF_INVOICES
)
of_account = IssueOpened("i1", "1", "ACME", "Review", TODAY, origin=OF_ACCOUNT)
by_software = IssueResolved(TODAY, Resolver.SOFTWARE, "The document is paid.")
by_user = IssueResolved(TODAY, Resolver.USER)


def lapse(*tran_ids: str, auto_close: bool = True, on: date = TODAY) -> LapseIssue:
    return LapseIssue(on, tran_ids, auto_close, "The document is paid.")


def test_remembers_the_rule_its_version_and_why() -> None:
    documents = (invoice("I1"), invoice("I2"))
    command = OpenIssue(
        "i1",
        "1",
        "ACME",
        "First call",
        TODAY,
        tran_ids=("I1", "I2"),
        origin=OF_INVOICES,
        reason=" Late: I1. ",
        account=ACME,
        documents=documents,
    )
    issue.given().when(command).then(replace(opened, reason="Late: I1."))


def test_is_extended_by_further_documents_of_its_account() -> None:
    command = ExtendIssue(("I2", "I3"), TODAY, (invoice("I2"), invoice("I3")))
    extended = IssueExtended(TODAY, ("I3",))
    issue.given(opened).when(command).then(extended)
    assert extended.effective_on(date.min) == TODAY


@pytest.mark.parametrize(
    ("history", "document", "code"),
    [
        ([opened], invoice("I3", "BOLT"), "invoice_of_other_account"),
        ([opened], None, "invoice_unknown"),
        ([of_account], invoice("I3"), "issue_not_of_documents"),
        ([replace(opened, origin=None)], invoice("I3"), "issue_not_of_documents"),
        ([opened, by_user], invoice("I3"), "issue_resolved"),
        ([], invoice("I3"), "issue_unknown"),
    ],
)
def test_is_extended_by_nothing_else(history: list[object], document: object, code: str) -> None:
    command = ExtendIssue(("I3",), TODAY, (document,))
    field = "tranIds" if code.startswith("invoice") else "issueId"
    issue.given(*history).when(command).then_refused(code, field)


def test_stays_open_while_its_condition_holds_of_a_document() -> None:
    lapsed = IssueConditionLapsed(TODAY, ("I1",))
    issue.given(opened).when(lapse("I1")).then(lapsed)
    assert lapsed.effective_on(date.min) == TODAY


def test_is_closed_with_the_last_document_of_which_its_condition_held() -> None:
    first, second = IssueConditionLapsed(TODAY, ("I1",)), IssueConditionLapsed(TODAY, ("I2",))
    issue.given(opened, first).when(lapse("I2")).then(second, by_software)
    both = IssueConditionLapsed(TODAY, ("I1", "I2"))
    issue.given(opened).when(lapse("I1", "I2", "I9")).then(both, by_software)


def test_is_not_closed_before_further_documents_lapsed_too() -> None:
    both = IssueConditionLapsed(TODAY, ("I1", "I2"))
    issue.given(opened, IssueExtended(TODAY, ("I3",))).when(lapse("I1", "I2")).then(both)


def test_stays_open_where_neither_rule_nor_site_close_it() -> None:
    both = IssueConditionLapsed(TODAY, ("I1", "I2"))
    issue.given(opened).when(lapse("I1", "I2", auto_close=False)).then(both)


def test_lapses_with_its_account_where_that_is_the_subject() -> None:
    issue.given(of_account).when(lapse()).then(IssueConditionLapsed(TODAY), by_software)


def test_lapses_though_a_user_resolved_it() -> None:
    both = IssueConditionLapsed(TODAY, ("I1", "I2"))
    issue.given(opened, by_user).when(lapse("I1", "I2")).then(both)
    rest = IssueConditionLapsed(TODAY, ("I2",))
    history = [opened, IssueConditionLapsed(TODAY, ("I1",)), by_user, IssueReopened()]
    issue.given(*history).when(lapse("I2")).then(rest, by_software)


def test_does_not_lapse_where_no_rule_opened_it() -> None:
    issue.given(replace(opened, origin=None)).when(lapse("I1")).then_nothing()
