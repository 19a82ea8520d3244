"""Erasing persons: nothing of them is left anywhere, and everything else stays as it was."""

from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from runtime import read_models
from runtime.database import Database
from runtime.tenants import Tenant
from tests.runtime.erasing import ACME_1, DANA, LOU, PAL, Site, tables_with


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Site:
    """A site whose read models show it all."""
    site = Site(database, tenant, tmp_path)
    site.fold()
    return site


READ_MODELS_OF = {
    ACME_1: ["contacts", "user_fields"],
    LOU: ["contacts"],
    PAL: ["personal_contacts"],
    DANA: ["users", "users_history"],
}


@pytest.mark.parametrize("person", READ_MODELS_OF)
def test_a_person_who_was_erased_is_in_no_table_any_more(
    site: Site, owner: Connection[Any], person: str
) -> None:
    assert tables_with(owner, site.secrets[person]) == READ_MODELS_OF[person]

    site.erase(person)
    site.fold()

    assert tables_with(owner, site.secrets[person]) == []
    for other in site.secrets.keys() - {person}:
        assert tables_with(owner, site.secrets[other]) == READ_MODELS_OF[other]


def test_read_models_are_those_of_a_rebuild(
    site: Site, database: Database, owner: Connection[Any]
) -> None:
    for person in READ_MODELS_OF:
        site.erase(person)
    site.fold()

    assert read_models.check(database, site.tenant.id) == []
    read_models.rebuild(database)
    assert [tables_with(owner, secret) for secret in site.secrets.values()] == [[]] * 4
