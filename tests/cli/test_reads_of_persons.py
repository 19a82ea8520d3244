"""What is read of persons at the command line is recorded before it is told."""

import json
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection, sql

from domain.api_key import Role
from domain.site_options import SITE, SITE_OPTIONS, ChangeSiteOptions
from runtime.database import Database
from runtime.keys import create_key, key_id_of
from runtime.tenants import Tenant
from tests.cli.test_contract import Command
from tests.runtime.erasing import ACME_1, DANA, LOU, PAL, Site, files_with

NEIGHBOUR = "contact/1/ACME/2"
ENTERED = [f"pending_payment/{one}" for one in ("ida", "laptop", "maren")]
CONTACTS = "{contacts {nodes {cntctName}}}"


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Site:
    """A site that records what auditors read of persons."""
    folder = tmp_path / "erp"
    folder.mkdir()
    site = Site(database, tenant, folder)
    watch(site, Role.AUDITOR)
    return site


@pytest.fixture
def tallystick(site: Site) -> Command:
    return Command(site.database, site.tenant)


def watch(site: Site, *roles: Role) -> None:
    site.handle(SITE_OPTIONS, (SITE,), ChangeSiteOptions(record_reads_of=roles))
    site.fold()


def reads(owner: Connection[Any], site: Site) -> list[tuple[str, str, str, list[str], list[str]]]:
    """Operation, actor, role, fields and subjects of what was recorded."""
    return owner.execute(
        "SELECT operation, actor, role, fields, ARRAY(SELECT subject FROM"
        "  personal_data_read_subjects s WHERE s.tenant = r.tenant AND s.read_id = r.read_id"
        "  ORDER BY 1)"
        " FROM personal_data_reads r WHERE tenant = %s ORDER BY read_id",
        (site.tenant.id,),
    ).fetchall()


@pytest.mark.parametrize("ending", ["xlsx", "csv", "json"])
def test_a_trail_written_to_a_file(
    site: Site, tallystick: Command, owner: Connection[Any], tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"trail.{ending}"
    done = tallystick("audit", "trail", "--category", "contact", f"--{ending}", str(path))
    assert done.returncode == 0, done.stderr
    assert path.stat().st_size > 100
    ((operation, actor, role, fields, subjects),) = reads(owner, site)
    assert (operation, role, fields) == ("audit trail", "auditor", ["audit_trail.data"])
    assert actor.startswith("cli/")
    assert subjects == [ACME_1, NEIGHBOUR, LOU]


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_a_trail_that_is_printed(
    site: Site, tallystick: Command, owner: Connection[Any], form: str
) -> None:
    asked = ("audit", "trail", "--account", "ACME", "--format", form)
    assert site.secrets[LOU][:10] in tallystick(*asked).stdout  # tables wrap
    ((operation, _, _, _, subjects),) = reads(owner, site)
    assert operation == "audit trail"
    assert set(subjects) >= {ACME_1, LOU, NEIGHBOUR}

    tallystick("audit", "trail", "--category", "invoice", "--format", form)
    assert len(reads(owner, site)) == 1


def test_a_query_to_a_replay_by_whom_the_site_names_today(
    site: Site, tallystick: Command, owner: Connection[Any], database: Database
) -> None:
    watch(site)
    key = create_key(database, site.tenant, Role.ADMIN, "Ann")
    head = site.with_log(lambda log: log.head()).position
    asked = ("audit", "replay", "--at", str(head), "--name", "past", "--query")
    assert site.secrets[LOU] in tallystick(*asked, CONTACTS).stdout
    assert reads(owner, site) == []

    watch(site, Role.AUDITOR)
    assert site.secrets[LOU] in tallystick(*asked, CONTACTS).stdout
    tallystick(*asked, "{invoices {totalCount}}")
    as_admin = ("--key", str(key_id_of(database, key)))
    assert site.secrets[LOU] in tallystick(*asked, CONTACTS, *as_admin).stdout
    watch(site, Role.ADMIN)
    assert site.secrets[LOU] in tallystick(*asked, CONTACTS, *as_admin).stdout

    (auditor, admin) = reads(owner, site)
    told = "audit replay past", ["contacts.cntct_name"], [ACME_1, NEIGHBOUR, LOU]
    assert (auditor[0], auditor[3], auditor[4]) == told
    assert (admin[0], admin[3], admin[4]) == told
    assert (auditor[2], admin[2]) == ("auditor", "admin")
    assert auditor[1] == admin[1]
    assert admin[1].startswith("cli/")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_tables_of_a_replay(
    site: Site, tallystick: Command, owner: Connection[Any], tmp_path: Path, form: str
) -> None:
    head = site.with_log(lambda log: log.head()).position
    done = tallystick("audit", "replay", "--at", str(head), f"--{form}", str(tmp_path / form))
    assert done.returncode == 0, done.stderr
    ((operation, _, role, fields, subjects),) = reads(owner, site)
    assert (operation, role) == (f"audit replay p{head} --{form}", "auditor")
    assert subjects == sorted([ACME_1, NEIGHBOUR, LOU, PAL, DANA, *ENTERED])
    assert fields == [
        "contacts.cntct_comment",
        "contacts.cntct_email_addr",
        "contacts.cntct_name",
        "contacts.udf1",
        "pending_payments.entry_user_name",
        "personal_contacts.cntct_name",
        "user_fields.udf6",
        "users.email",
    ]


def test_an_export_of_the_log_tells_of_nobody(
    site: Site, tallystick: Command, owner: Connection[Any], tmp_path: Path
) -> None:
    done = tallystick("audit", "export", str(tmp_path / "log"))
    assert done.returncode == 0, done.stderr
    for secret in site.secrets.values():
        assert files_with(tmp_path / "log", secret) == []
    assert reads(owner, site) == []


def test_what_cannot_be_recorded_is_not_told(
    site: Site, tallystick: Command, owner: Connection[Any], tmp_path: Path
) -> None:
    name = f"fails_{site.tenant.id}"
    owner.execute(
        sql.SQL(
            "CREATE FUNCTION {0}() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$;"
            " CREATE TRIGGER {0} BEFORE INSERT ON personal_data_reads FOR EACH ROW"
            " WHEN (new.tenant = {1}) EXECUTE FUNCTION {0}()"
        ).format(sql.Identifier(name), sql.Literal(site.tenant.id))
    )
    head = site.with_log(lambda log: log.head()).position
    path, folder = tmp_path / "trail.json", tmp_path / "tables"
    replay = ("audit", "replay", "--at", str(head))
    try:
        for asked in (
            ("audit", "trail", "--json", str(path)),
            ("audit", "trail"),
            ("audit", "trail", "--format", "json"),
            (*replay, "--query", CONTACTS),
            (*replay, "--csv", str(folder)),
        ):
            done = tallystick(*asked)
            assert (done.returncode, done.stdout) == (1, ""), asked
            assert "cannot be recorded" in done.stderr
            assert "the disk is full" in done.stderr
    finally:
        owner.execute(
            sql.SQL("DROP TRIGGER {0} ON personal_data_reads; DROP FUNCTION {0}").format(
                sql.Identifier(name)
            )
        )
    assert not folder.exists()
    assert [one.name for one in tmp_path.iterdir()] == ["erp"]
    assert tallystick("audit", "trail", "--json", str(path)).returncode == 0
    assert json.loads(path.read_text())
