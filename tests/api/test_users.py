"""Users over the API: registering, changing, teams, and keys that act for a user."""

from collections.abc import Callable, Generator
from typing import Any

import pytest

from domain.api_key import Role
from domain.shared.decider import Refused
from runtime.database import Database
from runtime.keys import create_key, key_id_of
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker
from tests.api.conftest import Client, Server
from tests.loading import recorded_at

REGISTER = """mutation($input: RegisterUserInput!) {registerUser(input: $input) {
    user {userId name kind email managerId managerName active stream id
        manager {userId} team {nodes {userId}}}
    userErrors {code field} position}}"""
CHANGE = REGISTER.replace("registerUser", "changeUser").replace("RegisterUser", "ChangeUser")


@pytest.fixture
def kept_up(database: Database, tenant: Tenant) -> Generator[Tenant]:
    with ReadModelWorker(database.url("worker"), lambda _: [tenant.id]):
        yield tenant


@pytest.fixture
def admin(kept_up: Tenant, client_of: Callable[[Tenant, Role], Client]) -> Client:
    return client_of(kept_up, Role.ADMIN)


def user(user_id: str, **others: Any) -> dict[str, Any]:
    return {"userId": user_id, "name": user_id.title(), "kind": "CREDIT_USER"} | others


def register(client: Client, user_id: str, **others: Any) -> dict[str, Any]:
    return client.ask(REGISTER, input=user(user_id, **others))["registerUser"]


def change(client: Client, user_id: str, **others: Any) -> dict[str, Any]:
    return client.ask(CHANGE, input={"userId": user_id} | others)["changeUser"]


def errors(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["code"], one["field"]) for one in told["userErrors"]]


def test_a_user_is_there_when_its_mutation_answers(admin: Client) -> None:
    register(admin, "max", kind="CREDIT_MANAGER")
    told = register(admin, "dana", email=" dana@acme.test ", managerId="max")
    assert errors(told) == []
    found = told["user"]
    node = admin.ask("query($id: ID!) {node(id: $id) {... on User {name}}}", id=found.pop("id"))
    assert node == {"node": {"name": "Dana"}}
    assert found == {
        "userId": "dana",
        "name": "Dana",
        "kind": "credit_user",
        "email": "dana@acme.test",
        "managerId": "max",
        "managerName": "Max",
        "active": True,
        "stream": "user/dana",
        "manager": {"userId": "max"},
        "team": {"nodes": []},
    }
    again = register(admin, "dana", email="dana@acme.test", managerId="max")
    assert errors(again) == []
    assert errors(register(admin, "dana")) == [("user_exists", "userId")]


def test_what_is_left_out_of_a_change_stays_and_null_takes_away(admin: Client) -> None:
    register(admin, "max")
    register(admin, "dana", email="dana@acme.test", managerId="max")
    told = change(admin, "dana", name="Dana Lee", kind=None)["user"]
    assert (told["name"], told["kind"], told["email"], told["managerId"]) == (
        "Dana Lee",
        "credit_user",
        "dana@acme.test",
        "max",
    )
    told = change(admin, "dana", email=None, managerId=None, active=False)["user"]
    assert (told["email"], told["manager"], told["active"]) == (None, None, False)
    assert change(admin, "dana", active=True)["user"]["active"] is True


def test_nobody_leads_a_team_above_their_own_manager(admin: Client) -> None:
    for user_id, manager_id in (("a", None), ("b", "a"), ("c", "b"), ("d", "c")):
        assert errors(register(admin, user_id, managerId=manager_id)) == []
    assert errors(change(admin, "a", managerId="a")) == [("manager_cycle", "managerId")]
    assert errors(change(admin, "a", managerId="b")) == [("manager_cycle", "managerId")]
    assert errors(change(admin, "a", managerId="d")) == [("manager_cycle", "managerId")]
    assert errors(change(admin, "a", managerId="x")) == [("manager_unknown", "managerId")]
    assert errors(change(admin, "d", managerId="a")) == []
    team = admin.ask('{users(filter: {userId: {eq: "a"}}) {nodes {team {nodes {userId}}}}}')
    assert team["users"]["nodes"][0]["team"]["nodes"] == [{"userId": "b"}, {"userId": "d"}]


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        (user(" "), "user_id_invalid", "userId"),
        (user("UNASSIGNED"), "user_id_reserved", "userId"),
        (user("x", name=" "), "user_name_invalid", "name"),
        (user("x", email="x"), "email_invalid", "email"),
        (user("x", managerId="nobody"), "manager_unknown", "managerId"),
    ],
)
def test_a_refusal_is_told(admin: Client, given: dict[str, Any], code: str, field: str) -> None:
    told = admin.ask(REGISTER, input=given)["registerUser"]
    assert errors(told) == [(code, field)]
    assert (told["user"], told["position"]) == (None, None)


