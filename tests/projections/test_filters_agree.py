"""Filters in SQL and in Python hold of the same records: every kind of value, and real views.

Rows and conditions are made at random, with unknown values, empty text, negative amounts and
dates at the ends of months among them.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from psycopg import Connection

from domain.conditions import (
    ALWAYS,
    NEVER,
    AllOf,
    AnyOf,
    Compared,
    Condition,
    Negated,
    Operator,
    first_failing,
    holds,
)
from domain.rule_language import printed
from domain.rule_view import RuleView
from domain.site_options import SiteOptions
from eventstore.log import Recorded
from projections.account_view import ACCOUNT_VIEW
from projections.listing import Cut, Listing, ListingError, column_of, page, predicates
from projections.query import Query, fetch, sql
from projections.rule_views import account_fields_of, checked_filter, rule_fields, rule_view
from projections.typed_filters import INTEGER_MAX
from projections.view import Asked, Field, Kind, View
from runtime.database import Database
from runtime.tenants import Tenant
from tests.domain.conditions import LISTS, TEXTS, trees
from tests.projections.test_worked_fields import OPTIONS, history, shown, some_date

Row = Mapping[str, Any]

MONTH_ENDS = [date(2023, 2, 28), date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 1)]
POOL: dict[Kind, list[Any]] = {
    Kind.TEXT: [
        *("", " ", "a", "A", "ab", "b%", "%", "_", "a_b", "\\", "\\%", "z", '"', "\n", "ä", "Ä"),
        *("ß", "SS", "\u0130", "i\u0307", "\u212a", "k", "\uffff", "\U0001f600", "e\u0301"),
    ],
    Kind.INTEGER: [-(2**63), -31, -3, -1, 0, 1, 28, 2**63 - 1],
    Kind.NUMBER: [Decimal(one) for one in ("-1.5", "-0.0", "0", "0.1", "1", "1.00", "1.5", "1e30")],
    Kind.MONEY: [Decimal(one) for one in ("-100.00", "-0.01", "0.00", "0.01", "99.99", "100")],
    Kind.BOOLEAN: [True, False],
    Kind.DATE: [*MONTH_ENDS, date(1, 1, 1), date(9999, 12, 31)],
    Kind.MOMENT: [
        datetime(2024, 2, 29, 23, 59, 59, 999999, UTC),
        datetime(2024, 3, 1, tzinfo=UTC),
        datetime(1900, 1, 1, tzinfo=UTC),
    ],
}
"""Values of each kind that are near each other, or at an end."""

SQL_TYPES = {
    Kind.TEXT: "text",
    Kind.INTEGER: "bigint",
    Kind.NUMBER: "numeric",
    Kind.MONEY: "numeric",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.MOMENT: "timestamptz",
}

_ARRAYS = ", ".join(f"%(of_{kind.value})s::{SQL_TYPES[kind]}[]" for kind in POOL)
_COLUMNS = ", ".join(f'"{kind.value}"' for kind in POOL)


def _column(kind: Kind) -> str:
    return f'v."{kind.value}" COLLATE "C"' if kind is Kind.TEXT else f'v."{kind.value}"'


GIVEN = View(
    name="given",
    description="Rows that a test gives, with a column of each kind.",
    key=("place",),
    source=lambda _: f"unnest(%(numbers)s::int[], {_ARRAYS}) AS v (place, {_COLUMNS})",
    where=lambda _: "true",
    fields=(
        Field("place", Kind.INTEGER, "Which one it is.", "v.place"),
        *(Field(kind.value, kind, "A value.", _column(kind), nullable=True) for kind in POOL),
    ),
)

ASKED = Asked(0, SiteOptions(), date(2024, 2, 29))


def in_sql(connection: Connection[Any], rows: Sequence[Row], asked: Sequence[Condition]) -> Any:
    """For each row, whether each condition holds as SQL has it."""
    compiled = predicates(GIVEN, ASKED, asked, also=["place"])
    arrays = {f"of_{kind.value}": [row[kind.value] for row in rows] for kind in POOL}
    parameters = compiled.parameters | arrays | {"numbers": list(range(len(rows)))}
    statement = (
        f"SELECT {', '.join(compiled.holds)} FROM ({compiled.records}) r"
        f" ORDER BY {column_of('place')}"
    )
    return fetch(connection, Query(sql(statement), parameters, lambda *found: list(found)))


def operators(kind: Kind) -> list[Operator]:
    return [one for one in Operator if one not in TEXTS or kind is Kind.TEXT]


def leaves(kind: Kind) -> Iterator[Compared]:
    """Every comparison of a kind with values of the pool."""
    pool = POOL[kind]
    for operator in operators(kind):
        values: list[Any] = pool
        if operator is Operator.IS_NULL:
            values = [True, False]
        elif operator in LISTS:
            values = [(), (pool[0],), tuple(pool[1:4]), tuple(pool)]
        yield from (Compared(kind.value, operator, value) for value in values)


@pytest.fixture(scope="module")
def connection(database: Database) -> Iterator[Connection[Any]]:
    with database.connect("worker") as connection:
        yield connection


@pytest.mark.parametrize("kind", POOL)
def test_every_comparison_of_every_value_is_the_same(
    connection: Connection[Any], kind: Kind
) -> None:
    rows = [
        dict.fromkeys(one.value for one in POOL) | {kind.value: one} for one in (None, *POOL[kind])
    ]
    asked = list(leaves(kind))
    for start in range(0, len(asked), 100):
        part = asked[start : start + 100]
        plainly = [[holds(one, row) for one in part] for row in rows]
        assert in_sql(connection, rows, part) == plainly
    # Unknown values meet no comparison but these.
    unknown = {one.operator for one in asked if holds(one, {})}
    assert unknown == {Operator.NE, Operator.NOT_IN, Operator.IS_NULL}


def any_leaf() -> st.SearchStrategy[Condition]:
    return st.sampled_from([leaf for kind in POOL for leaf in leaves(kind)])


def any_row() -> st.SearchStrategy[Row]:
    text = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=5)
    beside: dict[Kind, st.SearchStrategy[Any]] = {
        Kind.TEXT: text,
        Kind.DATE: st.dates(),
        Kind.MONEY: st.decimals(-1000, 1000, places=2),
    }
    return st.fixed_dictionaries(
        {
            kind.value: st.none() | st.sampled_from(pool) | beside.get(kind, st.nothing())
            for kind, pool in POOL.items()
        }
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(any_row(), min_size=1, max_size=30),
    asked=st.lists(trees(any_leaf(), single=True, depth=3), min_size=1, max_size=15),
)
def test_trees_of_comparisons_are_the_same(
    connection: Connection[Any], rows: list[Row], asked: list[Condition]
) -> None:
    plainly = [[holds(one, row) for one in asked] for row in rows]
    assert in_sql(connection, rows, asked) == plainly
    for row, told in zip(rows, plainly, strict=True):
        for condition, held in zip(asked, told, strict=True):
            failing = first_failing(condition, row)
            assert (failing is None) == held
            if failing is not None:
                assert not isinstance(failing, AllOf)
                assert not holds(failing, row)


def test_conditions_in_one_scan_have_limits_of_their_own(connection: Connection[Any]) -> None:
    one = Compared("integer", Operator.GT, 0)
    asked = [AllOf([one] * 150)] * 5 + [ALWAYS, NEVER]
    rows = [dict.fromkeys(kind.value for kind in POOL) | {"integer": 1}]
    assert in_sql(connection, rows, asked) == [[True] * 6 + [False]]
    with pytest.raises(ListingError, match="200 comparisons"):
        predicates(GIVEN, ASKED, [AllOf([one] * 201)])
    with pytest.raises(ListingError, match="no field nowhere"):
        predicates(GIVEN, ASKED, [ALWAYS], also=("nowhere",))


# The views of rules, on a history made at random.


@pytest.fixture(scope="module")
def worked(database: Database) -> tuple[Tenant, list[Recorded]]:
    return history(database, random.Random(7))


def askings(worked: tuple[Tenant, list[Recorded]], rng: random.Random) -> Asked:
    tenant, events = worked
    known_at = rng.choice((None, None, rng.choice(events[len(events) // 2 :]).recorded_at))
    return Asked(tenant.id, rng.choice(OPTIONS), some_date(rng, events), True, known_at)


def whole(view: RuleView) -> View:
    """The view with all fields of the account."""
    return rule_view(view, [field.name for field in ACCOUNT_VIEW.fields])


def rows_of(database: Database, view: RuleView, asked: Asked, *, few: bool = False) -> list[Row]:
    return list(shown(database, whole(view), asked, few=few).values())


def leaf_of(rng: random.Random, field: Field, rows: Sequence[Row]) -> Compared:
    """A comparison of a field with what some row has there, or what is near it."""
    operator = rng.choice(operators(field.kind))
    if field.kind is Kind.BOOLEAN:
        operator = rng.choice((Operator.EQ, Operator.NE, Operator.IN))
    found = [row[field.name] for row in rows if row[field.name] is not None]

    def value() -> Any:
        one = rng.choice(found) if found else rng.choice(POOL[field.kind])
        match one:
            case str() if operator in TEXTS:
                start = rng.randrange(len(one) + 1)
                cut = one[start : start + rng.randrange(4)]
                return rng.choice((cut, cut.upper(), one[:3]))
            case bool() | str() | datetime():
                return one
            case date():
                return one + timedelta(rng.choice((0, 0, -1, 31)) if 1 < one.year < 9999 else 0)
            case int():
                near = one + rng.choice((0, 0, 1, -1))
                return max(-INTEGER_MAX, min(near, INTEGER_MAX))
            case _:
                return one + rng.choice((0, 0, 1, -1))

    if operator is Operator.IS_NULL:
        return Compared(field.name, operator, rng.choice((True, False)))
    if operator in LISTS:
        return Compared(field.name, operator, tuple(value() for _ in range(rng.randrange(4))))
    return Compared(field.name, operator, value())


def tree_of(rng: random.Random, view: RuleView, rows: Sequence[Row], depth: int = 3) -> Condition:
    """A condition on some fields of the rows."""
    kind = rng.randrange(5) if depth else 4
    match kind:
        case 0 | 1:
            parts = tuple(tree_of(rng, view, rows, depth - 1) for _ in range(rng.randrange(2, 4)))
            return (AllOf, AnyOf)[kind](parts)
        case 2:
            return Negated(tree_of(rng, view, rows, depth - 1))
        case _:
            fields = sorted(rule_fields(view))
            return leaf_of(rng, rule_fields(view)[rng.choice(fields)], rows)


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.reuse, Phase.generate],  # a shorter draw is no simpler: it asks of other rows
    suppress_health_check=list(HealthCheck),
)
@given(rng=st.randoms(use_true_random=False), view=st.sampled_from(RuleView))
def test_rules_are_the_same_in_sql_and_in_python(
    database: Database, worked: tuple[Tenant, list[Recorded]], rng: random.Random, view: RuleView
) -> None:
    asked = askings(worked, rng)
    rows = sorted(rows_of(database, view, asked), key=lambda row: str(sorted(row.items(), key=str)))
    trees_of = [tree_of(rng, view, rows) for _ in range(20)] if rows else []
    # What was written and read again is the same condition.
    conditions = [checked_filter(view, printed(one)) for one in trees_of]
    assert conditions == trees_of
    used = sorted({name for one in conditions for name in account_fields_of(one)})
    made = rule_view(view, used)
    compiled = predicates(made, asked, conditions, also=made.key)
    keys = [column_of(name) for name in made.key]
    statement = f"SELECT {', '.join([*keys, *compiled.holds])} FROM ({compiled.records}) r"
    with database.connect("worker") as connection:
        query = Query(sql(statement), compiled.parameters, lambda *found: found)
        found = {one[: len(keys)]: list(one[len(keys) :]) for one in fetch(connection, query)}
        plainly = {
            tuple(row[name] for name in made.key): [holds(one, row) for one in conditions]
            for row in rows
        }
        assert found == plainly
        if conditions:  # and so is the list of the records of one of them
            listing = Listing(made, asked, made.key, conditions[0])
            listed = {one.values for one in fetch(connection, page(listing, Cut(1_000)))}
            assert listed == {key for key, told in plainly.items() if told[0]}


def test_for_a_few_documents_the_same_is_shown(
    database: Database, worked: tuple[Tenant, list[Recorded]]
) -> None:
    rng = random.Random(3)
    for _ in range(4):
        asked = askings(worked, rng)
        view = whole(RuleView.INVOICE)
        many = shown(database, view, asked, few=False)
        assert shown(database, view, asked, few=True) == many


def test_a_document_has_the_fields_of_its_account(
    database: Database, worked: tuple[Tenant, list[Recorded]]
) -> None:
    rng = random.Random(5)
    for _ in range(4):
        asked = askings(worked, rng)
        accounts = shown(database, ACCOUNT_VIEW, asked, few=False)
        for row in rows_of(database, RuleView.INVOICE, asked):
            own = accounts[row["company_id"], row["cust_id"]]
            told = {name: row[f"account.{name}"] for name in own if name != "sales_reps"}
            assert told == {name: value for name, value in own.items() if name in told}


def test_amounts_excluded_by_dispute_are_ignored_by_rules(
    database: Database, worked: tuple[Tenant, list[Recorded]]
) -> None:
    rng, less = random.Random(9), 0
    for _ in range(8):
        asked = replace(askings(worked, rng), known_at=None)
        for row in rows_of(database, RuleView.INVOICE, asked):
            assert row["balance_hc"] == row["counted_balance_hc"]
            if row["excluded_amount_hc"] and row["balance_hc"] > 0:
                less += 1
            if row["curr_id"] == row["home_curr_id"]:
                assert row["balance"] == row["balance_hc"]
    assert less > 0, "no document was disputed and excluded in part"
