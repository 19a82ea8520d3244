"""Rule filters as text that people write and read (RULE-05).

    balance > 0 and due_date_days = -3
    cust_po_no is unknown and account.udf6 = "Y"
    type in ("IN", "DM") and not (reason_code = "PRICE" or severity <= 1)

`not` binds closer than `and`, and `and` closer than `or`. Words may be in capitals. The text that
is stored is the one that `printed` returns: there is one for each condition.
"""

import re
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, cast

from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken
from msgspec import Struct

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
    check_size,
    simplified,
    too_deep,
    too_many_comparisons,
    too_many_values,
)
from domain.shared.decider import Refused
from domain.shared.text import can_be_kept

CHARACTERS_MAX = 100_000
"""Characters of a filter at most."""

DIGITS_MAX = 38
"""Digits of a number at most."""

KEYWORDS = frozenset(
    (
        "always",
        "never",
        "and",
        "or",
        "not",
        "in",
        "is",
        "known",
        "unknown",
        "contains",
        "starts",
        "with",
        "matches",
        "true",
        "false",
    )
)
"""The words that no field can be called."""


class Place(Struct, frozen=True, gc=False):
    """Where something stands in a filter, both counted from 1."""

    line: int
    column: int


class FilterRefused(Refused):
    """A filter cannot be meant as it is written; `place` is where."""

    def __init__(self, code: str, message: str, place: Place) -> None:
        told = f"Line {place.line}, column {place.column}: {message}"
        super().__init__(code, told, "filter")
        self.sentence = message
        self.place = place


class Written(Struct, frozen=True):
    """A condition as it was written, with the place of each comparison from left to right."""

    condition: Condition
    places: tuple[Place, ...]


def parsed(text: str) -> Condition:
    """Return the condition that a text says.

    Raises:
        Refused: if it says none, with the line and column at fault, or is too large.
    """
    return read(text).condition


def read(text: str) -> Written:
    """Return the condition that a text says, with places.

    Raises:
        Refused: if it says none, with the line and column at fault, or is too large.
    """
    if len(text) > CHARACTERS_MAX:
        raise Refused(
            "filter_too_large",
            f"A filter may have {CHARACTERS_MAX:,} characters at most.",
            "filter",
        )
    if not can_be_kept(text):
        raise Refused("filter_syntax", "A filter is plain text.", "filter")
    try:
        part = _parse(text)
    except UnexpectedInput as wrong:
        raise _refusal(text, wrong) from None
    return Written(part.condition, part.places)


_GRAMMAR = r"""
?start: choice
choice: all (_OR all)*
all: _unit (_AND _unit)*
_unit: negation | "(" choice ")" | always | never | comparison
negation: _NOT _unit
always: _ALWAYS
never: _NEVER
?comparison: FIELD COMPARISON _value -> compared
    | FIELD _CONTAINS STRING -> contains
    | FIELD _STARTS _WITH STRING -> starts_with
    | FIELD _MATCHES STRING -> matches
    | FIELD _IN values -> among
    | FIELD _NOT _IN values -> not_among
    | FIELD _IS _KNOWN -> is_known
    | FIELD _IS _UNKNOWN -> is_unknown
values: "(" [_value ("," _value)*] ")"
_value: STRING | NUMBER | DATE | MOMENT | TRUTH

COMPARISON: "=" | "!=" | "<>" | "<=" | ">=" | "<" | ">"
STRING: /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/s
MOMENT.4: _DAY _CLOCK _OFFSET
DATE.3: _DAY /(?![\w-])/
_DAY: /[0-9]{4}-[0-9][0-9]-[0-9][0-9]/
_CLOCK: /T[0-9][0-9]:[0-9][0-9](?::[0-9][0-9](?:\.[0-9]{1,6})?)?/
_OFFSET: /(?:Z|[+-][0-9][0-9]:[0-9][0-9])(?!\w)/
NUMBER.2: /-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?![\w.])/
TRUTH.2: /(?:true|false)\b/i
_AND.2: /and\b/i
_OR.2: /or\b/i
_NOT.2: /not\b/i
_IN.2: /in\b/i
_IS.2: /is\b/i
_KNOWN.2: /known\b/i
_UNKNOWN.2: /unknown\b/i
_CONTAINS.2: /contains\b/i
_STARTS.2: /starts\b/i
_WITH.2: /with\b/i
_MATCHES.2: /matches\b/i
_ALWAYS.2: /always\b/i
_NEVER.2: /never\b/i
FIELD.1: /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?/
%ignore /\s+/
"""


