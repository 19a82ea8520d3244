"""What tests of replays look at: rows of tables, wherever they are."""

from typing import Any

import psycopg
from psycopg import Connection, sql

from projections.catalogue import READ_MODELS
from runtime.database import Database
from runtime.read_models import tables_of
from runtime.tenants import Tenant

TABLES = tables_of(READ_MODELS)


def rows_of(
    connection: Connection[Any], tenant: Tenant, schema: str = "read_models"
) -> dict[str, list[str]]:
    """Every row of a tenant's read models, by table."""
    return {
        table: sorted(
            repr(row)
            for row in connection.execute(
                sql.SQL("SELECT * FROM {} WHERE tenant = %s").format(sql.Identifier(schema, table)),
                (tenant.id,),
            )
        )
        for table in TABLES
    }


def session(database: Database, role: str, tenant: Tenant) -> Connection[Any]:
    """A session of a role, bound to a tenant."""
    return psycopg.connect(database.url(role, tenant.id), autocommit=True)


def schemas(owner: Connection[Any], tenant: Tenant) -> list[str]:
    """The schemas of a tenant's replays."""
    rows = owner.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname LIKE %s ORDER BY 1",
        (f"replay\\_{tenant.id}\\_%",),
    )
    return [row[0] for row in rows]
