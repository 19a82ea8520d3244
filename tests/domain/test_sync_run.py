"""A sync run ..."""

from datetime import date

import pytest

from domain.shared.decider import ImpossibleHistory
from domain.sync_run import SYNC_RUN, CompleteSync, SyncCompleted
from tests.story import Story

run = Story(SYNC_RUN)

outcome = SyncCompleted("r1", date(2026, 3, 2), read=5, new=1, changed=2, unchanged=1, rejected=1)


def test_is_completed_with_its_counts() -> None:
    run.given().when(CompleteSync(outcome)).then_once(outcome)


def test_is_completed_once() -> None:
    run.given(outcome).when(CompleteSync(outcome)).then_refused("sync_completed")


def test_refuses_a_history_that_cannot_be() -> None:
    with pytest.raises(ImpossibleHistory):
        SYNC_RUN.replay([outcome, outcome])
