"""Commands at random to firings of jobs and sources of exports."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from domain.job_firing import JOB_FIRING, ClaimFiring, CompleteFiring, FailFiring
from domain.schedule import Schedule
from domain.shared.decider import Decider
from domain.sync_source import (
    SYNC_SOURCE,
    DefineSyncSource,
    RetireSyncSource,
    SyncSourceDocument,
)

ON = date(2025, 1, 1)
AT = datetime(2025, 1, 1, 6, tzinfo=UTC)

Parts = tuple[Decider[Any, Any, Any], tuple[str, ...], Any]
"""A decider, a key and a command."""


@st.composite
def firing_and_loading(draw: st.DrawFn, category: str, one: str) -> Parts:
    """A command to a stream of one of the categories here."""
    if category == "job_firing":
        key = (f"rules/{one}", AT.isoformat())
        at = AT + timedelta(minutes=draw(st.sampled_from([0, 5, 60])))
        claim = ClaimFiring(*key, AT, ON, draw(st.sampled_from(["a", "b"])), at)
        ending = [CompleteFiring("Done."), FailFiring("No.", at), FailFiring("No.", at, final=True)]
        return JOB_FIRING, key, draw(st.sampled_from([claim, claim, *ending]))
    assert category == "sync_source"
    schedules = draw(st.sampled_from([(), (Schedule((1,), "05:00"),)]))
    mapping, companies = draw(st.sampled_from([(None, ()), ("m", ()), ("m", ("2", "1"))]))
    document = SyncSourceDocument(one, "n", "f", mapping, schedules, companies)
    defining = DefineSyncSource(document)
    command = draw(st.sampled_from([defining, defining, RetireSyncSource()]))
    return SYNC_SOURCE, (one,), command


CATEGORIES = frozenset({"job_firing", "sync_source"})
