"""Who reads personal data is recorded: once a request, of the roles that the site names."""

from collections.abc import Callable, Generator
from typing import Any

import pytest
from psycopg import Connection, errors

from domain.api_key import Role
from eventstore.postgres import bind_tenant
from projections.personal_data_reads import CATEGORIES
from runtime.database import Database
from runtime.dictionary import VIEWS
from runtime.keys import create_key
from runtime.tenants import Tenant, create_tenant
from tests.api.conftest import Client, Server, Socket
from tests.api.test_reading import statements
from tests.api.test_work import do

READS = """query($subject: String, $filter: PersonalDataReadFilter, $first: Int) {
    personalDataReads(subject: $subject, filter: $filter, first: $first) {totalCount nodes {
        actorName role userId userName requestId operation fields subjects subjectCount}}}"""
CONTACTS = """query Contacts {contacts(filter: {companyId: {eq: "1"}}) {
    nodes {cntctId cntctName cntctEmailAddr}}}"""

ZOE, ADAM = "contact/1/ACME/2", "contact/1/ACME/1"


@pytest.fixture
def office(admin: Client) -> Client:
    """An administrator of a site that records what collectors and auditors read of persons."""
    do(admin, "registerUser", userId="dana", name="Dana D.", kind="CREDIT_USER", email="d@x.test")
    do(admin, "changeSiteOptions", recordReadsOf=["AUDITOR", "CREDIT_USER", "AUDITOR"])
    told = admin.ask("{siteOptions {recordReadsOf}}")["siteOptions"]
    assert told == {"recordReadsOf": ["CREDIT_USER", "AUDITOR"]}
    return admin


@pytest.fixture
def dana(office: Client, worked: Tenant, server: Server, database: Database) -> Generator[Client]:
    client = Client(server, create_key(database, worked, Role.CREDIT_USER, "Key", "dana"))
    yield client
    client.http.close()


def reads(office: Client, **asked: Any) -> list[dict[str, Any]]:
    return office.ask(READS, **asked)["personalDataReads"]["nodes"]


def read(office: Client) -> tuple[list[str], list[str]]:
    """The fields and subjects of the only reading."""
    (one,) = reads(office)
    assert one["subjectCount"] == len(one["subjects"])
    return one["fields"], one["subjects"]


def test_a_request_is_recorded_once_with_who_when_what_and_of_whom(
    office: Client, dana: Client
) -> None:
    answer = dana.post(CONTACTS)
    assert len(answer.json()["data"]["contacts"]["nodes"]) == 2
    assert reads(office) == [
        {
            "actorName": "Key",
            "role": "credit_user",
            "userId": "dana",
            "userName": "Dana D.",
            "requestId": answer.headers["x-request-id"],
            "operation": None,
            "fields": ["contacts.cntct_email_addr", "contacts.cntct_name"],
            "subjects": [ADAM, ZOE],
            "subjectCount": 2,
        }
    ]
    dana.http.post("/graphql", json={"query": CONTACTS, "operationName": "Contacts"})
    assert [one["operation"] for one in reads(office)] == ["Contacts", None]
    assert office.ask(READS)["personalDataReads"]["totalCount"] == 2


def test_only_fields_that_have_a_value_are_read(office: Client, dana: Client) -> None:
    dana.ask("{contacts {nodes {cntctEmailAddr}}}")
    assert read(office) == (["contacts.cntct_email_addr"], [ZOE])


