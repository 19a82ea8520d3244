"""An activity ..."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from domain.activity import (
    ACTIVITY,
    ActivityCompleted,
    ActivityReassigned,
    ActivityRecorded,
    ActivityReopened,
    ActivityWithdrawn,
    CompleteActivity,
    EscalateActivity,
    InvoicesTagged,
    InvoicesUntagged,
    ReassignActivity,
    RecordActivity,
    ReopenActivity,
    Tag,
    TagInvoices,
    UntagInvoices,
    WithdrawActivity,
)
from domain.follow_up import CompleteFollowUp, FollowUpCompleted, FollowUpSet, SetFollowUp
from domain.scheduling import FollowUp
from domain.shared.decider import ImpossibleHistory
from domain.shared.facts import ActionCodeFacts, ActivityTypeFacts, CareFacts, IssueFacts
from domain.shared.standard_type import StandardType
from domain.shared.wording import TEXT_CHARACTERS_MAX
from domain.working_days import EVERY_DAY, WorkCalendar
from tests.domain.work import ACME, CARED_FOR, DANA, EVE, RETIRED, TODAY, invoice
from tests.story import Story

activity = Story(ACTIVITY)

YESTERDAY, TOMORROW, LATER = (TODAY + timedelta(days) for days in (-1, 1, 5))
PHONE, NOTE = StandardType.PHONE, StandardType.ACCOUNT_NOTE

OFFICE = WorkCalendar(weekend=(6, 7))

calling = RecordActivity("a1", "1", "ACME", "Phone", TODAY, account=ACME)
call = ActivityRecorded("a1", "1", "ACME", "Phone", PHONE, TODAY)
noted = ActivityRecorded("a1", "1", "ACME", "AcctNote", NOTE, TODAY)
spoken = ActivityCompleted(TODAY, "Will pay.", successful=True)
follow_up = FollowUpSet(TOMORROW, TODAY, LATER, "Paid?", 15, days_counted=True)
withdrawn = ActivityWithdrawn(TODAY, "It was paid.")
tagged = InvoicesTagged(TODAY, (Tag("I1", Decimal("40.00"), "EUR"),))


def test_is_recorded_as_something_to_do() -> None:
    activity.given().when(calling).then(call)
    assert call.effective_on(YESTERDAY) == TODAY


def test_is_recorded_with_all_that_is_told_of_it() -> None:
    command = replace(
        calling,
        activity_type="Call2",
        defined_type=ActivityTypeFacts(PHONE, 2),
        issue_id="i1",
        issue=IssueFacts("1", "ACME"),
        note=" Ring them. ",
        due_on=TOMORROW,
        assigned_user_id="dana",
        user=DANA,
        care=CARED_FOR,
        user_id="eve",
        action_code="CALL",
        code=ActionCodeFacts("CALL", attach_invoices=False),
        tran_ids=("I1", "I2", "I1"),
        documents=(invoice("I1"), invoice("I2", balance="0"), invoice("I1")),
        follow_up=FollowUp(TOMORROW, " Paid? ", LATER, None, 15),
        complete=True,
        successful=True,
    )
    activity.given().when(command).then(
        replace(
            call,
            activity_type="Call2",
            issue_id="i1",
            note="Ring them.",
            due_on=TOMORROW,
            assigned_user_id="dana",
            user_id="eve",
            action_code="CALL",
            priority=2,
        ),
        InvoicesTagged(TODAY, (Tag("I1", Decimal("40.00"), "EUR"), Tag("I2", Decimal(0), "EUR"))),
        follow_up,
        ActivityCompleted(TODAY, None, successful=True),
    )


def test_has_a_priority_of_its_own_before_that_of_its_type() -> None:
    known = replace(calling, defined_type=ActivityTypeFacts(PHONE, 2))
    activity.given().when(known).then(replace(call, priority=2))
    activity.given().when(replace(known, priority=7)).then(replace(call, priority=7))


def test_may_have_to_be_answered_though_nothing_is_followed_up() -> None:
    command = replace(calling, follow_up=FollowUp(days_to_respond=5, duration_minutes=30))
    activity.given().when(command).then(
        replace(call, respond_by=LATER, duration_minutes=30, days_counted=True)
    )


def test_knows_what_it_names() -> None:
    defined, issue, document = ActivityTypeFacts(PHONE, 2), IssueFacts("1", "ACME"), invoice("I1")
    bare = replace(calling, account=None)
    told = bare.knowing([ACME, CARED_FOR, 4, defined, None, None, document])
    assert (told.account, told.care, told.site_days) == (ACME, CARED_FOR, 4)
    assert (told.defined_type, told.user, told.issue) == (defined, None, None)
    assert told.documents == (document,)
    named = replace(
        bare, issue_id="i1", assigned_user_id="dana", follow_up=FollowUp(TOMORROW, user_id="eve")
    )
    told = named.knowing([ACME, CARED_FOR, 0, None, None, OFFICE, DANA, EVE, issue, document])
    assert (told.user, told.follow_up_user, told.issue) == (DANA, EVE, issue)
    assert (told.documents, told.calendar) == ((document,), OFFICE)
    assert named.knowing(
        [ACME, CARED_FOR, 0, None, EVERY_DAY, OFFICE, DANA, EVE, issue, document]
    ) == replace(told, calendar=EVERY_DAY)
    followed = SetFollowUp(FollowUp(TOMORROW), TODAY)
    assert followed.knowing([4, None]) == replace(followed, site_days=4)
    assert followed.knowing([4, OFFICE, CARED_FOR, None]) == replace(
        followed, site_days=4, care=CARED_FOR, calendar=OFFICE
    )
    followed = SetFollowUp(FollowUp(TOMORROW, user_id="eve"), TODAY)
    assert followed.knowing([4, None, EVE, CARED_FOR, OFFICE]) == replace(
        followed, site_days=4, care=CARED_FOR, calendar=OFFICE, user=EVE
    )
    assert TagInvoices(("I1",), TODAY).knowing([document]).documents == (document,)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"account": None}, "account_unknown", "custId"),
        ({"activity_type": "Call9"}, "activity_type_unknown", "activityType"),
        ({"activity_type": "phone"}, "activity_type_unknown", "activityType"),
        ({"issue_id": "i9"}, "issue_unknown", "issueId"),
        (
            {"issue_id": "i1", "issue": IssueFacts("1", "BETA")},
            "issue_of_other_account",
            "issueId",
        ),
        ({"tran_ids": ("I9",), "documents": (None,)}, "invoice_unknown", "tranIds"),
        (
            {"tran_ids": ("I1",), "documents": (invoice("I1", "BETA"),)},
            "invoice_of_other_account",
            "tranIds",
        ),
        ({"note": "x" * (TEXT_CHARACTERS_MAX + 1)}, "note_too_long", "note"),
        ({"note": "\0"}, "note_not_text", "note"),
        ({"due_on": YESTERDAY}, "due_date_past", "dueOn"),
        ({"due_on": date(2126, 1, 1)}, "due_date_too_far", "dueOn"),
        ({"priority": 0}, "priority_invalid", "priority"),
        ({"user_id": "x" * 201}, "user_too_long", "userId"),
        ({"assigned_user_id": "x" * 201}, "user_too_long", "assignedUserId"),
        ({"action_code": "x" * 201}, "action_code_too_long", "actionCode"),
        ({"action_code": "CALL"}, "action_code_unknown", "actionCode"),
        ({"follow_up": FollowUp(YESTERDAY)}, "follow_up_date_past", "followUpOn"),
        ({"follow_up": FollowUp(None, "x")}, "follow_up_date_missing", "followUpOn"),
        ({"follow_up": FollowUp(user_id="eve")}, "follow_up_date_missing", "followUpOn"),
        ({"follow_up": FollowUp(TOMORROW, user_id="x")}, "user_unknown", "followUpUserId"),
        (
            {"follow_up": FollowUp(TOMORROW, duration_minutes=0)},
            "duration_invalid",
            "durationMinutes",
        ),
        ({"follow_up": FollowUp(duration_minutes=1441)}, "duration_invalid", "durationMinutes"),
        ({"follow_up": FollowUp(LATER, None, TODAY)}, "respond_by_date_past", "respondBy"),
        ({"successful": True}, "activity_not_complete", "successful"),
        ({"activity_type": "AcctNote", "complete": True, "note": " "}, "note_empty", "note"),
        (
            {"activity_type": "EmailSend", "complete": True, "successful": False},
            "not_a_phone_call",
            "successful",
        ),
    ],
)
def test_is_not_recorded_by_what_cannot_be(change: dict[str, Any], code: str, field: str) -> None:
    activity.given().when(replace(calling, **change)).then_refused(code, field)


def test_recorded_again_with_its_id_is_the_same() -> None:
    activity.given(call).when(replace(calling, business_date=TOMORROW)).then_nothing()
    activity.given(call).when(replace(calling, activity_type="AcctNote")).then_refused(
        "activity_exists", "idempotencyKey"
    )


def test_is_complete_with_its_result() -> None:
    activity.given(call).when(
        CompleteActivity(TOMORROW, TODAY, " Will pay. ", successful=True)
    ).then(spoken)
    activity.given(noted).when(CompleteActivity(TOMORROW)).then(ActivityCompleted(TOMORROW))
    assert spoken.effective_on(TOMORROW) == TODAY


def test_a_call_is_unsuccessful_unless_somebody_spoke_to_the_customer() -> None:
    activity.given(call).when(CompleteActivity(TODAY)).then(
        ActivityCompleted(TODAY, None, successful=False)
    )


@pytest.mark.parametrize(
    ("history", "command", "code", "field"),
    [
        ([call], CompleteActivity(TODAY, YESTERDAY), "completed_before_entered", "completedOn"),
        ([call], CompleteActivity(TODAY, TOMORROW), "completed_ahead", "completedOn"),
        ([call], CompleteActivity(TODAY, note="\0"), "note_not_text", "note"),
        ([noted], CompleteActivity(TODAY, successful=True), "not_a_phone_call", "successful"),
        ([call, spoken], CompleteActivity(TOMORROW, TOMORROW), "activity_complete", "activityId"),
        ([call, spoken], CompleteActivity(TOMORROW, note="x"), "activity_complete", "activityId"),
        (
            [call, spoken],
            CompleteActivity(TOMORROW, successful=False),
            "activity_complete",
            "activityId",
        ),
        ([call], WithdrawActivity(TODAY, " "), "reason_empty", "reason"),
        ([call, withdrawn], CompleteActivity(TODAY), "activity_withdrawn", "activityId"),
        ([call, withdrawn], ReopenActivity(), "activity_withdrawn", "activityId"),
        (
            [call, withdrawn],
            SetFollowUp(FollowUp(TODAY), TODAY),
            "activity_withdrawn",
            "activityId",
        ),
        (
            [call, follow_up, withdrawn],
            CompleteFollowUp(TODAY),
            "activity_withdrawn",
            "activityId",
        ),
        (
            [call],
            SetFollowUp(FollowUp(TODAY, user_id="rose"), TODAY, user=RETIRED),
            "user_retired",
            "followUpUserId",
        ),
        ([call], ReassignActivity(" "), "user_empty", "assignedUserId"),
        ([call], SetFollowUp(FollowUp(), TODAY), "follow_up_date_missing", "followUpOn"),
        ([call], SetFollowUp(FollowUp(YESTERDAY), TODAY), "follow_up_date_past", "followUpOn"),
        ([call], CompleteFollowUp(TODAY), "follow_up_missing", "activityId"),
        (
            [call, follow_up],
            CompleteFollowUp(TODAY, YESTERDAY),
            "completed_before_entered",
            "completedOn",
        ),
        ([call, follow_up], CompleteFollowUp(TODAY, TOMORROW), "completed_ahead", "completedOn"),
        (
            [call, follow_up, FollowUpCompleted(TODAY)],
            CompleteFollowUp(TOMORROW, TOMORROW),
            "follow_up_complete",
            "activityId",
        ),
        ([call], TagInvoices(("I9",), TODAY, (None,)), "invoice_unknown", "tranIds"),
        (
            [call],
            TagInvoices(("I1",), TODAY, (invoice("I1", "BETA"),)),
            "invoice_of_other_account",
            "tranIds",
        ),
    ],
)
def test_refuses_what_cannot_be(history: list[Any], command: Any, code: str, field: str) -> None:
    activity.given(*history).when(command).then_refused(code, field)


def test_is_complete_once() -> None:
    for command in (
        CompleteActivity(TOMORROW),
        CompleteActivity(TOMORROW, TODAY, "Will pay.", successful=True),
    ):
        activity.given(call, spoken).when(command).then_nothing()


def test_is_reopened_and_completed_anew() -> None:
    activity.given(call, spoken).when(ReopenActivity()).then(ActivityReopened())
    activity.given(call).when(ReopenActivity()).then_nothing()
    reopened = activity.given(call, spoken, ActivityReopened())
    reopened.when(CompleteActivity(TOMORROW, note="No answer.")).then(
        ActivityCompleted(TOMORROW, "No answer.", successful=False)
    )


def test_is_reassigned_complete_or_not() -> None:
    for history in ([call], [call, spoken]):
        activity.given(*history).when(ReassignActivity("eve", EVE)).then(ActivityReassigned("eve"))


def test_goes_to_somebody_who_passed_it_on_only_if_it_is_handed_back() -> None:
    passed = [replace(call, assigned_user_id="eve"), ActivityReassigned("dana")]
    back = ReassignActivity("eve", EVE)
    activity.given(*passed).when(back).then_refused("reassignment_cycle", "handBack")
    activity.given(*passed).when(replace(back, hand_back=True)).then(ActivityReassigned("eve"))
    returned = activity.given(*passed, ActivityReassigned("eve"))
    returned.when(ReassignActivity("dana", DANA)).then(ActivityReassigned("dana"))


def test_is_escalated_to_the_manager_of_the_user_it_is_assigned_to() -> None:
    known = activity.given(replace(call, assigned_user_id="eve"))
    led = replace(EVE, manager_id="dana")
    command = EscalateActivity("eve")
    assert command.knowing([led, DANA]).users == (led, DANA)
    known.when(command.knowing([led, DANA])).then(ActivityReassigned("dana"))
    known.when(command.knowing([EVE])).then_refused("no_manager", None)
    by_dana = activity.given(replace(call, assigned_user_id="dana"), ActivityReassigned("eve"))
    by_dana.when(command.knowing([led, DANA])).then_refused("reassignment_cycle", "handBack")
    by_dana.when(replace(command, users=(led, DANA), hand_back=True)).then(
        ActivityReassigned("dana")
    )


def test_is_assigned_to_the_user_of_the_account_unless_one_is_named() -> None:
    cared_for = replace(calling, care=CARED_FOR)
    activity.given().when(cared_for).then(replace(call, assigned_user_id="eve"))
    named = replace(cared_for, assigned_user_id="dana", user=DANA)
    activity.given().when(named).then(replace(call, assigned_user_id="dana"))


def test_is_assigned_to_users_that_are_there_and_active() -> None:
    named = replace(calling, assigned_user_id="rose")
    activity.given().when(named).then_refused("user_unknown", "assignedUserId")
    retired = replace(named, user=RETIRED)
    activity.given().when(retired).then_refused("user_retired", "assignedUserId")
    moved = ReassignActivity("rose")
    assert moved.knowing([RETIRED]) == ReassignActivity("rose", RETIRED)
    activity.given(call).when(moved).then_refused("user_unknown", "assignedUserId")
    moved = ReassignActivity("rose", RETIRED)
    activity.given(call).when(moved).then_refused("user_retired", "assignedUserId")


@pytest.mark.parametrize(
    ("given", "account", "site", "days"),
    [(2, 3, 4, 2), (None, 3, 4, 3), (0, 3, 4, 3), (None, None, 4, 4), (None, None, 0, 0)],
)
def test_is_answered_within_the_days_that_are_given_or_the_account_s_or_the_site_s(
    given: int | None, account: int | None, site: int, days: int
) -> None:
    care = CareFacts(None, account)
    follow_up = FollowUp(TOMORROW, days_to_respond=given)
    on = TOMORROW + timedelta(days)
    expected = FollowUpSet(TOMORROW, TODAY, on, days_counted=days > 0)
    activity.given(call).when(SetFollowUp(follow_up, TODAY, site, care)).then(expected)
    recording = replace(calling, follow_up=follow_up, care=care, site_days=site)
    activity.given().when(recording).then(call, expected)


def test_that_is_not_followed_up_is_answered_only_within_days_of_its_own() -> None:
    command = replace(calling, care=CareFacts(None, 3), site_days=4)
    activity.given().when(command).then(call)


@pytest.mark.parametrize(
    ("given", "account", "site", "days"),
    [(2, 3, 4, 2), (0, 3, 4, 3), (0, None, 4, 4), (0, 0, 0, 0)],
)
def test_that_a_rule_asks_for_is_answered_within_days_of_the_rule_or_the_account_or_the_site(
    given: int, account: int | None, site: int, days: int
) -> None:
    command = replace(
        calling,
        by_rule=True,
        follow_up=FollowUp(days_to_respond=given),
        care=CareFacts(None, account),
        site_days=site,
    )
    respond = TODAY + timedelta(days)
    made = replace(call, respond_by=respond, days_counted=True) if days else call
    activity.given().when(command).then(made)


def test_is_tagged_with_what_is_open_of_each_invoice_then() -> None:
    documents = (invoice("I1"), invoice("I1"))
    activity.given(call).when(TagInvoices(("I1", "I1"), TODAY, documents)).then(tagged)
    paid = (invoice("I1", balance="0"), invoice("I2"))
    activity.given(call, tagged).when(TagInvoices(("I1", "I2"), LATER, paid)).then(
        InvoicesTagged(LATER, (Tag("I2", Decimal("40.00"), "EUR"),))
    )
    assert tagged.effective_on(LATER) == TODAY


def test_is_untagged_of_what_is_tagged() -> None:
    known = activity.given(call, tagged)
    known.when(UntagInvoices(("I1", "I9", "I1"))).then(InvoicesUntagged(("I1",)))
    known.when(UntagInvoices(("I9",))).then_nothing()
    activity.given(call, tagged, InvoicesUntagged(("I1",))).when(
        TagInvoices(("I1",), TODAY, (invoice("I1"),))
    ).then(tagged)


def test_is_followed_up() -> None:
    told = FollowUp(TOMORROW, "Paid?", days_to_respond=4, duration_minutes=15)
    activity.given(call).when(SetFollowUp(told, TODAY)).then(follow_up)
    activity.given(call, follow_up).when(CompleteFollowUp(LATER)).then(FollowUpCompleted(LATER))
    done = activity.given(call, follow_up, FollowUpCompleted(LATER))
    done.when(CompleteFollowUp(LATER + timedelta(1))).then_nothing()
    assert (follow_up.effective_on(LATER), FollowUpCompleted(LATER).effective_on(TODAY)) == (
        TODAY,
        LATER,
    )


def test_a_follow_up_told_twice_stays_as_first_entered_and_another_takes_its_place() -> None:
    told = FollowUp(TOMORROW, "Paid?", days_to_respond=4, duration_minutes=15)
    known = activity.given(call, follow_up, FollowUpCompleted(TODAY))
    known.when(SetFollowUp(told, TOMORROW)).then_nothing()
    known_before = activity.given(call, replace(follow_up, days_counted=None))
    known_before.when(SetFollowUp(told, TOMORROW)).then_nothing()
    another = FollowUpSet(LATER, TOMORROW, LATER, days_counted=False)
    known.when(SetFollowUp(FollowUp(LATER), TOMORROW)).then(another)
    activity.given(call, follow_up, FollowUpCompleted(TODAY), another).when(
        CompleteFollowUp(LATER)
    ).then(FollowUpCompleted(LATER))


def test_is_withdrawn_before_it_was_carried_out() -> None:
    told = WithdrawActivity(TODAY, " It was paid. ")
    activity.given(call, follow_up, tagged).when(told).then(withdrawn)
    assert withdrawn.effective_on(TOMORROW) == TODAY
    activity.given(call, withdrawn).when(WithdrawActivity(TOMORROW, "Again.")).then_nothing()
    activity.given(call, spoken).when(told).then_nothing()
    activity.given(call, spoken, ActivityReopened()).when(told).then(withdrawn)
    activity.given(call, withdrawn).when(calling).then_nothing()


def test_is_followed_up_by_somebody_else_if_one_is_named() -> None:
    by_eve = replace(follow_up, user_id="eve")
    told = FollowUp(TOMORROW, "Paid?", LATER, None, 15, " eve ")
    activity.given(call).when(SetFollowUp(told, TODAY, user=EVE)).then(by_eve)
    activity.given(call, follow_up).when(SetFollowUp(told, TODAY, user=EVE)).then(by_eve)
    recording = replace(calling, follow_up=told, follow_up_user=EVE)
    activity.given().when(recording).then(call, by_eve)


FRIDAY, SATURDAY, MONDAY, WEDNESDAY = (date(2015, 1, day) for day in (9, 10, 12, 14))


def test_v14_what_is_entered_on_friday_with_three_days_is_late_on_wednesday() -> None:
    made = replace(calling, business_date=FRIDAY, follow_up=FollowUp(days_to_respond=3))
    entered = replace(call, entered_on=FRIDAY, days_counted=True)
    activity.given().when(made).then(replace(entered, respond_by=MONDAY))
    activity.given().when(replace(made, calendar=OFFICE)).then(
        replace(entered, respond_by=WEDNESDAY)
    )


def test_nothing_of_it_falls_on_a_day_off() -> None:
    made = replace(calling, business_date=FRIDAY, calendar=OFFICE)
    entered = replace(call, entered_on=FRIDAY)
    activity.given().when(replace(made, due_on=SATURDAY)).then(replace(entered, due_on=MONDAY))
    respond = FollowUp(respond_by=SATURDAY)
    activity.given().when(replace(made, follow_up=respond)).then(
        replace(entered, respond_by=MONDAY, days_counted=True)
    )
    on_saturday = replace(made, business_date=SATURDAY, follow_up=respond)
    activity.given().when(on_saturday).then(
        replace(call, entered_on=SATURDAY, respond_by=MONDAY, days_counted=False)
    )
    told = SetFollowUp(FollowUp(SATURDAY, days_to_respond=2), FRIDAY, calendar=OFFICE)
    activity.given(entered).when(told).then(
        FollowUpSet(MONDAY, FRIDAY, WEDNESDAY, days_counted=True)
    )
    activity.given().when(replace(made, follow_up=told.follow_up)).then(
        entered, FollowUpSet(MONDAY, FRIDAY, WEDNESDAY, days_counted=True)
    )


def test_its_four_states_are_independent() -> None:
    history = [call, tagged, follow_up, spoken]
    activity.given(*history).when(CompleteFollowUp(TODAY)).then(FollowUpCompleted(TODAY))
    activity.given(*history).when(UntagInvoices(("I1",))).then(InvoicesUntagged(("I1",)))
    activity.given(*history, FollowUpCompleted(TODAY)).when(ReopenActivity()).then(
        ActivityReopened()
    )


@pytest.mark.parametrize(
    "command",
    [
        CompleteActivity(TODAY),
        ReopenActivity(),
        ReassignActivity("eve"),
        EscalateActivity(None),
        TagInvoices((), TODAY),
        UntagInvoices(("I1",)),
        SetFollowUp(FollowUp(TODAY), TODAY),
        CompleteFollowUp(TODAY),
        WithdrawActivity(TODAY, "It was paid."),
    ],
)
def test_that_nobody_recorded_is_unknown(command: Any) -> None:
    activity.given().when(command).then_refused("activity_unknown", "activityId")


@pytest.mark.parametrize(
    "history",
    [
        [spoken],
        [call, ActivityReopened()],
        [call, spoken, spoken],
        [call, FollowUpCompleted(TODAY)],
        [call, spoken, withdrawn],
        [call, withdrawn, spoken],
        [call, withdrawn, withdrawn],
        [call, withdrawn, follow_up],
        [call, follow_up, withdrawn, FollowUpCompleted(TODAY)],
    ],
)
def test_refuses_a_history_that_cannot_be(history: list[Any]) -> None:
    with pytest.raises(ImpossibleHistory):
        ACTIVITY.replay(history)
