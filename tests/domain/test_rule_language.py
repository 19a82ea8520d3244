"""Rule filters as text: what they say, how they are written, and what is told of wrong ones."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings

from domain.conditions import (
    ALWAYS,
    CONDITIONS_MAX,
    DEPTH_MAX,
    NEVER,
    VALUES_MAX,
    AllOf,
    AnyOf,
    Compared,
    Condition,
    Negated,
    Operator,
    simplified,
)
from domain.rule_language import CHARACTERS_MAX, FilterRefused, Place, parsed, printed, read
from domain.shared.decider import Refused
from tests.domain.conditions import any_conditions, conditions

OPEN = Compared("balance", Operator.GT, 0)
DUE = Compared("due_date_days", Operator.EQ, -3)
HELD = Compared("account.credit_hold", Operator.EQ, True)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("balance > 0 and due_date_days = -3", AllOf((OPEN, DUE))),
        (
            'cust_po_no is unknown and account.udf6 = "Y"',
            AllOf(
                (
                    Compared("cust_po_no", Operator.IS_NULL, True),
                    Compared("account.udf6", Operator.EQ, "Y"),
                )
            ),
        ),
        (
            'type in ("IN", "DM") and not (reason_code = "PRICE" or severity <= 1)',
            AllOf(
                (
                    Compared("type", Operator.IN, ("IN", "DM")),
                    Negated(
                        AnyOf(
                            (
                                Compared("reason_code", Operator.EQ, "PRICE"),
                                Compared("severity", Operator.LTE, 1),
                            )
                        )
                    ),
                )
            ),
        ),
        ("BALANCE>0", Compared("BALANCE", Operator.GT, 0)),
        ("a starts with 'x' ", Compared("a", Operator.STARTS_WITH, "x")),
        ("a MATCHES 'x'", Compared("a", Operator.MATCHES, "x")),
        (r'a contains "\"\\\n\u00e9"', Compared("a", Operator.CONTAINS, '"\\\né')),
        ("a Is Known", Compared("a", Operator.IS_NULL, False)),
        ("a not in (1, -.5)", Compared("a", Operator.NOT_IN, (1, Decimal("-0.5")))),
        ("a in ()", Compared("a", Operator.IN, ())),
        ("a <> false", Compared("a", Operator.NE, False)),
        ("a >= 2024-02-29", Compared("a", Operator.GTE, date(2024, 2, 29))),
        (
            "a < 2024-02-29T01:00:00+02:00",
            Compared("a", Operator.LT, datetime(2024, 2, 28, 23, tzinfo=UTC)),
        ),
        ("always", ALWAYS),
        ("never", NEVER),
        # `and` binds closer than `or`, `not` closer than either.
        ("balance > 0 or a = 1 and b = 2", AnyOf((OPEN, parsed("a = 1 and b = 2")))),
        ("not balance > 0 and due_date_days = -3", AllOf((Negated(OPEN), DUE))),
        ("not not balance > 0", Negated(Negated(OPEN))),
        ("(((balance > 0)))", OPEN),
        # Words of the language within names are none.
        ("in_dispute = true", Compared("in_dispute", Operator.EQ, True)),
        ("order1 = 1\nand\n android = 2", parsed("order1 = 1 and android = 2")),
    ],
)
def test_a_text_says(text: str, condition: Condition) -> None:
    assert parsed(text) == condition
    assert parsed(printed(condition)) == condition


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("BAL  >  0.500 AND (x=1)", "BAL > 0.5 and x = 1"),
        ("a=1 and b=2 or not(c=3 or d='x')", '(a = 1 and b = 2) or not (c = 3 or d = "x")'),
        ("a <> -0.0", "a != 0"),
        ("a = 2024-02-29T01:00:00+02:00", "a = 2024-02-28T23:00:00Z"),
        ("a = 'It''s'".replace("''", "\\'"), 'a = "It\'s"'),
        ('a = "\ttab\u00a0\u202e\U000e0001é"', r'a = "\ttab\u00a0\u202e\U000e0001é"'),
        ("a = 1 and (b = 2 and c = 3)", "a = 1 and (b = 2 and c = 3)"),
    ],
)
def test_there_is_one_text_for_each_condition(text: str, canonical: str) -> None:
    assert printed(parsed(text)) == canonical
    assert printed(parsed(canonical)) == canonical


@given(conditions())
def test_what_is_printed_says_the_same(condition: Condition) -> None:
    assert parsed(printed(condition)) == condition


@given(any_conditions())
def test_groups_of_one_part_are_printed_as_the_part(condition: Condition) -> None:
    text = printed(condition)
    assert parsed(text) == simplified(condition)
    assert printed(parsed(text)) == text


@given(conditions())
def test_each_comparison_has_its_place(condition: Condition) -> None:
    text = printed(condition)
    written = read(text)
    names = [text[place.column - 1 :].split()[0] for place in written.places]
    assert names == list(text_fields(condition))
    assert {place.line for place in written.places} <= {1}


def text_fields(condition: Condition) -> list[str]:
    match condition:
        case AllOf(parts) | AnyOf(parts):
            return [name for part in parts for name in text_fields(part)]
        case Negated(part):
            return text_fields(part)
        case Compared(field):
            return [field]


COMPARISONS = (
    "=, !=, <, <=, >, >=, in, not in, contains, starts with, matches, is known, is unknown"
)
VALUES = "a number, a date such as 2015-01-31, text in quotation marks, true or false"


@pytest.mark.parametrize(
    ("text", "line", "column", "sentence"),
    [
        ("  ", 1, 3, "expected a field, as in balance > 0, but the filter is empty."),
        (
            "balance",
            1,
            8,
            f"expected a comparison: {COMPARISONS}, but the filter ends here.",
        ),
        ("balance >", 1, 10, f"expected a value: {VALUES}, but the filter ends here."),
        (
            "a = 1 and\n\n",
            3,
            1,
            "expected a field, as in balance > 0, but the filter ends here.",
        ),
        ("a = 1\n  b = 2", 2, 3, "expected and, or, or the end, but found b."),
        ("(a = 1", 1, 7, "expected and, or, or a closing bracket, but the filter ends here."),
        ("a = 1)", 1, 6, "expected and, or, or the end, but found )."),
        ("(a = 1 && b = 2)", 1, 8, "expected and, or, or a closing bracket, but found &&."),
        ("a = 1 && b = 2", 1, 7, "expected and, or, or the end, but found &&."),
        (
            "type = IN",
            1,
            8,
            f'expected a value: {VALUES}, but found IN. Text stands in quotation marks: "IN".',
        ),
        ('a = "x', 1, 5, "the text that begins here has no closing quotation mark."),
        ("a = “x”", 1, 5, 'text stands in plain quotation marks, as in "IN".'),
        (
            "a > 1,000",
            1,
            6,
            (
                "expected and, or, or the end, but found ,. Numbers have no separators of"
                " thousands: 1000.50."
            ),
        ),
        ("a in 3", 1, 6, 'expected a list in brackets, as in ("IN", "DM"), but found 3.'),
        ("a in (1 2)", 1, 9, "expected a comma or the closing bracket of the list, but found 2."),
        ('a starts "x"', 1, 10, 'expected with, as in starts with "A", but found "x".'),
        ("a is 3", 1, 6, "expected known or unknown, but found 3."),
        ("a not 3", 1, 7, 'expected in, as in not in ("IN", "DM"), but found 3.'),
        ("a contains 5", 1, 12, "expected text in quotation marks, but found 5."),
        ("a = 2015-02-29", 1, 5, "there is no day 2015-02-29."),
        ("a = 2015-02-28T25:00Z", 1, 5, "there is no moment 2015-02-28T25:00Z."),
        (
            "a > 31.01.2015",
            1,
            5,
            (
                f"expected a value: {VALUES}, but found 31.01.2015. Dates are written"
                " year-month-day: 2015-01-31."
            ),
        ),
        (
            "a > 2015-1-31",
            1,
            9,
            (
                "expected and, or, or the end, but found -1. Dates are written year-month-day:"
                " 2015-01-31."
            ),
        ),
        (r'a = "\q"', 1, 5, r"in text, \q means nothing; a backslash is written twice."),
        (
            r'a = "\U00110000"',
            1,
            5,
            (
                r"in text, \U00110000 means nothing; a backslash is written"
                " twice."
            ),
        ),
        (r'a = "\u0000"', 1, 5, "this is no plain text."),
        (f"a = {'9' * 39}", 1, 5, "a number has 38 digits at most."),
        (f"{'x' * 40} y", 1, 42, f"expected a comparison: {COMPARISONS}, but found y."),
        (f"a = 1 {'y' * 40}", 1, 7, f"expected and, or, or the end, but found {'y' * 30}…."),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    text: str, line: int, column: int, sentence: str
) -> None:
    with pytest.raises(FilterRefused) as refused:
        parsed(text)
    assert (refused.value.code, refused.value.field) == ("filter_syntax", "filter")
    assert refused.value.place == Place(line, column)
    assert refused.value.message == f"Line {line}, column {column}: {sentence}"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not " * DEPTH_MAX + "a = 1", "filter_too_deep"),
        ("not " * 20_000 + "a = 1", "filter_too_deep"),
        ("(a = 1 and " * 8_000 + "a = 1" + ")" * 8_000, "filter_too_deep"),
        (" or ".join(["a = 1"] * (CONDITIONS_MAX + 1)), "filter_too_large"),
        (f"a in ({', '.join(['1'] * (VALUES_MAX + 1))})", "filter_too_large"),
        ("a = 1" + " " * CHARACTERS_MAX, "filter_too_large"),
        ("a = '\x00'", "filter_syntax"),
        ("a = '\ud800'", "filter_syntax"),
    ],
)
def test_what_no_rule_needs_is_refused(text: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        parsed(text)
    assert refused.value.code == code


def test_the_largest_filters_are_read() -> None:
    deepest = "not " * (DEPTH_MAX - 1) + "a = 1"
    assert printed(parsed(deepest)) == deepest
    assert parsed("(" * 40_000 + "a = 1" + ")" * 40_000) == parsed("a = 1")
    longest = " or ".join(["a = 1"] * CONDITIONS_MAX)
    assert printed(parsed(longest)) == longest
    values = f"a in ({', '.join(['1'] * VALUES_MAX)})"
    assert printed(parsed(values)) == values


def test_a_condition_that_could_not_be_read_is_not_printed() -> None:
    deep: Condition = OPEN
    for _ in range(100_000):
        deep = Negated(deep)
    with pytest.raises(Refused, match="12 deep"):
        printed(deep)
    with pytest.raises(Refused, match="200 comparisons"):
        printed(AnyOf((AllOf([OPEN] * 150), AllOf([DUE] * 51))))
    with pytest.raises(Refused, match="1,000 values"):
        printed(Compared("a", Operator.IN, list(range(VALUES_MAX + 1))))
    with pytest.raises(TypeError):
        printed(Compared("a", Operator.EQ, 0.5))
    while isinstance(deep, Negated):  # taken apart from the outside, as its memory is given back
        deep = deep.part


def test_a_field_of_the_account_is_one_word() -> None:
    assert parsed("account.credit_hold = true") == HELD
    with pytest.raises(FilterRefused):
        parsed("account . credit_hold = true")


@settings(max_examples=20)
@given(conditions())
def test_capitals_of_words_mean_nothing(condition: Condition) -> None:
    text = printed(condition)
    if '"' not in text:
        shouted = text
        for word in ("and", "or", "not", "in", "is", "known", "unknown", "always", "never"):
            shouted = shouted.replace(f" {word} ", f" {word.upper()} ")
        assert parsed(shouted) == condition
