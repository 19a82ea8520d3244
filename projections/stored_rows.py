"""The rows of read models in their tables: looked up by entity, and written page by page."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, get_type_hints

from msgspec.structs import astuple
from psycopg import Connection, sql

from eventstore.copying import copy_rows
from projections.projection import EntityKey, EntityRows, Folded, ReadModel, Row, Table


def load_entities(
    connection: Connection[Any],
    tenant: int,
    read_model: ReadModel[Any, Any],
    keys: Sequence[EntityKey],
) -> dict[EntityKey, EntityRows]:
    """Return the stored rows of the entities of `keys` that have any."""
    if not keys:
        return {}
    found: dict[EntityKey, list[list[Row]]] = {}
    columns_of_keys = [list(values) for values in zip(*keys, strict=True)]
    count = len(read_model.tables)
    for number, table in enumerate(read_model.tables):
        rows = connection.execute(_select_entities(table), (*columns_of_keys, tenant), binary=True)
        places = [table.columns.index(column) for column in table.entity_key]
        for values in rows:
            one = tuple(values[place] for place in places)
            found.setdefault(one, [[] for _ in range(count)])[number].append(table.row(*values))
    return {one: tuple(rows) for one, rows in found.items()}


def _select_entities(table: Table) -> sql.Composed:
    names = [sql.Identifier(column) for column in table.entity_key]
    return sql.SQL(
        "SELECT {columns} FROM unnest({arrays}) AS wanted ({keys}) JOIN {table} AS t"
        " USING ({keys}) WHERE t.tenant = %s"
    ).format(
        columns=sql.SQL(", ").join(
            sql.SQL("t.{}").format(sql.Identifier(c)) for c in table.columns
        ),
        arrays=sql.SQL(", ").join([sql.SQL("%s::text[]")] * len(names)),
        keys=sql.SQL(", ").join(names),
        table=sql.Identifier(table.name),
    )


def store(
    connection: Connection[Any], tenant: int, read_model: ReadModel[Any, Any], folded: Folded
) -> None:
    """Write what a page did, set by set."""
    for number, table in enumerate(read_model.tables):
        columns = ", ".join(table.columns)
        removed = folded.removed[number]
        if removed:
            _delete(connection, tenant, table, removed)
        copy_rows(connection, table.name, columns, folded.added[number])
        if table.history:
            superseded = [(*astuple(one.row), one.known_to) for one in folded.superseded[number]]
            copy_rows(connection, f"{table.name}_history", f"{columns}, known_to", superseded)


def _delete(connection: Connection[Any], tenant: int, table: Table, removed: Sequence[Row]) -> None:
    keys = [[getattr(row, column) for row in removed] for column in table.key]
    hints = get_type_hints(table.row)
    typed = [_ARRAYS[hints[column]] for column in table.key]
    names = [sql.Identifier(column) for column in table.key]
    connection.execute(
        sql.SQL(
            "DELETE FROM {table} AS t USING unnest({arrays}) AS gone ({keys})"
            " WHERE t.tenant = %s AND {matches}"
        ).format(
            table=sql.Identifier(table.name),
            arrays=sql.SQL(", ").join(typed),
            keys=sql.SQL(", ").join(names),
            matches=sql.SQL(" AND ").join(
                sql.SQL("t.{0} = gone.{0}").format(name) for name in names
            ),
        ),
        (*keys, tenant),
    )


_ARRAYS = {
    str: sql.SQL("%s::text[]"),
    date: sql.SQL("%s::date[]"),
    int: sql.SQL("%s::integer[]"),
}
"""Parameters for the values of a key's column, by the type of the row's field."""


def named(
    connection: Connection[Any],
    tenant: int,
    read_model: ReadModel[Any, Any],
    columns: Mapping[str, str | None],
) -> list[EntityKey]:
    """Return the keys of the entities whose columns hold some values, or did once."""
    table = read_model.tables[0]
    key = sql.SQL(", ").join([sql.Identifier(column) for column in table.entity_key])
    matches = sql.SQL(" AND ").join(
        [sql.SQL("{} IS NOT DISTINCT FROM %s").format(sql.Identifier(one)) for one in columns]
    )
    statement = sql.SQL(" UNION ").join(
        sql.SQL("SELECT {} FROM {} WHERE tenant = %s AND {}").format(
            key, sql.Identifier(name), matches
        )
        for name in table.names
    )
    rows = connection.execute(statement, (tenant, *columns.values()) * len(table.names))
    return [tuple(row) for row in rows]


def forget(
    connection: Connection[Any],
    tenant: int,
    read_model: ReadModel[Any, Any],
    keys: Sequence[EntityKey],
) -> None:
    """Delete all rows of the entities of `keys`, and their history."""
    arrays = [list(values) for values in zip(*keys, strict=True)]
    for table in read_model.tables:
        names = [sql.Identifier(column) for column in table.entity_key]
        for name in table.names:
            connection.execute(
                sql.SQL(
                    "DELETE FROM {table} AS t USING unnest({arrays}) AS gone ({keys})"
                    " WHERE t.tenant = %s AND {matches}"
                ).format(
                    table=sql.Identifier(name),
                    arrays=sql.SQL(", ").join([sql.SQL("%s::text[]")] * len(names)),
                    keys=sql.SQL(", ").join(names),
                    matches=sql.SQL(" AND ").join(
                        sql.SQL("t.{0} = gone.{0}").format(one) for one in names
                    ),
                ),
                (*arrays, tenant),
            )


def clear(connection: Connection[Any], tenant: int, read_model: ReadModel[Any, Any]) -> None:
    """Delete all rows that a read model has of a tenant."""
    for table in read_model.tables:
        for name in table.names:
            connection.execute(
                sql.SQL("DELETE FROM {} WHERE tenant = %s").format(sql.Identifier(name)), (tenant,)
            )