class _Part(Struct, frozen=True, gc=False):
    """A part of a filter that has been read; `depth` is that of its condition."""

    condition: Condition
    depth: int
    places: tuple[Place, ...]


def _group(kind: type[AllOf] | type[AnyOf], parts: Sequence[_Part]) -> _Part:
    if len(parts) == 1:
        return parts[0]
    places = tuple(place for part in parts for place in part.places)
    if len(places) > CONDITIONS_MAX:
        raise too_many_comparisons()
    depth = _deeper(max(part.depth for part in parts))
    return _Part(kind(tuple(part.condition for part in parts)), depth, places)


def _deeper(depth: int) -> int:
    if depth >= DEPTH_MAX:
        raise too_deep()
    return depth + 1


class _Builder(Transformer[Token, _Part]):
    """Makes conditions while the parser finds them, from the inside out."""

    def choice(self, parts: list[_Part]) -> _Part:
        return _group(AnyOf, parts)

    def all(self, parts: list[_Part]) -> _Part:
        return _group(AllOf, parts)

    def negation(self, parts: list[_Part]) -> _Part:
        (part,) = parts
        return _Part(Negated(part.condition), _deeper(part.depth), part.places)

    def always(self, _: list[Any]) -> _Part:
        return _Part(ALWAYS, 1, ())

    def never(self, _: list[Any]) -> _Part:
        return _Part(NEVER, 1, ())

    def values(self, found: list[Token | None]) -> tuple[Any, ...]:
        if len(found) > VALUES_MAX:
            raise too_many_values()
        return tuple(_read_value(one) for one in found if one is not None)

    def compared(self, read: list[Any]) -> _Part:
        field, comparison, value = read
        return _compared(field, _OPERATORS[comparison.value], _read_value(value))

    def contains(self, read: list[Any]) -> _Part:
        field, value = read
        return _compared(field, Operator.CONTAINS, _read_value(value))

    def starts_with(self, read: list[Any]) -> _Part:
        field, value = read
        return _compared(field, Operator.STARTS_WITH, _read_value(value))

    def matches(self, read: list[Any]) -> _Part:
        field, value = read
        return _compared(field, Operator.MATCHES, _read_value(value))

    def among(self, read: list[Any]) -> _Part:
        field, values = read
        return _compared(field, Operator.IN, values)

    def not_among(self, read: list[Any]) -> _Part:
        field, values = read
        return _compared(field, Operator.NOT_IN, values)

    def is_known(self, read: list[Any]) -> _Part:
        (field,) = read
        return _compared(field, Operator.IS_NULL, value=False)

    def is_unknown(self, read: list[Any]) -> _Part:
        (field,) = read
        return _compared(field, Operator.IS_NULL, value=True)


@cache
def _parser() -> Lark:
    return Lark(
        _GRAMMAR,
        parser="lalr",
        transformer=_Builder(),
        maybe_placeholders=False,
        propagate_positions=False,
    )


def _parse(text: str) -> _Part:
    return cast("Any", _parser()).parse(text)


def _compared(field: Token, operator: Operator, value: Any) -> _Part:
    return _Part(Compared(field.value, operator, value), 1, (_place(field),))


def _place(token: Token) -> Place:
    return Place(token.line or 1, token.column or 1)


_OPERATORS = {
    "=": Operator.EQ,
    "!=": Operator.NE,
    "<>": Operator.NE,
    "<": Operator.LT,
    "<=": Operator.LTE,
    ">": Operator.GT,
    ">=": Operator.GTE,
}