@pytest.mark.parametrize(
    ("query", "fields", "subjects"),
    [
        (
            """{a: account(companyId: "1", custId: "ACME") {contacts {nodes {cntctName}}}
            b: account(companyId: "1", custId: "ACME") {contacts {nodes {cntctName}}}
            users {nodes {email}}}""",
            ["contacts.cntct_name", "users.email"],
            [ADAM, ZOE, "user/dana"],
        ),
        ("{users {nodes {userId name}}}", None, None),
        ("{contacts {nodes {cntctId companyId}}}", None, None),
        ("{contacts {totalCount}}", None, None),
        ('{auditTrail(stream: "contact/1/ACME/2") {nodes {type}}}', None, None),
        ('{auditTrail(stream: "account/1/ACME") {nodes {data changes {after}}}}', None, None),
        (
            '{auditTrail(stream: "contact/1/ACME/2") {nodes {data}}}',
            ["audit_trail.data"],
            [ZOE],
        ),
        (
            """{auditTrail(of: {account: {companyId: "1", custId: "ACME"}}) {
            nodes {changes {field after}}}}""",
            ["audit_trail.changes"],
            [ADAM, ZOE],
        ),
        (
            """{auditTrail(filter: {type: {eq: "ContactRecorded"}}, first: 1) {
            nodes {type correlated {data}}}}""",
            ["audit_trail.data"],
            [ADAM],
        ),
    ],
)
def test_whatever_way_personal_data_is_read(
    office: Client, dana: Client, query: str, fields: list[str] | None, subjects: list[str]
) -> None:
    dana.ask(query)
    if fields is None:
        assert reads(office) == []
    else:
        assert read(office) == (fields, subjects)


def test_what_a_mutation_answers_is_read_as_well_and_proofs_show_none_of_it(
    office: Client, dana: Client
) -> None:
    add = """mutation {addContact(input: {companyId: "1", custId: "ACME", cntctName: "Eve",
        idempotencyKey: "eve"}) {contact {cntctName} position}}"""
    position = dana.ask(add)["addContact"]["position"]
    assert read(office) == (["contacts.cntct_name"], ["contact/1/ACME/eve"])
    fields = """mutation {setUserFields(input: {recordType: CONTACT, key: ["1", "ACME", "1"],
        udf6: "tall"}) {userFields {udf6}}}"""
    assert dana.ask(fields)["setUserFields"] == {"userFields": {"udf6": "tall"}}
    office.ask("mutation {signCheckpoint {position}}")
    proof = "query($p: Int!) {eventProof(position: $p) {line}}"
    assert "Eve" not in dana.ask(proof, p=position)["eventProof"]["line"]
    assert [one["fields"] for one in reads(office)] == [
        ["user_fields.udf6"],
        ["contacts.cntct_name"],
    ]


def test_other_roles_are_not_recorded_and_no_role_by_default(
    office: Client, worked: Tenant, client_of: Callable[[Tenant, Role], Client]
) -> None:
    office.ask(CONTACTS)
    client_of(worked, Role.CREDIT_MANAGER).ask(CONTACTS)
    assert reads(office) == []
    client_of(worked, Role.AUDITOR).ask(CONTACTS)
    assert [one["role"] for one in reads(office)] == ["auditor"]
    do(office, "changeSiteOptions", recordReadsOf=[])
    client_of(worked, Role.AUDITOR).ask(CONTACTS)
    assert len(reads(office)) == 1


def test_a_request_without_personal_data_costs_no_statement_more(
    office: Client, dana: Client
) -> None:
    def cost(client: Client, query: str) -> float:
        client.ask(query)

        def once() -> float:
            before = statements()
            client.ask(query)
            return statements() - before

        return min(once() for _ in range(3))

    plain = "{accounts {nodes {custName contacts {nodes {cntctId}}}}}"
    assert cost(dana, plain) == cost(office, plain)
    assert cost(dana, CONTACTS) == cost(office, CONTACTS) + 1


def test_what_cannot_be_recorded_is_not_told(
    office: Client, dana: Client, owner: Connection[Any], worked: Tenant
) -> None:
    table = "personal_data_reads"
    check = f"ALTER TABLE {table} ADD CONSTRAINT no CHECK (tenant <> {worked.id})"
    owner.execute(check.encode())
    try:
        code, _ = dana.error(CONTACTS)
        assert code == "UNAVAILABLE"
        answer = dana.post(CONTACTS)
        assert (answer.status_code, "data" in answer.json()) == (503, False)
    finally:
        owner.execute(f"ALTER TABLE {table} DROP CONSTRAINT no".encode())
    assert reads(office) == []


