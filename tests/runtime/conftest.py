"""Fixtures of a database of its own."""

import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from psycopg import Connection, sql

from runtime.database import Database
from tests.runtime.house import House


@pytest.fixture(scope="module")
def empty(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Generator[House]:
    """A house to be copied."""
    assert database.server is not None
    name = f"rotation_{uuid4().hex}"
    with database.connect("owner") as owner:
        owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield House(database.server.url(dbname=name), tmp_path_factory.mktemp("home"), name)
        owner.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def house(
    empty: House, database: Database, owner: Connection[Any], tmp_path: Path
) -> Generator[House]:
    assert database.server is not None
    name = f"rotation_{uuid4().hex}"
    copied = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    owner.execute(copied.format(sql.Identifier(name), sql.Identifier(empty.name)))
    path = sql.SQL("ALTER DATABASE {} SET search_path = read_models, public")
    owner.execute(path.format(sql.Identifier(name)))
    shutil.copy(empty.settings.home / "master.key", tmp_path)
    yield House(database.server.url(dbname=name), tmp_path, name)
    owner.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
