"""Trails from end to end: read page by page, with all that each event tells."""

from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from domain.shared.decider import Refused
from domain.sync_source import SYNC_SOURCE, DefineSyncSource, SyncSourceDocument
from projections.subjects import Subject, SubjectKind
from runtime import trails
from runtime.clock import now
from runtime.database import Database
from runtime.jobs import JobRunner, by_hand, find_job
from runtime.settings import Settings
from runtime.tenants import Tenant
from runtime.trails import TrailEvent, TrailFilter, catch_up, find_subject, read_trail
from tests.loading import write_csv
from tests.runtime.rules import Site
from tests.runtime.telling import Office

ON = date(2026, 3, 9)


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Site:
    site = Site(database, tenant, tmp_path)
    for number in range(1, 8):
        site.document(f"I{number}", "ACME" if number < 6 else "BETA")
    site.sync(ON)
    site.document("I1", balance="40.00")
    site.document("I2", balance="0.00")
    site.sync(date(2026, 3, 10))
    site.dispute("I3", "12.50", 1)
    catch_up(database, tenant)
    return site


def read(site: Site, wanted: TrailFilter, viewer: str | None = None) -> list[TrailEvent]:
    with (
        site.database.connect("worker") as connection,
        closing(read_trail(connection, site.tenant.id, wanted, viewer=viewer)) as events,
    ):
        return list(events)


def test_pages_and_forgotten_streams_do_not_show(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = TrailFilter()
    whole = read(site, wanted)
    assert [one.position for one in whole] == list(range(1, len(whole) + 1))
    monkeypatch.setattr(trails, "PAGE_EVENTS", 3)
    monkeypatch.setattr(trails, "STREAMS_MAX", 2)
    assert read(site, wanted) == whole
    account = TrailFilter(Subject(SubjectKind.ACCOUNT, ("1", "ACME")))
    some = read(site, account)
    assert some == [one for one in whole if one in some]
    monkeypatch.undo()
    assert read(site, account) == some


def test_changes_are_those_of_the_whole_stream_whatever_is_left_out(site: Site) -> None:
    whole = {one.position: one for one in read(site, TrailFilter())}
    closed = read(site, TrailFilter(types=("InvoiceClosed", "InvoiceBalanceReconciled")))
    assert [one.type for one in closed] == [
        "InvoiceBalanceReconciled",
        "InvoiceBalanceReconciled",
        "InvoiceClosed",
    ]
    assert closed == [whole[one.position] for one in closed]
    first = closed[0].changes
    assert first is not None
    told = {one.field: (one.before, one.after) for one in first}
    assert told["unexplained.0.amount"] == (None, "60.00")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (TrailFilter(categories=("dispute",)), {"dispute/D-I3"}),
        (TrailFilter(actors=("nobody",)), set[str]()),
        (TrailFilter(types=("InvoiceClosed",)), {"invoice/1/I2"}),
        (TrailFilter(categories=("invoice",), last_position=1), set[str]()),
        (TrailFilter(recorded_after=datetime(2999, 1, 1, tzinfo=UTC)), set[str]()),
        (TrailFilter(recorded_until=datetime(2000, 1, 1, tzinfo=UTC)), set[str]()),
        (TrailFilter(effective_from=date(2999, 1, 1)), set[str]()),
        (TrailFilter(effective_until=date(2000, 1, 1)), set[str]()),
    ],
)
def test_trails_are_narrowed(site: Site, wanted: TrailFilter, found: set[str]) -> None:
    assert {one.stream for one in read(site, wanted)} == found


def test_a_company_may_be_left_out_if_there_is_one(site: Site) -> None:
    with site.database.connect("worker") as connection:

        def subject(kind: SubjectKind, *key: str) -> Subject:
            return find_subject(connection, site.tenant, kind, key)

        assert subject(SubjectKind.INVOICE, "I1").key == ("1", "I1")
        assert subject(SubjectKind.INVOICE, "9", "I1").key == ("9", "I1")
        assert subject(SubjectKind.USER, "dana").key == ("dana",)
        with pytest.raises(Refused) as refused:
            subject(SubjectKind.PAYMENT, "P9")
        assert (refused.value.code, refused.value.field) == ("payment_unknown", "company")
    write_csv(
        site.folder / "customers.csv",
        "company_id,cust_id,cust_name",
        ["2,ACME,Acme", "1,ACME,Acme"],
    )
    site.sync(date(2026, 3, 11))
    with site.database.connect("worker") as connection, pytest.raises(Refused) as refused:
        find_subject(connection, site.tenant, SubjectKind.ACCOUNT, ("ACME",))
    assert refused.value.code == "company_needed"
    assert refused.value.message == "There is an account ACME in each of 1, 2."


def test_causes_lead_from_a_document_over_the_sync_to_the_job_that_began_it(
    site: Site, tmp_path: Path, settings: Settings
) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    header = "company_id,tran_id,cust_id,tran_date,due_date,amount,curr_id"
    write_csv(exports / "invoices.csv", header, ["1,J1,ACME,2026-03-01,2026-03-31,5.00,USD"])
    document = SyncSourceDocument("erp", "ERP", "exports")
    site.tell(SYNC_SOURCE, ("erp",), DefineSyncSource(document))
    catch_up(site.database, site.tenant)
    here = settings.model_copy(update={"sync_root": tmp_path})
    runner = JobRunner(site.database, here, "p")
    at = now()
    job = find_job(runner.jobs(site.tenant), "sync/erp")
    fired = runner.fire(site.tenant, by_hand(job, at, None, "k"), at)
    assert fired is not None
    assert fired.completed, fired.told
    (event,) = read(site, TrailFilter(Subject(SubjectKind.INVOICE, ("1", "J1"))))
    sync, firing = event.causes
    assert (sync.reference, sync.type) == (event.cause, "SyncCompleted")
    assert (firing.reference, firing.type) == ("job_firing/sync/erp@by hand k", "JobFiringClaimed")


def test_what_follows_from_a_sync_leads_to_it(
    database: Database, tenant: Tenant, tmp_path: Path
) -> None:
    office = Office(database, tenant, tmp_path)
    office.promise("p1")
    office.paid_online("online")
    office.pays("P1", 0)
    office.sync(3)
    catch_up(database, tenant)
    wanted = TrailFilter(types=("PromiseBroken", "PromiseKept", "PendingPaymentReconciled"))
    with (
        database.connect("worker") as connection,
        closing(read_trail(connection, tenant.id, wanted)) as events,
    ):
        told = {one.type: one for one in events}
    kept, matched = told["PromiseKept"], told["PendingPaymentReconciled"]
    assert [(one.reference, one.type) for one in kept.causes] == [(kept.cause, "SyncCompleted")]
    assert [(one.reference, one.type) for one in matched.causes] == [
        ("process/match_pending_payments", None),
        (kept.cause, "SyncCompleted"),
    ]