def test_an_unknown_user_cannot_be_changed(admin: Client) -> None:
    assert errors(change(admin, "nobody", name="x")) == [("user_unknown", "userId")]


def test_an_id_is_text(admin: Client) -> None:
    for given in (user("a\0b"), user("x", managerId="a\0b")):
        code, _ = admin.error(REGISTER, input=given)
        assert code == "BAD_USER_INPUT"


def test_a_key_makes_a_mutation_be_carried_out_once(admin: Client) -> None:
    first = register(admin, "dana", idempotencyKey="k")
    change(admin, "dana", name="Dana Lee")
    again = register(admin, "dana", idempotencyKey="k")
    assert again["position"] == first["position"]
    assert errors(register(admin, "eve", idempotencyKey="k")) == [
        ("idempotency_key_reused", "idempotencyKey")
    ]


@pytest.mark.parametrize("role", [one for one in Role if one is not Role.ADMIN])
def test_users_are_an_administrators_business_and_for_all_to_see(
    kept_up: Tenant, client_of: Callable[[Tenant, Role], Client], role: Role
) -> None:
    client = client_of(kept_up, role)
    assert client.error(REGISTER, input=user("x"))[0] == "FORBIDDEN"
    assert client.error(CHANGE, input={"userId": "x"})[0] == "FORBIDDEN"
    assert client.ask("{users {totalCount}}") == {"users": {"totalCount": 0}}


def test_users_are_listed_as_they_were_known(
    admin: Client, database: Database, kept_up: Tenant
) -> None:
    register(admin, "max", kind="CREDIT_MANAGER")
    register(admin, "dana", managerId="max")
    then = recorded_at(database, kept_up).isoformat()
    change(admin, "dana", active=False)
    query = """query($where: UserFilter, $order: [UserOrder!], $at: DateTime) {
        users(filter: $where, orderBy: $order, knownAt: $at, asOf: "2030-01-01") {
            nodes {userId active managerName}}}"""
    inactive = {"active": {"eq": False}}
    dana = {"userId": "dana", "active": False, "managerName": "Max"}
    assert admin.ask(query, where=inactive)["users"]["nodes"] == [dana]
    assert admin.ask(query, where=inactive, at=then)["users"]["nodes"] == []
    order = [{"field": "NAME", "direction": "DESC"}]
    listed = admin.ask(query, order=order, at=then)["users"]["nodes"]
    assert [(one["userId"], one["active"]) for one in listed] == [("max", True), ("dana", True)]


def test_a_key_acts_for_a_user_until_the_user_is_retired(
    admin: Client, server: Server, database: Database, kept_up: Tenant
) -> None:
    viewer = "{viewer {name userId role}}"
    assert admin.ask(viewer)["viewer"]["userId"] is None
    with pytest.raises(Refused, match="There is no user dana"):
        create_key(database, kept_up, Role.CREDIT_USER, "Dana", "dana")
    register(admin, "dana")
    secret = create_key(database, kept_up, Role.CREDIT_USER, "Dana", "dana")
    dana = Client(server, secret)
    told = {"name": "Dana", "userId": "dana", "role": "CREDIT_USER"}
    assert dana.ask(viewer)["viewer"] == told
    dana.http.close()
    change(admin, "dana", active=False)
    assert key_id_of(database, secret) is None
    with pytest.raises(Refused, match="retired"):
        create_key(database, kept_up, Role.CREDIT_USER, "Dana", "dana")
    change(admin, "dana", active=True)
    assert key_id_of(database, secret) is not None
