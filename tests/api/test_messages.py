"""Messages over HTTP: whose they are, how many are unread, and their files."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from application.handling import handle
from application.messages import message_request
from domain.api_key import Role
from domain.message import MessageKind, StoredFile
from erp.mapping import export_files
from eventstore import files
from eventstore.files import FileTooLarge, store_file
from eventstore.postgres import PostgresLog
from runtime.database import Database
from runtime.keys import create_key
from runtime.syncing import sync
from runtime.tenants import Tenant, create_tenant
from runtime.worker import ReadModelWorker
from tests.api.conftest import Client, Server
from tests.runtime.telling import MONDAY, Office, day

LIST = """query($filter: MessageFilter) {messages(filter: $filter) {nodes {
    messageId kind subject body userId deliveredOn read readAt link fileName mediaType fileSize
    attachment}} unreadMessageCount}"""
READ = """mutation($input: MarkMessageReadInput!) {markMessageRead(input: $input) {
    message {subject read} userErrors {code field} position}}"""

ClientAs = Callable[[Role, str | None], Client]
MEDIA_TYPE = "text/csv"


class Desk(Office):
    """An office that is told things."""

    def deliver(
        self, occasion: str, user_id: str | None = None, content: bytes | None = None
    ) -> str:
        """Deliver a message; return its id."""
        with self.database.pool("app", size=1) as pool:
            file = None
            if content is not None:
                digest = store_file(pool, self.tenant.id, content)
                file = StoredFile('Übersicht "1".csv', MEDIA_TYPE, len(content), digest)
            request = message_request(
                (occasion,),
                MessageKind.EXPORT_READY,
                f"File {occasion}",
                "It is written.",
                actor="job/t",
                business_date=MONDAY,
                cause="job/t",
                user_id=user_id,
                attachment=file,
            )
            handle(PostgresLog(pool, self.tenant.id), request)
        return request.key[0]

    def stored(self) -> int:
        ((count,),) = self.rows("SELECT count(*) FROM stored_files WHERE tenant = %(tenant)s")
        return count


@pytest.fixture
def desk(database: Database, tenant: Tenant, tmp_path: Path) -> Generator[Desk]:
    desk = Desk(database, tenant, tmp_path)
    with ReadModelWorker(database.url("worker"), lambda _: [tenant.id]):
        yield desk


@pytest.fixture
def client_as(desk: Desk, server: Server) -> Generator[ClientAs]:
    clients: list[Client] = []

    def client(role: Role, user_id: str | None = None) -> Client:
        key = create_key(desk.database, desk.tenant, role, "Key", user_id)
        clients.append(Client(server, key))
        return clients[-1]

    yield client
    for one in clients:
        one.http.close()


def caught_up(client: Client, desk: Desk) -> Client:
    client.ask("query($p: Int!) {viewer(atLeast: $p) {name}}", p=desk.head())
    return client


def subjects(client: Client, **asked: Any) -> list[str]:
    return [one["subject"] for one in client.ask(LIST, **asked)["messages"]["nodes"]]


def test_everybody_has_messages_of_their_own(desk: Desk, client_as: ClientAs) -> None:
    """LOG-03."""
    desk.deliver("of dana", "dana")
    desk.deliver("for all")
    dana = caught_up(client_as(Role.CREDIT_USER, "dana"), desk)
    admin, kim = client_as(Role.ADMIN, None), client_as(Role.ADMIN, "kim")

    assert subjects(dana) == ["File of dana"]
    assert subjects(admin) == subjects(kim) == ["File for all"]
    assert subjects(client_as(Role.AUDITOR, None)) == []
    (told,) = dana.ask(LIST)["messages"]["nodes"]
    assert len(told.pop("messageId")) == 32
    assert told == {
        "kind": "export_ready",
        "subject": "File of dana",
        "body": "It is written.",
        "userId": "dana",
        "deliveredOn": MONDAY.isoformat(),
        "read": False,
        "readAt": None,
        "link": None,
        "fileName": None,
        "mediaType": None,
        "fileSize": None,
        "attachment": None,
    }


def test_each_reads_by_themselves(desk: Desk, client_as: ClientAs) -> None:
    shared = desk.deliver("for all")
    admin, other = client_as(Role.ADMIN, None), client_as(Role.ADMIN, None)
    caught_up(admin, desk)
    assert admin.ask(LIST)["unreadMessageCount"] == 1

    told = admin.ask(READ, input={"messageId": shared})["markMessageRead"]

    assert told["userErrors"] == []
    assert told["message"] == {"subject": "File for all", "read": True}
    assert admin.ask(LIST)["unreadMessageCount"] == 0
    assert other.ask(LIST)["unreadMessageCount"] == 1
    assert subjects(admin, filter={"read": {"eq": False}}) == []


def test_messages_of_others_are_not_there(desk: Desk, client_as: ClientAs) -> None:
    theirs = desk.deliver("of dana", "dana", b"a,b\n")
    kim = caught_up(client_as(Role.ADMIN, "kim"), desk)
    told = kim.ask(READ, input={"messageId": theirs})["markMessageRead"]
    assert told["userErrors"] == [{"code": "message_unknown", "field": "messageId"}]
    assert told["message"] is None
    assert kim.http.get(f"/messages/{theirs}/attachment").status_code == 404


def test_a_file_is_downloaded_as_what_it_is(desk: Desk, client_as: ClientAs) -> None:
    content = "a,b\n1,€\n".encode()
    message_id = desk.deliver("of dana", "dana", content)
    dana = caught_up(client_as(Role.CREDIT_USER, "dana"), desk)
    (told,) = dana.ask(LIST)["messages"]["nodes"]
    assert told["attachment"] == f"/messages/{message_id}/attachment"
    assert (told["fileName"], told["fileSize"]) == ('Übersicht "1".csv', len(content))

    answer = dana.http.get(told["attachment"])

    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"].split(";")[0] == MEDIA_TYPE
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"_bersicht _1_.csv\"; filename*=UTF-8''%C3%9Cbersicht%20%221%22.csv"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_file_is_for_who_is_let_in(desk: Desk, client_as: ClientAs, server: Server) -> None:
    message_id = desk.deliver("of dana", "dana", b"x")
    dana = caught_up(client_as(Role.CREDIT_USER, "dana"), desk)
    path = f"/messages/{message_id}/attachment"
    nobody = dana.http.get(path, headers={"Authorization": "Bearer ?"})
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, "Bearer")
    assert dana.http.get("/messages/%00/attachment").status_code == 404
    assert dana.http.get("/messages/x/attachment").status_code == 404
    without = desk.deliver("without", "dana")
    caught_up(dana, desk)
    assert dana.http.get(f"/messages/{without}/attachment").status_code == 404
    other = create_tenant(desk.database, f"{desk.tenant.name}-2")
    stranger = Client(server, create_key(desk.database, other, Role.ADMIN, "Key"))
    assert stranger.http.get(path).status_code == 404
    stranger.http.close()


def test_the_same_file_twice_is_stored_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.deliver("of dana", "dana", b"same")
    desk.deliver("of kim", "kim", b"same")
    assert desk.stored() == 1
    desk.deliver("of kim again", "kim", b"other")
    assert desk.stored() == 2
    monkeypatch.setattr(files, "FILE_BYTES_MAX", 3)
    with pytest.raises(FileTooLarge):
        desk.deliver("too large", "kim", b"1234")


def test_syn_10_a_sync_that_runs_unattended_tells_what_it_did_once(
    desk: Desk, client_as: ClientAs
) -> None:
    admin = client_as(Role.ADMIN, None)

    def run(occasion: str | None, on: int) -> None:
        sources = export_files(desk.folder, None)
        sync(
            desk.database,
            desk.tenant,
            sources,
            actor="job/sync",
            business_date=day(on),
            occasion=occasion,
        )
        caught_up(admin, desk)

    run(None, 1)
    assert subjects(admin) == []
    with (desk.folder / "invoices.csv").open("a") as invoices:
        invoices.write("1,I3,A,2026-02-01,2026-02-28,?,EUR\n")
    for _ in range(2):
        run("nightly 2026-03-04", 2)

    (told,) = admin.ask(LIST)["messages"]["nodes"]
    assert (told["kind"], told["subject"]) == ("sync_done", "Sync done, 1 row rejected")
    first, second = told["body"].splitlines()
    assert first.startswith("Business date 2026-03-04: 5 rows read, 0 new, 0 changed, 4 unchanged")
    assert second.startswith("invoices.csv:4 (amount): ")
    run("nightly 2026-03-05", 3)
    assert len(subjects(admin)) == 2


def test_log_01_syncs_that_changed_something_are_listed(desk: Desk, client_as: ClientAs) -> None:
    with (desk.folder / "invoices.csv").open("a") as invoices:
        invoices.write("1,I3,A,2026-02-01,2026-02-28,70,EUR\n")
    desk.sync(1)
    desk.sync(2)  # the same export again
    auditor = caught_up(client_as(Role.AUDITOR, None), desk)
    query = "{syncRuns {totalCount nodes {businessDate read new changed unchanged rejected}}}"

    found = auditor.ask(query)["syncRuns"]

    assert found["totalCount"] == 2
    assert found["nodes"][0] == {
        "businessDate": day(1).isoformat(),
        "read": 5,
        "new": 1,
        "changed": 0,
        "unchanged": 4,
        "rejected": 0,
    }
