"""Firings of jobs: claimed once, taken over, tried again a few times."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.job_firing import (
    ATTEMPTS_MAX,
    CUT_OFF,
    JOB_FIRING,
    RETRY_AFTER,
    ClaimFiring,
    CompleteFiring,
    FailFiring,
    JobFiringClaimed,
    JobFiringCompleted,
    JobFiringFailed,
)
from domain.shared.decider import ImpossibleHistory, Refused

AT = datetime(2026, 3, 2, 6, tzinfo=UTC)
CLAIM = ClaimFiring("rules/A", AT.isoformat(), AT, date(2026, 3, 2), "host/1", AT)
CLAIMED = JobFiringClaimed("rules/A", AT.isoformat(), AT, date(2026, 3, 2), 1, "host/1")
SOON, LATER = timedelta(minutes=1), timedelta(minutes=10)
FAILED = JobFiringFailed("No.", retry_at=AT + SOON)


def decided(history: list[Any], command: Any) -> Any:
    try:
        return JOB_FIRING.decide(command, JOB_FIRING.replay(history))
    except Refused as refusal:
        return refusal.code


AGAIN, THIRD = (replace(CLAIMED, attempt=number) for number in (2, 3))
FAILED_AGAIN = JobFiringFailed("No.", retry_at=AT + LATER)


@pytest.mark.parametrize(
    ("history", "command", "expected"),
    [
        ([], CLAIM, [CLAIMED]),
        ([CLAIMED], replace(CLAIM, claimed_by="b"), [replace(AGAIN, claimed_by="b")]),
        ([CLAIMED], CompleteFiring("Done."), [JobFiringCompleted("Done.")]),
        ([CLAIMED], CompleteFiring("x" * 3000), [JobFiringCompleted("x" * 2000)]),
        ([CLAIMED], FailFiring("No.", AT), [FAILED]),
        ([CLAIMED, FAILED, AGAIN], FailFiring("No.", AT), [FAILED_AGAIN]),
        ([CLAIMED, FAILED, AGAIN, FAILED, THIRD], FailFiring("No.", AT), [JobFiringFailed("No.")]),
        ([CLAIMED], FailFiring("No.", AT, final=True), [JobFiringFailed("No.", final=True)]),
        ([CLAIMED, FAILED], replace(CLAIM, at=AT + SOON), [AGAIN]),
        (
            [CLAIMED, FAILED],
            replace(CLAIM, at=AT + SOON - timedelta(microseconds=1)),
            "firing_too_early",
        ),
        ([CLAIMED, JobFiringFailed("No.")], CLAIM, [AGAIN]),
        ([CLAIMED, JobFiringCompleted("Done.")], CLAIM, "firing_completed"),
        ([CLAIMED, JobFiringFailed("No.", final=True)], CLAIM, "firing_given_up"),
        ([CLAIMED, AGAIN, THIRD], CLAIM, [JobFiringFailed(CUT_OFF, final=True)]),
        ([CLAIMED, FAILED, AGAIN, FAILED, THIRD, FAILED], CLAIM, "firing_given_up"),
        (
            [CLAIMED, AGAIN, THIRD, JobFiringFailed(CUT_OFF, final=True)],
            CompleteFiring("Done."),
            "firing_not_claimed",
        ),
        ([CLAIMED, FAILED], CompleteFiring("Done."), "firing_not_claimed"),
        ([], FailFiring("No.", AT), "firing_not_claimed"),
    ],
)
def test_given_when_then(history: list[Any], command: Any, expected: Any) -> None:
    assert decided(history, command) == expected


def test_is_tried_again_later_each_time() -> None:
    assert len(RETRY_AFTER) == ATTEMPTS_MAX - 1
    assert list(RETRY_AFTER) == sorted(RETRY_AFTER)


def test_what_nobody_claimed_cannot_have_ended() -> None:
    with pytest.raises(ImpossibleHistory):
        JOB_FIRING.replay([JobFiringCompleted("Done.")])