def test_what_a_subscription_tells_is_recorded_before_it_is_sent(
    office: Client, dana: Client, server: Server
) -> None:
    socket = Socket(server, {"authorization": f"Bearer {dana.key}"})
    socket.subscribe(
        """subscription {invoicesChanged(after: 0) {invoices {tranId account {
            contacts {nodes {cntctName}}}}}}"""
    )
    told = socket.receive()["payload"]["data"]["invoicesChanged"]["invoices"]
    assert any(one["account"]["contacts"]["nodes"] for one in told)
    assert read(office) == (["contacts.cntct_name"], [ADAM, ZOE])
    socket.close()


def test_readings_are_found_by_their_subject_and_filtered(office: Client, dana: Client) -> None:
    dana.ask('{contacts(filter: {cntctId: {eq: "1"}}) {nodes {cntctName}}}')
    dana.ask(CONTACTS)
    dana.ask("{users {nodes {email}}}")
    assert len(reads(office, subject=ADAM)) == 2
    assert len(reads(office, subject=ZOE)) == 1
    assert reads(office, subject="contact/1/ACME/9") == []
    assert len(reads(office, filter={"userId": {"eq": "dana"}})) == 3
    assert len(reads(office, filter={"subjectCount": {"gt": 1}})) == 1
    assert len(reads(office, filter={"readAt": {"gt": "2999-01-01T00:00:00Z"}})) == 0
    assert [one["subjects"] for one in reads(office, first=1)] == [["user/dana"]]
    assert office.error(READS, subject="a\x00")[0] == "BAD_USER_INPUT"


def test_who_may_ask_who_read(
    office: Client, dana: Client, worked: Tenant, client_of: Callable[[Tenant, Role], Client]
) -> None:
    dana.ask(CONTACTS)
    assert dana.error(READS)[0] == "FORBIDDEN"
    assert client_of(worked, Role.CREDIT_MANAGER).error(READS)[0] == "FORBIDDEN"
    assert len(reads(client_of(worked, Role.AUDITOR))) == 1


def test_a_tenant_sees_no_readings_of_another_and_nobody_changes_one(
    office: Client,
    dana: Client,
    database: Database,
    worked: Tenant,
    client_of: Callable[[Tenant, Role], Client],
) -> None:
    dana.ask(CONTACTS)
    other = create_tenant(database, f"{worked.name[:50]}-other")
    assert reads(client_of(other, Role.AUDITOR)) == []
    for role in ("owner", "app", "worker", "auditor"):
        with database.connect(role) as connection:
            bind_tenant(connection, worked.id)
            for table in ("personal_data_reads", "personal_data_read_subjects"):
                for statement in (
                    f"UPDATE {table} SET tenant = 0",
                    f"DELETE FROM {table}",
                    f"TRUNCATE {table}",
                ):
                    with pytest.raises(errors.InsufficientPrivilege):
                        connection.execute(statement.encode())
    with database.connect("app") as connection:
        bind_tenant(connection, other.id)
        for table in ("personal_data_reads", "personal_data_read_subjects"):
            assert connection.execute(f"SELECT * FROM {table}".encode()).fetchall() == []
        for statement in (
            "INSERT INTO personal_data_read_subjects VALUES (%s, 'x', 1)",
            "SELECT record_personal_read(%s, 'a', 'r', NULL, 'q', NULL, '{f}', '{s}')",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement, (worked.id,))  # type: ignore[arg-type]


def test_every_view_with_personal_fields_names_its_records_streams() -> None:
    told = {view.name for view in VIEWS if any(field.personal for field in view.fields)}
    assert told == set(CATEGORIES)
