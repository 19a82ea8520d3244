"""Chains of causes: put together level by level, up to where each began."""

from projections.audit_causes import (
    CAUSES_MAX,
    Cause,
    CauseOf,
    Chains,
    FoundCause,
    streams_named,
)


def test_only_runs_and_firings_have_events_that_tell_of_them() -> None:
    assert streams_named("sync/9") == ["sync_run/9"]
    assert streams_named("rule_run/A/B/2026-03-02") == ["rule_run/A%2FB/2026-03-02"]
    assert streams_named("job_firing/rules/A@by hand k@k") == [
        "job_firing/rules%2FA/by hand k@k",
        "job_firing/rules%2FA@by hand k/k",
    ]
    assert streams_named("mutation/addAccountNote") == []
    assert streams_named("") == []


def test_chains_end_where_nothing_is_told_and_where_a_run_names_itself() -> None:
    chains = Chains(
        [
            CauseOf(5, "mutation/x", "a-request"),
            CauseOf(6, "rule_run/A/2026-03-02"),
            CauseOf(7, "process/match", "sync/9"),
            CauseOf(8, "sync/cut-off"),
        ]
    )
    assert chains.asked == [CauseOf(6, "rule_run/A/2026-03-02"), CauseOf(8, "sync/cut-off")]
    run = Cause("rule_run/A/2026-03-02", 12, "rule_run/A/2026-03-02", "RuleRunCompleted")
    chains.take([FoundCause(0, "job_firing/rules/A@1", run)])
    assert chains.asked == [CauseOf(12, "job_firing/rules/A@1"), CauseOf(7, "sync/9")]
    firing = Cause("job_firing/rules/A@1", 3, "job_firing/rules%2FA/1", "JobFiringClaimed")
    sync = Cause("sync/9", 4, "sync_run/9", "SyncCompleted")
    chains.take([FoundCause(0, "job_firing/rules/A@1", firing), FoundCause(1, "cli/sync", sync)])
    assert not chains.complete
    assert chains.asked == []
    chains.take([])
    assert chains.complete
    assert chains.chains == [
        [Cause("mutation/x")],
        [run, firing],
        [Cause("process/match"), sync, Cause("cli/sync")],
        [Cause("sync/cut-off")],
    ]


def test_a_chain_in_a_circle_ends() -> None:
    chains = Chains([CauseOf(1, "sync/a")])
    rounds = 0
    while not chains.complete:
        (asked,) = chains.asked
        other = "sync/b" if asked.reference == "sync/a" else "sync/a"
        chains.take([FoundCause(0, other, Cause(asked.reference, 1))])
        rounds += 1
    assert rounds == CAUSES_MAX == len(chains.chains[0])
