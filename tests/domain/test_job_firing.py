"""Firings of jobs: claimed once, taken over, tried again a few times."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.job_firing import (
    ATTEMPTS_MAX,
    JOB_FIRING,
    ClaimFiring,
    CompleteFiring,
    FailFiring,
    JobFiringClaimed,
    JobFiringCompleted,
    JobFiringFailed,
    retry_at,
)
from domain.shared.decider import ImpossibleHistory, Refused

AT = datetime(2026, 3, 2, 6, tzinfo=UTC)
CLAIM = ClaimFiring("rules/A", AT.isoformat(), AT, date(2026, 3, 2), "host/1")
CLAIMED = JobFiringClaimed("rules/A", AT.isoformat(), AT, date(2026, 3, 2), 1, "host/1")
FAILED = JobFiringFailed("No.")


def decided(history: list[Any], command: Any) -> Any:
    try:
        return JOB_FIRING.decide(command, JOB_FIRING.replay(history))
    except Refused as refusal:
        return refusal.code


AGAIN = replace(CLAIMED, attempt=2)


@pytest.mark.parametrize(
    ("history", "command", "expected"),
    [
        ([], CLAIM, [CLAIMED]),
        ([CLAIMED], replace(CLAIM, claimed_by="b"), [replace(AGAIN, claimed_by="b")]),
        ([CLAIMED], CompleteFiring("Done."), [JobFiringCompleted("Done.")]),
        ([CLAIMED], CompleteFiring("x" * 3000), [JobFiringCompleted("x" * 2000)]),
        ([CLAIMED], FailFiring("No.", final=True), [JobFiringFailed("No.", final=True)]),
        ([CLAIMED, FAILED], CLAIM, [AGAIN]),
        ([CLAIMED, JobFiringCompleted("Done.")], CLAIM, "firing_completed"),
        ([CLAIMED, JobFiringFailed("No.", final=True)], CLAIM, "firing_given_up"),
        ([CLAIMED, FAILED, AGAIN, FAILED, replace(AGAIN, attempt=3)], CLAIM, "firing_given_up"),
        (
            [CLAIMED, FAILED, AGAIN, FAILED, replace(AGAIN, attempt=3), FAILED],
            CLAIM,
            "firing_given_up",
        ),
        ([CLAIMED, FAILED], CompleteFiring("Done."), "firing_not_claimed"),
        ([], FailFiring("No."), "firing_not_claimed"),
    ],
)
def test_given_when_then(history: list[Any], command: Any, expected: Any) -> None:
    assert decided(history, command) == expected


def test_is_tried_again_later_each_time() -> None:
    waits = [retry_at(AT, attempt) - AT for attempt in range(1, ATTEMPTS_MAX + 1)]
    assert waits == [timedelta(minutes=1), timedelta(minutes=10), timedelta(minutes=10)]


def test_what_nobody_claimed_cannot_have_ended() -> None:
    with pytest.raises(ImpossibleHistory):
        JOB_FIRING.replay([JobFiringCompleted("Done.")])
