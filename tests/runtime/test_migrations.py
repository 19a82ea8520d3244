"""Migrations: once, in order, under a lock, and the schema they build is the one in use."""

import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import Connection, errors, sql

from runtime.database import Database
from runtime.migrations import MIGRATIONS, MigrationError, migrate


@pytest.fixture
def url(database: Database, owner: Connection[Any], tmp_path: Path) -> Generator[str]:
    """An empty database."""
    name = f"migrations_{tmp_path.name}".lower().replace("-", "_")[-60:]
    owner.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    assert database.server is not None
    yield database.server.url(dbname=name)
    owner.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def shape(url: str) -> list[tuple[Any, ...]]:
    """Everything the migrations made: columns, constraints, indexes, functions, rights."""
    statement = """
        SELECT 'column' AS kind, table_schema || '.' || table_name || '.' || column_name AS name,
               data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '')
                   || coalesce(collation_name, '') AS told
        FROM information_schema.columns WHERE table_schema IN ('public', 'read_models')
        UNION ALL SELECT 'index', schemaname || '.' || indexname, indexdef FROM pg_indexes
        WHERE schemaname IN ('public', 'read_models')
        UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname,
                         pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace IN ('public'::regnamespace, 'read_models'::regnamespace)
        UNION ALL SELECT 'function', proname, pg_get_functiondef(oid)
                         || coalesce(proacl::text, '') FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger
        WHERE NOT tgisinternal
        UNION ALL SELECT 'policy', schemaname || '.' || tablename || '.' || policyname, qual
        FROM pg_policies WHERE schemaname IN ('public', 'read_models')
        UNION ALL SELECT 'right', table_schema || '.' || table_name || '.' || grantee,
                         privilege_type FROM information_schema.role_table_grants
        WHERE table_schema IN ('public', 'read_models')
        ORDER BY 1, 2, 3"""
    with psycopg.connect(url) as connection:
        connection.execute("SET search_path = public")
        return connection.execute(statement.encode()).fetchall()


def test_a_schema_built_from_nothing_is_the_one_in_use(url: str, database: Database) -> None:
    names = migrate(url)

    assert names == sorted(path.name for path in MIGRATIONS.glob("*.sql"))
    assert shape(url) == shape(database.url("owner"))
    assert migrate(url) == []


def test_two_processes_that_migrate_at_once_do_it_once(url: str) -> None:
    done: list[list[str]] = []
    threads = [threading.Thread(target=lambda: done.append(migrate(url))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(names) for names in done) == [0, 0, len(list(MIGRATIONS.glob("*.sql")))]


def folder(tmp_path: Path, **files: str) -> Path:
    path = tmp_path / "migrations"
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        (path / f"{name.removeprefix('m')}.sql").write_text(text)
    return path


def test_a_migration_that_fails_leaves_nothing_and_runs_when_it_is_mended(
    url: str, tmp_path: Path
) -> None:
    bad = folder(
        tmp_path,
        m0001_one="CREATE TABLE one (x int)",
        m0002_two="CREATE TABLE two (x int); nonsense",
    )
    with pytest.raises(errors.SyntaxError):
        migrate(url, bad)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('one'), to_regclass('two')").fetchone() == (
            "one",
            None,
        )
    mended = folder(tmp_path, m0002_two="CREATE TABLE two (x int)")
    assert migrate(url, mended) == ["0002_two.sql"]


def test_a_file_that_changed_since_it_ran_is_refused(url: str, tmp_path: Path) -> None:
    path = folder(tmp_path, m0001_one="CREATE TABLE one (x int)")
    migrate(url, path)
    folder(tmp_path, m0001_one="CREATE TABLE one (y int)")
    with pytest.raises(MigrationError, match=r"0001_one.sql has changed since it was run"):
        migrate(url, path)


def test_a_database_newer_than_the_program_is_refused(url: str, tmp_path: Path) -> None:
    path = folder(tmp_path, m0001_one="CREATE TABLE one (x int)", m0002_two="SELECT 1")
    migrate(url, path)
    (path / "0002_two.sql").unlink()
    with pytest.raises(MigrationError, match=r"newer than this program: it has migration 0002"):
        migrate(url, path)


def test_activities_are_folded_anew_once_more_is_kept_of_them(url: str) -> None:
    """The read model begins at the start of the log again, and others go on where they were."""
    first = [path for path in sorted(MIGRATIONS.glob("*.sql")) if path.name < "0010"]
    last = MIGRATIONS / "0010_work_calendars.sql"
    with psycopg.connect(url, autocommit=True) as connection:
        for path in first:
            connection.execute(path.read_text().encode())
        connection.execute("SET search_path = read_models, public")
        connection.execute(
            "INSERT INTO cursors (tenant, read_model, position)"
            " VALUES (1, 'activities', 7), (1, 'issues', 7)"
        )
        connection.execute(last.read_text().encode())
        kept = connection.execute("SELECT read_model, position FROM cursors").fetchall()
    assert kept == [("issues", 7)]
