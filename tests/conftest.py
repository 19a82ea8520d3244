"""What every test may ask for: one embedded database for the whole run, a tenant for each test."""

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from psycopg import Connection

from runtime.database import Database
from runtime.settings import Settings
from runtime.tenants import Tenant, create_tenant

_HOME = "TALLYSTICK_TEST_HOME"


def pytest_configure(config: pytest.Config) -> None:
    """Give all processes of the run one folder for the database that they share."""
    for name in list(os.environ):
        if name.startswith("TALLYSTICK_") and not name.startswith("TALLYSTICK_TEST_"):
            del os.environ[name]
    if not hasattr(config, "workerinput"):
        os.environ[_HOME] = tempfile.mkdtemp(prefix="tallystick-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the folder; the server goes with its last user."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(_HOME), ignore_errors=True)


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The settings of the run."""
    return Settings(home=Path(os.environ[_HOME]))


@pytest.fixture(scope="session")
def database(settings: Settings) -> Generator[Database]:
    """The database, migrated."""
    database = Database.open(settings)
    yield database
    database.close()


@pytest.fixture
def tenant(database: Database) -> Tenant:
    """A tenant that no other test knows."""
    return create_tenant(database, f"t-{uuid4().hex}")


@pytest.fixture
def owner(database: Database) -> Generator[Connection[Any]]:
    """A connection that may see and do everything."""
    with database.connect("owner") as connection:
        yield connection
