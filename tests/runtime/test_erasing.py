"""Erasing persons: nothing of them is left anywhere, and everything else stays as it was."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from psycopg import Connection

from application.erasing import Wish, carry_out
from application.handling import Consulted, Request, States, handle_all
from domain.account import ACCOUNT, AccountDocument, AccountOpened
from domain.account import facts as account_facts
from domain.contact import (
    CONTACT,
    AddContact,
    ChangeContact,
    ContactAdded,
    ContactDocument,
    ContactErased,
)
from domain.erasure import AskErasure, ErasureAsked, ErasureWithdrawn, PersonErased
from domain.legal_hold import LEGAL_HOLD, LiftLegalHold, PlaceLegalHold
from domain.shared.decider import Refused
from domain.shared.person import Person, PersonChange
from domain.shared.personal import ERASED
from domain.shared.streams import stream_name
from domain.site_options import SITE, SITE_OPTIONS, ChangeSiteOptions
from domain.user_fields import UserFieldsErased
from eventstore.log import NO_VERSIONS, Appended, NewEvent, NewResult, Recorded
from eventstore.postgres import PostgresLog
from eventstore.proofs.notes import opened_note, parsed_checkpoint
from eventstore.proofs.verifying import verify
from projections.catalogue import READ_MODELS
from projections.query import fetch
from projections.rule_evidence import events_of
from projections.runner import Runner
from runtime import read_models, refolding
from runtime.audit_export import Selection, export_log
from runtime.audit_keys import audit_keys
from runtime.auditing import make_checkpoint
from runtime.database import Database
from runtime.replaying import make_replay, replays
from runtime.settings import Settings
from runtime.tenants import Tenant, create_tenant
from runtime.worker import ReadModelProcess, wait_until
from tests.loading import aging, rejects
from tests.runtime.erasing import (
    ACME_1,
    DANA,
    IDA,
    LOU,
    NAMELESS,
    PAL,
    SUE,
    TODAY,
    TOM,
    Site,
    files_with,
    tables_with,
    tables_with_each,
)
from tests.runtime.replays import schemas


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Site:
    """A site whose read models show it all."""
    folder = tmp_path / "ledger"
    folder.mkdir()
    site = Site(database, tenant, folder)
    site.fold()
    return site


READ_MODELS_OF = {
    ACME_1: ["contacts", "user_fields"],
    LOU: ["contacts"],
    PAL: ["personal_contacts"],
    DANA: ["api_keys", "pending_payments", "users", "users_history"],
    SUE: ["accounts", "sales_persons", "user_fields"],
    TOM: ["accounts"],
    NAMELESS: ["accounts"],
    IDA: ["api_keys", "pending_payments"],
}
"""The tables in which each can be read before they are erased: none is the log."""


@pytest.mark.parametrize("person", READ_MODELS_OF)
def test_a_person_who_was_erased_is_in_no_table_any_more(
    site: Site, owner: Connection[Any], person: str
) -> None:
    assert tables_with_each(owner, site.secrets) == READ_MODELS_OF

    site.erase(person)
    site.fold()

    assert tables_with_each(owner, site.secrets) == READ_MODELS_OF | {person: []}


def test_a_person_who_was_erased_is_in_no_replay_any_more(
    site: Site, owner: Connection[Any]
) -> None:
    make_replay(site.database, site.tenant, 1, "before")
    assert schemas(owner, site.tenant) == [f"replay_{site.tenant.id}_before"]

    site.erase(ACME_1)
    site.fold()

    assert schemas(owner, site.tenant) == []
    assert replays(owner, site.tenant.id) == []
    _, made = make_replay(site.database, site.tenant, 1, "before")
    assert made


def test_an_erasure_is_told_by_its_own_stream_and_ends_those_about_the_person(site: Site) -> None:
    handled = site.erase(ACME_1)

    assert handled.events == [
        PersonErased(ACME_1, "they asked us to", "max", TODAY),
        ContactErased(TODAY),
        UserFieldsErased(TODAY),
    ]
    assert site.erase(ACME_1).events == []
    told = site.with_log(lambda log: log.load([LOU]))[LOU].events
    assert site.erase(LOU).events == [
        PersonErased(LOU, "they asked us to", "max", TODAY),
        ContactErased(TODAY),
    ]
    left = site.with_log(lambda log: log.load([LOU]))[LOU].events
    assert told != left
    assert left == [
        ContactAdded(ContactDocument("1", "ACME", "L", Person(ERASED)), TODAY),
        ContactErased(TODAY),
    ]


def test_read_models_are_those_of_a_rebuild(
    site: Site, database: Database, owner: Connection[Any]
) -> None:
    site.sync(f"other {site.secrets[ACME_1]}")
    site.fold()
    assert tables_with(owner, site.secrets[ACME_1]) == [
        "contacts",
        "contacts_history",
        "user_fields",
    ]
    for person in READ_MODELS_OF:
        site.erase(person)
    site.fold()

    assert read_models.check(database, site.tenant.id) == []
    read_models.rebuild(database)
    assert tables_with_each(owner, site.secrets) == {one: [] for one in READ_MODELS_OF}
    row = owner.execute(
        "SELECT cntct_name, cntct_email_addr, udf1, include_in_automated_email, erased_on"
        " FROM read_models.contacts WHERE tenant = %s AND cntct_id = '1'",
        (site.tenant.id,),
    ).fetchone()
    assert row == (ERASED, None, None, False, TODAY)
    neighbour = owner.execute(
        "SELECT cntct_name, erased_on FROM read_models.contacts WHERE tenant = %s"
        " AND cntct_id = '2'",
        (site.tenant.id,),
    ).fetchone()
    assert neighbour == ("Adam the neighbour", None)


def test_a_page_that_was_read_before_an_erasure_leaves_nothing(
    site: Site, database: Database, owner: Connection[Any]
) -> None:
    told = ChangeContact(PersonChange(cntct_title=f"CFO {site.secrets[LOU]}"))
    site.handle(CONTACT, ("1", "ACME", "L"), told)
    with database.connect("worker") as connection:
        runner = Runner(connection, site.tenant.id)
        cursors = {name: one.position for name, one in runner.cursors().items()}
        page = runner._page(min(cursors.values()), None)
        site.erase(LOU)
        runner._store(page, cursors)
        assert tables_with(owner, site.secrets[LOU]) == ["contacts", "contacts_history"]
        runner.catch_up()
    assert tables_with(owner, site.secrets[LOU]) == []


def test_everything_else_stays_as_it_was(
    site: Site, database: Database, settings: Settings
) -> None:
    ages = aging(database, site.tenant, TODAY)
    keys = audit_keys(settings)
    with database.connect("worker") as connection:
        held = make_checkpoint(connection, settings, site.tenant, keys)
        before = connection.execute(
            "SELECT position, data FROM events WHERE tenant = %s ORDER BY 1", (site.tenant.id,)
        ).fetchall()

        for person in READ_MODELS_OF:
            site.erase(person)
        site.fold()

        text, _ = opened_note(held.note, keys.verifiers)
        verified = verify(connection, site.tenant.id, site.tenant.name, [parsed_checkpoint(text)])
        after = connection.execute(
            "SELECT position, data FROM events WHERE tenant = %s ORDER BY 1", (site.tenant.id,)
        ).fetchall()
    assert verified.finding is None
    assert verified.size == len(after) > len(before)
    assert after[: len(before)] == before
    assert ages
    assert aging(database, site.tenant, TODAY) == ages


def test_exports_hold_what_is_stored_and_never_a_persons_text(
    site: Site, database: Database, settings: Settings, tmp_path: Path
) -> None:
    site.erase(ACME_1)
    export = tmp_path / "export"
    with database.connect("worker") as connection:
        keys = audit_keys(settings)
        export_log(connection, settings, site.tenant, keys, export, Selection())

    for secret in site.secrets.values():
        assert files_with(export, secret) == []
        with duckdb.connect() as reader:
            told = reader.execute(
                "SELECT count(*) FILTER (contains(data::text, ?)), count(*) FROM read_parquet(?)",
                [secret, str(export / "events.parquet")],
            ).fetchone()
        assert told is not None
        assert told[0] == 0
        assert told[1] > 10
    assert "events.jsonl" in files_with(export, '"sealed":')


def test_a_sync_that_brings_an_erased_person_again_is_told_so(
    site: Site, owner: Connection[Any]
) -> None:
    site.erase(ACME_1)
    secret = site.secrets[ACME_1]

    same = site.sync(secret)
    assert rejects(same) == []

    changed = site.sync(f"{secret} again")
    ((file, line, column, reason),) = rejects(changed)
    assert (file, line, column) == ("contacts.csv", 2, "cntct_id")
    assert reason.startswith("The person was erased who was the contact 1 of account ACME.")
    assert secret not in reason

    owner.execute("DELETE FROM sync_manifests WHERE tenant = %s", (site.tenant.id,))
    assert len(rejects(site.sync(secret))) == 1
    assert tables_with(owner, secret) == []


def test_accounts_go_on_without_the_name_of_a_sales_person_who_was_erased(
    site: Site, database: Database, owner: Connection[Any]
) -> None:
    for person in (SUE, TOM, NAMELESS):
        site.erase(person)

    again = site.sync(site.secrets[ACME_1], "Acme Ltd")
    site.fold()

    assert rejects(again) == []
    found = owner.execute(
        "SELECT cust_id, cust_name, sper_id, sper_name FROM read_models.accounts"
        " WHERE tenant = %s ORDER BY cust_id",
        (site.tenant.id,),
    ).fetchall()
    assert found == [
        ("ACME", "Acme Ltd", "S1", None),
        ("BETA", "Beta", None, None),
        ("DELTA", "Delta", "S3", "Max the neighbour"),
        ("GAMMA", "Gamma", "S2", None),
    ]
    owner.execute("DELETE FROM sync_manifests WHERE tenant = %s", (site.tenant.id,))
    ((file, line, column, reason),) = rejects(site.sync(site.secrets[ACME_1], "Acme Ltd"))
    assert (file, line, column) == ("sales_persons.csv", 2, "sper_id")
    assert reason.startswith("The person was erased who was the sales person S1.")
    site.fold()
    for person in (SUE, TOM, NAMELESS):
        assert tables_with(owner, site.secrets[person]) == []
    assert read_models.check(database, site.tenant.id) == []


def test_who_did_what_is_read_on_by_ids_alone(site: Site, owner: Connection[Any]) -> None:
    for person in (DANA, IDA):
        site.erase(person)
    site.fold()
    found = owner.execute(
        "SELECT k.key_id, k.name, k.user_id, p.entry_user_id, p.entry_user_name, p.proc_acct_name"
        " FROM read_models.api_keys k JOIN read_models.pending_payments p"
        " ON p.tenant = k.tenant AND p.pending_payment_id = k.key_id WHERE k.tenant = %s"
        " ORDER BY 1",
        (site.tenant.id,),
    ).fetchall()
    assert found == [
        ("ida", ERASED, None, "ida", None, "Our shop"),
        ("laptop", ERASED, "dana", "laptop", None, "Our shop"),
        ("maren", "Maren the neighbour", None, "maren", "Maren the neighbour", "Our shop"),
    ]
    assert refused(site, site.erase, "api_key/laptop") == "person_unknown"


def test_a_sales_person_of_former_days_is_erased_from_what_was_known_then(
    site: Site, database: Database, owner: Connection[Any]
) -> None:
    site.secrets[TOM], old = "somebody new", site.secrets[TOM]
    site.sync(site.secrets[ACME_1])
    site.fold()
    assert tables_with(owner, old) == ["accounts_history"]
    site.erase(TOM)
    site.fold()
    assert tables_with(owner, old) == []
    assert read_models.check(database, site.tenant.id) == []


IDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8) | st.none()


@given(st.lists(st.tuples(IDS, IDS), min_size=1, max_size=20))
@hypothesis_settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None)
def test_statements_find_the_key_of_whomever_an_event_names(
    database: Database, told: list[tuple[str | None, str | None]]
) -> None:
    tenant = create_tenant(database, f"t-{uuid4().hex}")
    events = [
        AccountOpened(AccountDocument(company or "1", "A", sper_id=sper_id, sper_name="Sue"))
        for company, sper_id in told
    ]
    with database.pool("app", size=1) as pool, database.connect("worker") as connection:
        streams = [stream_name("account", "1", str(number)) for number in range(len(events))]
        PostgresLog(pool, tenant.id).append(
            [
                NewEvent(stream, 1, event, TODAY, "a", "b", "c")
                for stream, event in zip(streams, events, strict=True)
            ]
        )
        for stream, event in zip(streams, events, strict=True):
            ((found),) = fetch(connection, events_of(tenant.id, stream, 99))
            assert found.recorded.event == event


def test_who_remembers_a_person_learns_of_the_erasure_before_anything_is_added(
    site: Site, owner: Connection[Any]
) -> None:
    states = States()
    key = ("1", "ACME", "L")

    def changing(log: PostgresLog, title: str) -> Any:
        command = ChangeContact(PersonChange(cntct_title=title))
        request = Request(CONTACT, key, command, "t", TODAY, "t", "t")
        return handle_all(log, [request], states)[0]

    site.with_log(lambda log: changing(log, "CFO"))
    site.erase(LOU)

    refusal = site.with_log(lambda log: changing(log, "CEO"))
    assert isinstance(refusal, Refused)
    assert refusal.code == "contact_erased"
    site.fold()
    assert tables_with(owner, site.secrets[LOU]) == []


def test_what_was_wished_of_a_person_cannot_be_guessed_from_its_digest(
    site: Site, owner: Connection[Any]
) -> None:
    digests = "SELECT idempotency_key, request_digest FROM command_results WHERE tenant = %s"
    ((key, digest),) = owner.execute(digests, (site.tenant.id,)).fetchall()
    assert key == "add-lou"
    assert digest

    site.erase(ACME_1)
    assert owner.execute(digests, (site.tenant.id,)).fetchall() == [(key, digest)]
    site.erase(LOU, key="erase-lou")

    told = dict(owner.execute(digests, (site.tenant.id,)).fetchall())
    assert told["add-lou"] == b""
    assert told["erase-lou"] != b""
    assert site.erase(LOU, key="erase-lou").repeated
    document = ContactDocument("1", "ACME", "L", Person(f"Lou {site.secrets[LOU]}"))
    known = (Consulted(ACCOUNT, ("1", "ACME"), account_facts),)
    with pytest.raises(Refused, match="was used for another request"):
        site.handle(CONTACT, ("1", "ACME", "L"), AddContact(document, TODAY), known, "add-lou")


@contextmanager
def failing_to_destroy_keys(owner: Connection[Any], tenant: int) -> Generator[None]:
    """Let a transaction that destroys a key of a tenant fail at that."""
    name = f"fails_{tenant}"
    owner.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the power went off'; END $$;"
        f" CREATE TRIGGER {name} BEFORE UPDATE ON person_keys FOR EACH ROW"
        f" WHEN (new.tenant = {tenant:d}) EXECUTE FUNCTION {name}()".encode()
    )
    try:
        yield
    finally:
        owner.execute(f"DROP TRIGGER {name} ON person_keys; DROP FUNCTION {name}".encode())


def test_an_erasure_is_done_whole_or_not_at_all(site: Site, owner: Connection[Any]) -> None:
    head = site.with_log(lambda log: log.head())
    with (
        failing_to_destroy_keys(owner, site.tenant.id),
        pytest.raises(psycopg.errors.RaiseException, match="the power went off"),
    ):
        site.erase(LOU)
    assert site.with_log(lambda log: log.head()) == head
    assert tables_with(owner, site.secrets[LOU]) == READ_MODELS_OF[LOU]

    assert len(site.erase(LOU).events) == 2
    site.fold()
    assert tables_with(owner, site.secrets[LOU]) == []


def test_no_key_is_destroyed_of_somebody_whom_the_batch_does_not_erase(
    site: Site, database: Database
) -> None:
    with psycopg.connect(database.url("app", site.tenant.id), autocommit=True) as connection:
        statement = "SELECT append_sealed(%s, '[]', '[]', '[]', '{}', %s, '{}', '{}')"
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="does not say"):
            connection.execute(statement, (site.tenant.id, [LOU]))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="may not append"):
            connection.execute(statement, (site.tenant.id + 1, []))
        for write in ("UPDATE person_keys SET wrapped = NULL", "DELETE FROM person_keys"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(write.encode())


def options(site: Site, **changes: Any) -> None:
    site.handle(SITE_OPTIONS, (SITE,), ChangeSiteOptions(**changes))


def refused(site: Site, what: Any, *told: Any) -> str:
    with pytest.raises(Refused) as refusal:
        what(*told)
    return refusal.value.code


def test_where_two_are_needed_nobody_erases_alone(site: Site, owner: Connection[Any]) -> None:
    options(site, erasure_needs_two=True)
    secret = site.secrets[LOU]

    assert site.erase(LOU, "dana").events == [ErasureAsked(LOU, "they asked us to", "dana", TODAY)]
    site.fold()
    assert tables_with(owner, secret) == READ_MODELS_OF[LOU]
    assert refused(site, site.approve, LOU, "dana") == "erasure_own"
    assert refused(site, site.withdraw, LOU, "max") == "erasure_of_other"

    assert site.withdraw(LOU, "dana").events == [ErasureWithdrawn("dana", TODAY)]
    assert refused(site, site.approve, LOU, "max") == "erasure_not_asked"
    site.erase(LOU, "dana")
    done = site.approve(LOU, "max")

    assert done.events == [
        PersonErased(LOU, "they asked us to", "dana", TODAY, "max"),
        ContactErased(TODAY),
    ]
    site.fold()
    assert tables_with(owner, secret) == []


@pytest.mark.parametrize("held", [("account", "1", "ACME"), ("contact", "1", "ACME", "L")])
def test_whom_a_legal_hold_is_on_is_not_erased_until_it_is_lifted(
    site: Site, owner: Connection[Any], held: tuple[str, ...]
) -> None:
    place = PlaceLegalHold("/".join(held), "lawsuit", "dana", TODAY, known=True)
    site.handle(LEGAL_HOLD, held, place)
    assert refused(site, site.erase, LOU) == "legal_hold"
    assert tables_with(owner, site.secrets[LOU]) == READ_MODELS_OF[LOU]
    assert len(site.erase(PAL).events) == 2

    site.handle(LEGAL_HOLD, held, LiftLegalHold("settled", "dana", TODAY))
    assert len(site.erase(LOU).events) == 2


def test_a_hold_that_comes_after_the_question_forbids_the_approval(site: Site) -> None:
    options(site, erasure_needs_two=True)
    site.erase(LOU, "dana")
    key = ("account", "1", "ACME")
    site.handle(LEGAL_HOLD, key, PlaceLegalHold("account/1/ACME", "x", "d", TODAY, known=True))
    assert refused(site, site.approve, LOU, "max") == "legal_hold"


class OvertakenLog(PostgresLog):
    """A log on which a legal hold is placed just before the next append."""

    hold: Request | None = None

    def append(
        self,
        batch: Sequence[NewEvent],
        results: Sequence[NewResult] = (),
        unmoved: Mapping[str, int] = NO_VERSIONS,
    ) -> Appended:
        hold, self.hold = self.hold, None
        if hold is not None:
            handle_all(self, [hold])
        return super().append(batch, results, unmoved)


def test_a_hold_that_comes_while_it_is_decided_forbids_it(
    site: Site, database: Database, owner: Connection[Any]
) -> None:
    place = PlaceLegalHold("account/1/ACME", "lawsuit", "dana", TODAY, known=True)
    wish = Wish(LOU, AskErasure(LOU, "x", "max", TODAY), "key/max", TODAY, "t", "t")
    with database.pool("app", size=1) as pool:
        log = OvertakenLog(pool, site.tenant.id)
        log.hold = Request(LEGAL_HOLD, ("account", "1", "ACME"), place, "t", TODAY, "t", "t")
        with pytest.raises(Refused, match="A legal hold"):
            carry_out(log, wish)
    assert tables_with(owner, site.secrets[LOU]) == READ_MODELS_OF[LOU]


def test_nobody_is_erased_who_is_not_there(site: Site) -> None:
    assert refused(site, site.erase, "contact/1/ACME/9") == "person_unknown"
    assert refused(site, site.erase, "user/max") == "person_unknown"
    for name in ("invoice/1/I1", "contact/1/ACME", "contact/1/ACME/", "nobody"):
        assert refused(site, site.erase, name) == "person_invalid"


def test_other_processes_read_persons_and_their_erasure(
    site: Site, database: Database, owner: Connection[Any]
) -> None:
    for table in ("contacts", "user_fields", "cursors"):
        owner.execute(f"DELETE FROM read_models.{table} WHERE tenant = {site.tenant.id:d}".encode())
    for name in ("personal_contacts", "users", "users_history"):
        owner.execute(f"DELETE FROM read_models.{name} WHERE tenant = {site.tenant.id:d}".encode())
    owner.execute(
        "INSERT INTO read_models.cursors (tenant, read_model, position)"
        " SELECT %s, unnest(%s::text[]), %s",
        (
            site.tenant.id,
            [
                one.name
                for one in READ_MODELS
                if one.name not in {"contacts", "user_fields", "users", "personal_contacts"}
            ],
            site.with_log(lambda log: log.head()).position,
        ),
    )
    site.erase(LOU)
    position = site.with_log(lambda log: log.head()).position
    with ReadModelProcess(database.url("worker"), site.tenant.id) as process:
        process.keep_alive()
        with database.connect("worker") as connection:
            assert wait_until(connection, site.tenant.id, position, 60)
    assert tables_with(owner, site.secrets[LOU]) == []
    assert tables_with(owner, site.secrets[ACME_1]) == READ_MODELS_OF[ACME_1]


def test_processes_that_fold_whole_logs_read_persons_and_their_erasure(
    site: Site, database: Database, owner: Connection[Any]
) -> None:
    site.erase(LOU)
    position = site.with_log(lambda log: log.head()).position
    schema = f"read_models_test_{site.tenant.id}"
    read_models.make_schema(owner, schema, READ_MODELS)
    job = refolding.Job(site.tenant.id, tuple(one.name for one in READ_MODELS), position)
    with database.connect("worker") as surveyor:
        work = refolding._Work(surveyor, [job], lambda _: None)
        refolding._delegate(database.url("worker"), schema, work)
    assert work.failed == []
    folded = owner.execute(
        f"SELECT cntct_id, cntct_name FROM {schema}.contacts ORDER BY 1".encode()
    ).fetchall()
    owner.execute(f"DROP SCHEMA {schema} CASCADE".encode())
    zoe = f"Zoe {site.secrets[ACME_1]}"
    assert folded == [("1", zoe), ("2", "Adam the neighbour"), ("L", ERASED)]


def test_an_invoices_events_are_stored_as_they_always_were(
    site: Site, owner: Connection[Any]
) -> None:
    rows = owner.execute(
        "SELECT type, convert_from(data, 'UTF8') FROM events WHERE tenant = %s", (site.tenant.id,)
    ).fetchall()
    sealed = {type_name for type_name, data in rows if '"sealed"' in data}
    assert sealed == {
        "AccountOpened",
        "ApiKeyIssued",
        "ContactAdded",
        "ContactRecorded",
        "PendingPaymentRecorded",
        "PersonalContactAdded",
        "SalesPersonRecorded",
        "UserChanged",
        "UserFieldsSet",
        "UserRegistered",
    }


def test_keys_are_looked_up_once_a_page_and_for_persons_alone(
    site: Site, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[int] = []
    with database.connect("worker") as connection:
        run = connection.execute

        def counted(statement: Any, *others: Any, **named: Any) -> Any:
            if b"person_keys" in (statement if isinstance(statement, bytes) else b""):
                looked_up.append(1)
            return run(statement, *others, **named)

        monkeypatch.setattr(connection, "execute", counted)
        runner = Runner(connection, site.tenant.id)
        page: list[Recorded] = runner._page(0, None)
        assert len(looked_up) == 1
        invoices = [one for one in page if one.stream.startswith("invoice/")]
        runner._page(invoices[0].position - 1, invoices[-1].position)
        assert len(looked_up) == 1
