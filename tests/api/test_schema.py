"""The schema: committed as it is served, and documented from end to end."""

from pathlib import Path
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    build_schema,
)

from api import limits
from api.schema import sdl

SCHEMA = Path(__file__).parents[2] / "api" / "schema.graphql"
BUILT_IN = ("ID", "String", "Int", "Float", "Boolean")


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    assert SCHEMA.read_text() == sdl(), "run `make generated` and look at what changed"


def test_every_type_field_argument_and_value_is_described() -> None:
    bare: list[str] = []
    for name, kind in build_schema(sdl()).type_map.items():
        if name.startswith("__") or name in BUILT_IN:
            continue
        told: dict[str, Any] = {name: kind}
        match kind:
            case GraphQLObjectType() | GraphQLInterfaceType():
                for field_name, field in kind.fields.items():
                    told[f"{name}.{field_name}"] = field
                    told |= {f"{name}.{field_name}({key})": a for key, a in field.args.items()}
            case GraphQLInputObjectType():
                told |= {f"{name}.{field_name}": field for field_name, field in kind.fields.items()}
            case GraphQLEnumType():
                # Words of an enum may be told together in its own description.
                told |= {
                    f"{name}.{value}": kind if value in (kind.description or "") else one
                    for value, one in kind.values.items()
                }
            case GraphQLScalarType():
                pass
        bare += [place for place, one in told.items() if not (one.description or "").strip()]
    assert bare == []


def test_the_limits_know_every_connection() -> None:
    schema = build_schema(sdl())
    connections = {
        field_name
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType)
        for field_name, field in kind.fields.items()
        if str(field.type).rstrip("!").endswith("Connection")
    }
    assert connections == limits._CONNECTIONS


def test_the_root_queries_have_their_names() -> None:
    query = build_schema(sdl()).query_type
    assert query is not None
    wanted = {"accounts", "account", "invoices", "invoice", "payments", "aging", "auditTrail"}
    assert wanted | {"node", "viewer"} <= set(query.fields)
