"""Replays written out: the rows of every table, as CSV and as Parquet, each value as it is."""

import csv
import json
import random
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from msgspec.structs import replace
from psycopg import Connection, sql

from application.handling import Request
from domain.account import ACCOUNT, AccountDocument, AddAccountNote, ImportAccount
from runtime.database import Database
from runtime.replay_files import Form, write_replay
from runtime.replaying import ReplayedDatabase, make_replay, replayed
from runtime.tenants import Tenant
from tests.projections.ledger import fill
from tests.projections.running import TODAY, append, opening
from tests.runtime.replays import TABLES

BOOLEAN = 16
"""What PostgreSQL calls the type, of whose values CSV has the first letter."""

AWKWARD = 'He said "no",\nthen:\r\n\\N, \t; é 漢 😀 '


@pytest.fixture
def past(database: Database, tenant: Tenant) -> ReplayedDatabase:
    """A replay with all kinds of values, among them texts and numbers that are hard to write."""
    fill(database, tenant, random.Random(21))
    notes = [
        on_account("N", AddAccountNote(f"n{number}", text, TODAY))
        for number, text in enumerate([AWKWARD, "NULL", "'", "x" * 2_000])
    ]
    large = AccountDocument("1", "L", "Large", credit_limit=Decimal("9" * 27 + ".0123456789"))
    precise = replace(large, cust_id="P", credit_limit=Decimal("0.12345678901"))
    imports = [on_account(one.cust_id, ImportAccount(one)) for one in (large, precise)]
    position = append(database, tenant, opening("N", AWKWARD.strip()), *notes, *imports)
    return replayed(database, tenant, make_replay(database, tenant, position)[0].name)


def on_account(cust_id: str, command: Any) -> Request:
    return Request(ACCOUNT, ("1", cust_id), command, "t", TODAY, "t", "t")


def in_order(connection: Connection[Any], schema: str, table: str) -> list[tuple[Any, ...]]:
    found = connection.execute(
        sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, table))
    ).fetchall()
    return by_text(found)


def by_text(rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    return sorted(map(tuple, rows), key=repr)


def test_csv_has_every_row_of_every_table(
    database: Database, past: ReplayedDatabase, owner: Connection[Any], tmp_path: Path
) -> None:
    owner.execute("SET TimeZone = 'UTC'")
    told: list[tuple[int, int]] = []
    written = write_replay(
        past, tmp_path / "out", Form.CSV, lambda done, whole: told.append((done, whole))
    )

    assert told == [(number + 1, len(TABLES)) for number in range(len(TABLES))]
    assert {one.name for one in (tmp_path / "out").iterdir()} == {
        "replay.json",
        *(f"{table}.csv" for table in TABLES),
    }
    for table in TABLES:
        with (tmp_path / "out" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        expected = owner.execute(
            sql.SQL("SELECT * FROM {}").format(sql.Identifier(past.replay.schema, table))
        )
        assert expected.description is not None
        assert header == [one.name for one in expected.description]
        texts = sql.SQL(", ").join(
            sql.SQL("coalesce(left({}::text, {}), '')").format(
                sql.Identifier(one.name), sql.Literal(1 if one.type_code == BOOLEAN else 10**9)
            )
            for one in expected.description
        )
        as_text = owner.execute(
            sql.SQL("SELECT {} FROM {}").format(texts, sql.Identifier(past.replay.schema, table))
        ).fetchall()
        assert by_text(rows) == by_text(as_text), table
        assert written[table] == len(rows)
    about = json.loads((tmp_path / "out" / "replay.json").read_text())
    assert about == {
        "format": "tallystick-replay/1",
        "replay": past.replay.name,
        "position": past.replay.position,
        "moment": past.replay.moment.isoformat(),
        "rows": written,
    }
    assert written["account_notes"] == 4


def test_parquet_has_every_value_as_it_is(
    past: ReplayedDatabase, owner: Connection[Any], tmp_path: Path
) -> None:
    written = write_replay(past, tmp_path, Form.PARQUET)
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(
        ["replay.json", *(f"{table}.parquet" for table in TABLES)]
    )
    with duckdb.connect() as reading:
        reading.execute("SET TimeZone = 'UTC'")
        for table in TABLES:
            path = tmp_path / f"{table}.parquet"
            kinds = reading.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
            told = ", ".join(
                f"epoch_us({name}) / 1e6" if "TIME ZONE" in kind else name
                for name, kind, *_ in kinds
            )
            found = reading.execute(f"SELECT {told} FROM '{path}'").fetchall()
            expected = in_order(owner, past.replay.schema, table)
            assert plain(found) == plain(expected), table
            assert written[table] == len(expected)
        kinds = dict(
            reading.execute(
                f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM"
                f" '{tmp_path}/invoices.parquet')"
            ).fetchall()
        )
        limits = reading.execute(
            f"SELECT credit_limit FROM '{tmp_path}/accounts.parquet'"
            " WHERE cust_id IN ('L', 'P') ORDER BY cust_id"
        ).fetchall()
    assert (kinds["amount"], kinds["tran_date"]) == ("DECIMAL(38,10)", "DATE")
    assert kinds["known_from"] == "TIMESTAMP WITH TIME ZONE"
    assert limits == [("9" * 27 + ".0123456789",), ("0.12345678901",)]


def plain(rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Rows in an order of their own, with numbers and moments as they compare."""

    def value(one: Any) -> Any:
        if isinstance(one, Decimal):
            return f"{one:f}".rstrip("0").rstrip(".") if one % 1 else f"{one:.0f}"
        if isinstance(one, str) and re.fullmatch(r"\d+\.\d+", one):  # a number written as text
            return one.rstrip("0").rstrip(".")
        if hasattr(one, "astimezone"):
            return one.timestamp()
        return one

    return by_text([[value(one) for one in row] for row in rows])


def test_a_folder_with_something_in_it_is_left_alone(
    past: ReplayedDatabase, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="The folder is not empty"):
        write_replay(past, tmp_path, Form.CSV)
    assert [one.name for one in tmp_path.iterdir()] == ["mine.txt"]


def test_one_that_was_dropped_meanwhile_leaves_no_whole_folder(
    database: Database, past: ReplayedDatabase, owner: Connection[Any], tmp_path: Path
) -> None:
    owner.execute(f"DROP SCHEMA {past.replay.schema} CASCADE".encode())
    with pytest.raises(psycopg.errors.UndefinedTable):
        write_replay(past, tmp_path, Form.CSV)
    assert not (tmp_path / "replay.json").exists()
