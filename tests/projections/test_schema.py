"""Rows and tables: every field of a row is a column of its table, of a type that holds it."""

import importlib
import pkgutil
import types
import typing
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from psycopg import Connection

import projections
from domain.catalogue import EVENT_TYPES
from projections.catalogue import READ_MODELS
from projections.projection import ReadModel, Table

TYPES = {
    str: {"text"},
    int: {"integer", "bigint", "smallint"},
    bool: {"boolean"},
    date: {"date"},
    datetime: {"timestamp with time zone"},
    Decimal: {"numeric"},
}

TABLES = [table for one in READ_MODELS for table in one.tables]


UNREAD: set[str] = set()
"""Events that no read model has a use for."""


def test_every_read_model_is_in_the_catalogue() -> None:
    modules = [
        importlib.import_module(f"projections.{one.name}")
        for one in pkgutil.iter_modules(projections.__path__)
    ]
    found = {
        value.name
        for module in modules
        for value in vars(module).values()
        if isinstance(value, ReadModel)
    }
    assert found == {one.name for one in READ_MODELS}
    assert len(READ_MODELS) == len(found)


def test_every_event_is_kept_by_a_read_model_or_known_to_be_kept_by_none() -> None:
    handled = {one.__name__ for read_model in READ_MODELS for one in read_model.handles}
    assert handled | UNREAD == set(EVENT_TYPES)
    assert not handled & UNREAD


def columns(owner: Connection[Any], table: str) -> dict[str, tuple[str, bool]]:
    """The columns of a table in order: type, and whether they may be null."""
    rows = owner.execute(
        "SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns"
        " WHERE table_schema = 'read_models' AND table_name = %s ORDER BY ordinal_position",
        (table,),
    )
    return {name: (data_type, nullable) for name, data_type, nullable in rows}


@pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
def test_a_rows_fields_are_its_tables_columns(owner: Connection[Any], table: Table) -> None:
    stored = columns(owner, table.name)
    assert tuple(stored) == table.columns
    assert table.columns[0] == "tenant"
    assert table.columns[-1] == "known_from"
    for name, hint in typing.get_type_hints(table.row).items():
        nullable = isinstance(hint, types.UnionType)
        kind = typing.get_args(hint)[0] if nullable else hint
        assert stored[name][0] in TYPES[kind], name
        assert stored[name][1] == nullable, name


@pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
def test_a_rows_key_is_its_tables_primary_key_and_begins_with_its_entitys(
    owner: Connection[Any], table: Table
) -> None:
    rows = owner.execute(
        "SELECT a.attname FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k (attnum, n),"
        " pg_attribute a WHERE i.indrelid = %s::regclass AND i.indisprimary"
        " AND a.attrelid = i.indrelid AND a.attnum = k.attnum ORDER BY k.n",
        (f"read_models.{table.name}",),
    )
    assert [name for (name,) in rows] == ["tenant", *table.key]
    assert table.key[: len(table.entity_key)] == table.entity_key


@pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
def test_a_history_is_its_table_and_until_when_rows_were_known(
    owner: Connection[Any], table: Table
) -> None:
    expected = {**columns(owner, table.name), "known_to": ("timestamp with time zone", False)}
    assert columns(owner, f"{table.name}_history") == (expected if table.history else {})


def test_every_table_of_the_schema_belongs_to_a_read_model(owner: Connection[Any]) -> None:
    known = {"cursors"}
    for table in TABLES:
        known |= {table.name, f"{table.name}_history"} if table.history else {table.name}
    rows = owner.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'read_models'"
    )
    assert {name for (name,) in rows} == known
