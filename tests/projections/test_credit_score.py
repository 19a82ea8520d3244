"""The range of a credit score in SQL is the one that the domain tells."""

from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from domain.credit_score import CreditScoreRange, checked_ranges, range_of
from domain.shared.decider import Refused
from domain.site_options import SiteOptions
from projections.credit_score_sql import credit_score_join, credit_score_parameters
from projections.query import Query, fetch, sql
from projections.view import Asked
from runtime.database import Database
from tests.histories import FIRST

TEXTS = st.one_of(
    st.sampled_from(
        ["0", "59.5", "60", "100", "-1", "007", "1e3", "1.", "9" * 31, "AA", "aB", "é"]
    ),
    st.text(st.sampled_from("0123456789.-ABYZabyz ßİΣ%'\\$_"), min_size=1, max_size=4),
)


def told(
    database: Database, ranges: tuple[CreditScoreRange, ...], scores: list[str | None]
) -> list[tuple[Any, Any]]:
    """The colour and the name of each score's range, by SQL."""
    join = credit_score_join("s.score", ranges, "r")
    statement = (
        "SELECT r.color, r.name FROM unnest(%(scores)s::text[]) WITH ORDINALITY s (score, number)"
        f" {join} ORDER BY s.number"
    )
    parameters = credit_score_parameters(ranges) | {"scores": scores}
    with database.connect("worker") as connection:
        return fetch(connection, Query(sql(statement), parameters, lambda *values: values))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(TEXTS, TEXTS), max_size=4),
    st.lists(st.one_of(st.none(), TEXTS), min_size=20, max_size=60),
)
def test_sql_and_the_domain_agree(
    database: Database, bounds: list[tuple[str, str]], scores: list[str | None]
) -> None:
    ranges = [CreditScoreRange(*pair, f"#00000{n}", f"%s '{n}'") for n, pair in enumerate(bounds)]
    kept: tuple[CreditScoreRange, ...] = ()
    for one in ranges:  # as many of them as may be together
        try:
            kept = checked_ranges([*kept, one])
        except Refused:
            continue
    assume(kept or not bounds)
    found = [range_of(score, kept) for score in scores]
    expected = [(one.color, one.name) if one else (None, None) for one in found]
    assert told(database, kept, scores) == expected


def test_the_parameters_of_every_statement_tell_the_ranges() -> None:
    ranges = (CreditScoreRange("0", "9", "#000000", "low"),)
    asked = Asked(1, SiteOptions(credit_score_ranges=ranges), FIRST)
    assert asked.parameters.items() >= credit_score_parameters(ranges).items()