def _read_value(token: Token) -> Any:
    """Return the value that a token stands for.

    Raises:
        FilterRefused: if there is no such day, moment, number or text.
    """
    text: str = token.value
    match token.type:
        case "STRING":
            return _unquoted(token)
        case "TRUTH":
            return text.lower() == "true"
        case "NUMBER":
            if sum(one.isdigit() for one in text) > DIGITS_MAX:
                message = f"a number has {DIGITS_MAX} digits at most."
                raise FilterRefused("filter_syntax", message, _place(token))
            return Decimal(text) if "." in text else int(text)
        case kind:
            try:
                return (date if kind == "DATE" else datetime).fromisoformat(text)
            except ValueError:
                message = f"there is no {'day' if kind == 'DATE' else 'moment'} {text}."
                raise FilterRefused("filter_syntax", message, _place(token)) from None


_ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "'": "'"}


def _unquoted(token: Token) -> str:
    def meant(found: re.Match[str]) -> str:
        told = found[1]
        if told in _ESCAPES:
            return _ESCAPES[told]
        number = int(told[1:], 16) if len(told) > 1 else -1
        if not 0 <= number <= _CHARACTER_MAX:
            message = f"in text, \\{told} means nothing; a backslash is written twice."
            raise FilterRefused("filter_syntax", message, _place(token))
        return chr(number)

    text = _ESCAPED.sub(meant, token.value[1:-1])
    if not can_be_kept(text):
        raise FilterRefused("filter_syntax", "this is no plain text.", _place(token))
    return text


_CHARACTER_MAX = 0x10FFFF

# What is told of a filter that cannot be read.

_COMPARISONS = (
    "=, !=, <, <=, >, >=, in, not in, contains, starts with, matches, is known, is unknown"
)
_VALUES = "a number, a date such as 2015-01-31, text in quotation marks, true or false"

_EXPECTED: Sequence[tuple[str, str]] = (
    ("FIELD", "a field, as in balance > 0"),
    ("COMPARISON", f"a comparison: {_COMPARISONS}"),
    ("NUMBER", f"a value: {_VALUES}"),
    ("STRING", "text in quotation marks"),
    ("_KNOWN", "known or unknown"),
    ("_WITH", 'with, as in starts with "A"'),
    ("_IN", 'in, as in not in ("IN", "DM")'),
    ("COMMA", "a comma or the closing bracket of the list"),
    ("LPAR", 'a list in brackets, as in ("IN", "DM")'),
)
"""What is expected where a terminal may stand; the first that may is told."""

_WORD_CHARACTERS_MAX = 30
_PLAIN_QUOTES = "\"'"
_OTHER_QUOTES = "\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb`"


def _refusal(text: str, wrong: UnexpectedInput) -> FilterRefused:
    """Return the refusal of a text, told as a sentence."""
    token = cast("Token", wrong.token) if isinstance(wrong, UnexpectedToken) else None
    if token is not None and token.type == "$END":
        lines = text.split("\n")
        place = Place(len(lines), len(lines[-1]) + 1)
        found = "but the filter ends here" if text.strip() else "but the filter is empty"
    else:
        position = wrong.pos_in_stream or 0
        place = Place(max(wrong.line, 1), max(wrong.column, 1))
        if text[position] in _PLAIN_QUOTES and token is None:
            message = "the text that begins here has no closing quotation mark."
            return FilterRefused("filter_syntax", message, place)
        if text[position] in _OTHER_QUOTES:
            message = 'text stands in plain quotation marks, as in "IN".'
            return FilterRefused("filter_syntax", message, place)
        word: str = token.value if token is not None else text[position:].split(maxsplit=1)[0]
        if len(word) > _WORD_CHARACTERS_MAX:
            word = word[:_WORD_CHARACTERS_MAX] + "\u2026"
        found = f"but found {word}"
    accepted = _accepted(text, wrong)
    hint = _hint(accepted, token) or _date_hint(text, wrong.pos_in_stream or 0)
    message = f"expected {_told(accepted)}, {found}.{hint}"
    return FilterRefused("filter_syntax", message, place)


