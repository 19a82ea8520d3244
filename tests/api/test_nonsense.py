"""What nobody can mean, put into every field of every query and mutation: no defect, no change."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    build_schema,
    is_leaf_type,
)

from api.schema import sdl
from tests.api.conftest import Client

SCHEMA = build_schema(sdl())
DEPTH_MAX = 3
"""How deep inputs are filled in."""

PLAIN = {
    "String": "x",
    "ID": "x",
    "Int": 1,
    "Float": 1.5,
    "Boolean": False,
    "Date": "2026-03-02",
    "DateTime": "2026-03-02T00:00:00Z",
    "Decimal": "1.00",
    "JSON": "x",
}
NONSENSE = {
    "String": ["\0"],
    "ID": ["\0"],
    "Int": [2**31 - 1, -(2**31)],
    "Date": ["9999-12-31", "0001-01-01"],
    "DateTime": ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"],
    "Decimal": ["1e400", "NaN"],
}
OTHERS = {"atLeast"}
"""Arguments that say nothing of what is asked for."""

Place = tuple[str, ...]


def plain(kind: Any, depth: int = 0) -> Any:
    """A value of a type: of an input what it needs, and what it may have while it is not deep."""
    if isinstance(kind, GraphQLNonNull):
        return plain(kind.of_type, depth)
    if isinstance(kind, GraphQLList):
        return [plain(kind.of_type, depth)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        return {
            name: plain(field.type, depth + 1)
            for name, field in kind.fields.items()
            if wanted(kind.name, field, depth)
        }
    return PLAIN[kind.name]


def wanted(owner: str, field: GraphQLInputField, depth: int) -> bool:
    """Whether a field of an input is filled in; filters have too many to be."""
    if isinstance(field.type, GraphQLNonNull):
        return True
    return depth < DEPTH_MAX and "Filter" not in owner


def leaves(kind: Any, value: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """The places of single values within a value, and of which type each is."""
    if isinstance(kind, GraphQLNonNull):
        yield from leaves(kind.of_type, value, place)
    elif isinstance(kind, GraphQLList):
        yield from leaves(kind.of_type, value[0], (*place, "0"))
    elif isinstance(kind, GraphQLInputObjectType):
        for name, inner in value.items():
            yield from leaves(kind.fields[name].type, inner, (*place, name))
    elif is_leaf_type(kind):
        yield place, kind.name


def put(value: Any, place: Place, other: Any) -> Any:
    """The value with another one at a place."""
    if not place:
        return other
    if isinstance(value, list):
        return [put(value[0], place[1:], other)]
    return value | {place[0]: put(value[place[0]], place[1:], other)}


def selection(kind: Any) -> str:
    """What to ask of an answer: enough of it to have it worked out."""
    while isinstance(kind, GraphQLNonNull | GraphQLList):
        kind = kind.of_type
    if is_leaf_type(kind):
        return ""
    named = getattr(kind, "fields", {})
    if "userErrors" in named:
        return "{userErrors {code}}"
    return "{nodes {__typename}}" if "nodes" in named else "{__typename}"


def nonsense(name: str, field: GraphQLField) -> Iterator[tuple[str, str, Any]]:
    """The arguments of a field with nonsense at one place each."""
    arguments: dict[str, GraphQLArgument] = {
        one: told for one, told in field.args.items() if one not in OTHERS
    }
    for own, argument in arguments.items():
        given = {
            one: plain(told.type)
            for one, told in arguments.items()
            if one == own or isinstance(told.type, GraphQLNonNull)
        }
        declared = ", ".join(f"${one}: {arguments[one].type}" for one in given)
        passed = ", ".join(f"{one}: ${one}" for one in given)
        query = f"({declared}) {{{name}({passed}) {selection(field.type)}}}"
        for place, kind in leaves(argument.type, given[own]):
            for wrong in NONSENSE.get(kind, ()):
                where = f"{name} {'.'.join((own, *place))} {wrong!r}"
                yield where, query, given | {own: put(given[own], place, wrong)}


def codes(client: Client, query: str, variables: dict[str, Any]) -> list[str]:
    answer = client.post(query, **variables).json()
    return [one["extensions"]["code"] for one in answer.get("errors", [])]


@pytest.mark.parametrize("kind", ["query", "mutation"])
def test_nonsense_anywhere_is_no_defect_and_what_is_no_text_changes_nothing(
    admin: Client, kind: str
) -> None:
    root = SCHEMA.query_type if kind == "query" else SCHEMA.mutation_type
    assert root is not None
    head = "{auditTrail {totalCount}}"
    before, tried, defects = admin.ask(head), 0, []
    for name, field in sorted(root.fields.items()):
        changed = False
        for where, query, variables in nonsense(name, field):
            tried += 1
            told = codes(admin, kind + query, variables)
            if {"INTERNAL_SERVER_ERROR", "UNAVAILABLE"} & {*told}:
                defects.append((where, told))
            changed |= "\\x00" not in where
        after = admin.ask(head)
        if after != before and not changed:
            defects.append((name, ["it changed the log"]))
        before = after
    assert defects == []
    assert tried > 300
