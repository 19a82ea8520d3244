"""An issue ..."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from domain.issue import (
    ISSUE,
    EscalateIssue,
    IssueOpened,
    IssueReassigned,
    IssueReopened,
    IssueResolved,
    OpenIssue,
    ReassignIssue,
    ReopenIssue,
    ResolveIssue,
    Resolver,
    facts,
)
from domain.shared.decider import ImpossibleHistory
from domain.shared.facts import ActionCodeFacts, IssueFacts, UserFacts
from domain.shared.on_account import INVOICES_MAX
from domain.shared.wording import TEXT_CHARACTERS_MAX
from tests.domain.work import ACME, CARED_FOR, DANA, EVE, RETIRED, TODAY, invoice
from tests.story import Story

issue = Story(ISSUE)

YESTERDAY, TOMORROW = TODAY - timedelta(1), TODAY + timedelta(1)
USER, SOFTWARE = Resolver.USER, Resolver.SOFTWARE

LED_BY_DANA, LED_BY_ROSE = (replace(EVE, manager_id=one) for one in ("dana", "rose"))

opening = OpenIssue("i1", "1", "ACME", "First call", TODAY, account=ACME)
opened = IssueOpened("i1", "1", "ACME", "First call", TODAY)
resolved = IssueResolved(TODAY, USER, "Paid.")


CODE = ActionCodeFacts("Call1", attach_invoices=False)


def test_is_opened_about_an_account() -> None:
    issue.given().when(opening).then(opened)
    assert opened.effective_on(YESTERDAY) == TODAY


def test_is_opened_with_all_that_is_told_of_it() -> None:
    command = replace(
        opening,
        subject=" First call\n",
        priority=1,
        action_code="Call1",
        assigned_user_id="dana",
        user=DANA,
        care=CARED_FOR,
        code=CODE,
        note=" Ring them. ",
        tran_ids=("I1", "I2", "I1"),
        documents=(invoice("I1"), invoice("I2"), invoice("I1")),
    )
    issue.given().when(command).then(
        replace(
            opened,
            priority=1,
            action_code="Call1",
            assigned_user_id="dana",
            note="Ring them.",
            tran_ids=("I1", "I2"),
        )
    )


def test_knows_the_account_and_the_documents_that_it_names() -> None:
    command = replace(opening, account=None, tran_ids=("I1", "I2"))
    told = command.knowing([ACME, CARED_FOR, invoice("I1"), None])
    assert (told.account, told.care, told.user) == (ACME, CARED_FOR, None)
    assert told.documents == (invoice("I1"), None)
    named = replace(command, assigned_user_id="dana")
    assert named.knowing([ACME, CARED_FOR, DANA, None, None]).user == DANA
    by_code = replace(named, action_code="Call1").knowing([ACME, CARED_FOR, DANA, CODE, None, None])
    assert (by_code.code, by_code.documents) == (CODE, (None, None))
    issue.given().when(told).then_refused("invoice_unknown", "tranIds")


@pytest.mark.parametrize(
    ("command", "code", "field"),
    [
        (replace(opening, account=None), "account_unknown", "custId"),
        (replace(opening, subject=" "), "subject_empty", "subject"),
        (replace(opening, subject="x" * 201), "subject_too_long", "subject"),
        (replace(opening, subject="a\0"), "subject_not_text", "subject"),
        (replace(opening, priority=0), "priority_invalid", "priority"),
        (replace(opening, action_code="x" * 201), "action_code_too_long", "actionCode"),
        (replace(opening, action_code="Call1"), "action_code_unknown", "actionCode"),
        (replace(opening, assigned_user_id="\0"), "user_not_text", "assignedUserId"),
        (replace(opening, note="x" * (TEXT_CHARACTERS_MAX + 1)), "note_too_long", "note"),
        (replace(opening, tran_ids=("I1",), documents=(None,)), "invoice_unknown", "tranIds"),
        (
            replace(opening, tran_ids=("I1",), documents=(invoice("I1", "BETA"),)),
            "invoice_of_other_account",
            "tranIds",
        ),
        (
            replace(
                opening, tran_ids=("I1",) * (INVOICES_MAX + 1), documents=(None,) * INVOICES_MAX
            ),
            "too_many_invoices",
            "tranIds",
        ),
    ],
)
def test_is_not_opened_by_what_cannot_be(command: OpenIssue, code: str, field: str) -> None:
    issue.given().when(command).then_refused(code, field)


def test_opened_again_by_the_same_wish_is_the_same_on_whatever_day() -> None:
    for known in ([opened], [opened, IssueReassigned("eve"), resolved]):
        issue.given(*known).when(replace(opening, business_date=TOMORROW)).then_nothing()
        issue.given(*known).when(replace(opening, account=None)).then_nothing()
        issue.given(*known).when(replace(opening, subject="Other")).then_refused(
            "issue_exists", "idempotencyKey"
        )


def test_is_assigned_to_the_user_of_the_account_unless_one_is_named() -> None:
    cared_for = replace(opening, care=CARED_FOR)
    issue.given().when(cared_for).then(replace(opened, assigned_user_id="eve"))
    named = replace(cared_for, assigned_user_id="dana", user=DANA)
    issue.given().when(named).then(replace(opened, assigned_user_id="dana"))
    issue.given(replace(opened, assigned_user_id="dana")).when(cared_for).then_nothing()


def test_is_assigned_to_users_that_are_there_and_active() -> None:
    named = replace(opening, assigned_user_id="rose")
    issue.given().when(named).then_refused("user_unknown", "assignedUserId")
    issue.given().when(replace(named, user=RETIRED)).then_refused("user_retired", "assignedUserId")
    moved = ReassignIssue("rose")
    assert moved.knowing([RETIRED]) == ReassignIssue("rose", RETIRED)
    issue.given(opened).when(moved).then_refused("user_unknown", "assignedUserId")
    retired = ReassignIssue("rose", RETIRED)
    issue.given(opened).when(retired).then_refused("user_retired", "assignedUserId")


def test_is_reassigned_open_or_resolved() -> None:
    for known in ([opened], [opened, resolved]):
        issue.given(*known).when(ReassignIssue(" eve ", EVE)).then(IssueReassigned("eve"))
        issue.given(*known).when(ReassignIssue("")).then_refused("user_empty", "assignedUserId")


def test_is_resolved_by_a_user_or_by_the_software() -> None:
    issue.given(opened).when(ResolveIssue(TOMORROW, USER, TODAY, " Paid. ")).then(resolved)
    issue.given(opened).when(ResolveIssue(TOMORROW, SOFTWARE)).then(
        IssueResolved(TOMORROW, SOFTWARE)
    )
    assert resolved.effective_on(TOMORROW) == TODAY


@pytest.mark.parametrize(
    ("on", "code"), [(YESTERDAY, "resolved_before_opened"), (TOMORROW, "resolved_ahead")]
)
def test_is_resolved_neither_before_it_was_opened_nor_ahead_of_time(on: date, code: str) -> None:
    command = ResolveIssue(TODAY, USER, on)
    issue.given(opened).when(command).then_refused(code, "resolvedOn")


def test_is_resolved_once() -> None:
    known = issue.given(opened, resolved)
    known.when(ResolveIssue(TOMORROW, SOFTWARE)).then_nothing()
    known.when(ResolveIssue(TOMORROW, USER, TODAY, "Paid.")).then_nothing()
    known.when(ResolveIssue(TOMORROW, USER, TOMORROW)).then_refused("issue_resolved", "issueId")
    known.when(ResolveIssue(TOMORROW, USER, resolution="x")).then_refused(
        "issue_resolved", "issueId"
    )


def test_is_reopened_and_resolved_anew() -> None:
    issue.given(opened, resolved).when(ReopenIssue()).then(IssueReopened())
    issue.given(opened).when(ReopenIssue()).then_nothing()
    reopened = issue.given(opened, IssueReassigned("eve"), resolved, IssueReopened())
    reopened.when(ResolveIssue(TOMORROW, USER)).then(IssueResolved(TOMORROW, USER))
    reopened.when(ReassignIssue("eve")).then_nothing()


@pytest.mark.parametrize(
    "command", [ReassignIssue("eve"), EscalateIssue(None), ResolveIssue(TODAY, USER), ReopenIssue()]
)
def test_that_nobody_opened_is_unknown(
    command: ReassignIssue | ResolveIssue | ReopenIssue,
) -> None:
    issue.given().when(command).then_refused("issue_unknown", "issueId")


def test_tells_others_which_account_it_is_about() -> None:
    assert facts(ISSUE.initial) is None
    for history in ([opened], [opened, resolved]):
        assert facts(ISSUE.replay(history)) == IssueFacts("1", "ACME")


def test_refuses_a_history_that_cannot_be() -> None:
    with pytest.raises(ImpossibleHistory):
        ISSUE.replay([opened, IssueReopened()])


def test_goes_round_only_if_it_is_handed_back_to_whoever_had_it_first() -> None:
    """Ana had it, then Eve, then Dana; resolving and reopening it changes nothing of that."""
    ana = UserFacts("ana", "credit_user", None, active=True)
    history = [
        replace(opened, assigned_user_id="ana"),
        IssueReassigned("eve"),
        resolved,
        IssueReassigned("dana"),
        IssueReopened(),
    ]
    for user in (ana, EVE):
        issue.given(*history).when(ReassignIssue(user.user_id, user)).then_refused(
            "reassignment_cycle", "handBack"
        )
    handed_back = IssueReassigned("ana")
    issue.given(*history).when(ReassignIssue("ana", ana, hand_back=True)).then(handed_back)
    issue.given(*history, handed_back).when(ReassignIssue("eve", EVE)).then(IssueReassigned("eve"))


def test_is_escalated_to_the_manager_of_the_user_it_is_assigned_to() -> None:
    history = [replace(opened, assigned_user_id="eve")]
    led = replace(EVE, manager_id="dana")
    command = EscalateIssue("eve")
    assert command.knowing([led, DANA]).users == (led, DANA)
    issue.given(*history).when(command.knowing([led, DANA])).then(IssueReassigned("dana"))


@pytest.mark.parametrize(
    ("assigned", "command", "code", "field"),
    [
        (None, EscalateIssue(None), "no_manager", None),
        ("eve", EscalateIssue("eve"), "no_manager", None),
        ("eve", EscalateIssue("eve", users=(EVE,)), "no_manager", None),
        ("eve", EscalateIssue("dana", users=(DANA,)), "assignee_moved", None),
        ("eve", EscalateIssue("eve", users=(LED_BY_DANA,)), "team_moved", None),
        ("eve", EscalateIssue("eve", users=(LED_BY_DANA, EVE)), "team_moved", None),
        (
            "eve",
            EscalateIssue("eve", users=(LED_BY_ROSE, RETIRED)),
            "user_retired",
            "assignedUserId",
        ),
    ],
)
def test_is_not_escalated_where_there_is_no_manager(
    assigned: str | None, command: EscalateIssue, code: str, field: str | None
) -> None:
    history = replace(opened, assigned_user_id=assigned)
    issue.given(history).when(command).then_refused(code, field)