def _accepted(text: str, wrong: UnexpectedInput) -> Collection[str]:
    """Return the terminals that could have stood at the place."""
    if not isinstance(wrong, UnexpectedToken):  # no word at all: ask what the text before lacks
        try:
            _parse(text[: wrong.pos_in_stream])
        except UnexpectedToken as lacking:
            return cast("Collection[str]", lacking.accepts)
        return ("_AND", "_OR")
    return cast("Collection[str]", wrong.accepts)


def _told(accepted: Collection[str]) -> str:
    for terminal, words in _EXPECTED:
        if terminal in accepted:
            return words
    return "and, or, or a closing bracket" if "RPAR" in accepted else "and, or, or the end"


def _hint(accepted: Collection[str], token: Token | None) -> str:
    """Return a sentence more where people often mean something else."""
    if token is None:
        return ""
    if "STRING" in accepted and token.value.isidentifier():
        return f' Text stands in quotation marks: "{token.value}".'
    if token.type == "COMMA" and "_AND" in accepted:
        return " Numbers have no separators of thousands: 1000.50."
    return ""


_DATE_LIKE = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}")


def _date_hint(text: str, position: int) -> str:
    """Return how dates are written, if one that is written otherwise is at fault."""
    near = _DATE_LIKE.finditer(text, max(0, position - 10), position + 10)
    if any(found.start() <= position < found.end() for found in near):
        return " Dates are written year-month-day: 2015-01-31."
    return ""


# How conditions are written.


def printed(condition: Condition) -> str:
    """Return the one text by which a condition is stored; `parsed` gives the same condition back.

    Groups of one part are written as that part.

    Raises:
        Refused: if it is nested too deep, or has too many comparisons or values.
    """
    check_size(condition)
    return _printed(simplified(condition))


def _printed(condition: Condition) -> str:
    match condition:
        case AllOf(()):
            return "always"
        case AnyOf(()):
            return "never"
        case AllOf(parts):
            return " and ".join(_within(part) for part in parts)
        case AnyOf(parts):
            return " or ".join(_within(part) for part in parts)
        case Negated(part):
            return f"not {_within(part)}"
        case Compared(field, operator, value):
            return f"{field} {_printed_comparison(operator, value)}"


def _within(part: Condition) -> str:
    """Return a part of something; groups stand in brackets, so that nobody reads them wrong."""
    told = _printed(part)
    return f"({told})" if isinstance(part, AllOf | AnyOf) and part.parts else told


def _printed_comparison(operator: Operator, value: Any) -> str:
    match operator:
        case Operator.IS_NULL:
            return "is unknown" if value else "is known"
        case Operator.IN | Operator.NOT_IN:
            return f"{_SIGNS[operator]} ({', '.join(_printed_value(one) for one in value)})"
        case _:
            return f"{_SIGNS[operator]} {_printed_value(value)}"


_SIGNS = {
    Operator.EQ: "=",
    Operator.NE: "!=",
    Operator.LT: "<",
    Operator.LTE: "<=",
    Operator.GT: ">",
    Operator.GTE: ">=",
    Operator.IN: "in",
    Operator.NOT_IN: "not in",
    Operator.CONTAINS: "contains",
    Operator.STARTS_WITH: "starts with",
    Operator.MATCHES: "matches",
}


def _printed_value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            told = f"{value:f}"
            told = told.rstrip("0").rstrip(".") if "." in told else told
            return "0" if told == "-0" else told
        case str():
            return f'"{"".join(map(_printed_character, value))}"'
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            raise TypeError(f"{value!r} is no value of a filter")


def _printed_character(one: str) -> str:
    known = _PRINTED.get(one)
    if known is not None:
        return known
    if one.isprintable():
        return one
    number = ord(one)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004


_PRINTED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
