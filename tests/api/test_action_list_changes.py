"""Following an action list live: what comes to it, changes on it and leaves it."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from application.handling import Consulted
from domain.action_code import ACTION_CODE, DefineActionCode
from domain.activity import ACTIVITY, ReassignActivity
from domain.api_key import Role
from domain.user import USER
from domain.user import facts as user_facts
from runtime.database import Database
from runtime.keys import create_key
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker
from tests.api.conftest import Client, Server, Socket
from tests.runtime.rules import LETTER, REVIEW, Site, day, rule

FOLLOW = """subscription($scope: ActionListScope, $userId: String, $filter: ActionListFilter,
        $after: Int) {
    actionListChanged(scope: $scope, userId: $userId, filter: $filter, after: $after) {
        position reload totalCount left
        entries {entryId kind subject custId why account {custId} activity {activityType}}}}"""


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Generator[Site]:
    """A site with two rules, an account of Dana's and one of nobody's, whose models are kept."""
    site = Site(database, tenant, tmp_path)
    site.register("erik")
    site.document("I1", balance="60.00")
    site.document("I2", cust_id="BOLT", balance="90.00")
    site.sync(day(0))
    site.assign("ACME", "dana")
    site.define(
        rule("call", "due_date_days >= 1", auto_close=True),
        rule("letter", "due_date_days >= 1", "LETTER", seq_no=20),
        rule("look", "due_date_days >= 3", "REVIEW", seq_no=30),
    )
    site.rows("SELECT 1")
    with ReadModelWorker(database.url("worker"), lambda _: [tenant.id]):
        yield site


@pytest.fixture
def dana(site: Site, server: Server) -> Generator[Client]:
    """A client that acts for Dana."""
    key = create_key(site.database, site.tenant, Role.CREDIT_USER, "Dana", user_id="dana")
    client = Client(server, key)
    yield client
    client.http.close()


def following(server: Server, client: Client, **asked: Any) -> Socket:
    """Follow a list from now on."""
    position = client.ask("{viewer {position}}")["viewer"]["position"]
    socket = Socket(server, {"Authorization": f"Bearer {client.key}"})
    socket.subscribe(FOLLOW, **{"after": position} | asked)
    return socket


def told(socket: Socket) -> dict[str, Any]:
    """What changed next."""
    message = socket.receive()
    assert message["type"] == "next", message
    assert "errors" not in message["payload"], message
    return message["payload"]["data"]["actionListChanged"]


def entries(change: dict[str, Any]) -> list[tuple[str, str, str]]:
    return sorted((one["kind"], one["subject"], one["custId"]) for one in change["entries"])


def test_a_user_is_told_what_comes_to_the_list_and_what_leaves_it(
    site: Site, server: Server, dana: Client
) -> None:
    socket = following(server, dana)

    site.run(day(1))

    came = told(socket)
    (call,) = came["entries"]
    assert entries(came) == [("activity", "First call", "ACME")]
    assert call["why"].startswith("Call: I1, 1 day past due.")
    assert (call["account"], call["activity"]) == ({"custId": "ACME"}, {"activityType": "Phone"})
    assert (came["left"], came["totalCount"], came["reload"]) == ([], 1, False)

    site.complete(call["entryId"].partition("/")[2], day(2))
    done = told(socket)
    assert (entries(done), done["left"]) == ([("issue", "First call", "ACME")], [call["entryId"]])
    assert done["position"] > came["position"]

    site.run(day(3))
    assert entries(told(socket)) == [("activity", "Review", "ACME")]

    site.document("I1", balance="0.00")  # and the call to Bolt is still to be made
    site.sync(day(3))
    paid = told(socket)
    assert (paid["entries"], paid["left"]) == ([], [done["entries"][0]["entryId"]])
    assert paid["totalCount"] == 1
    socket.close()


def test_what_is_passed_on_leaves_one_list_and_comes_to_another(
    site: Site, server: Server, dana: Client
) -> None:
    site.run(day(1))
    mine = following(server, dana, scope="MINE")
    pool = following(server, dana, scope="UNASSIGNED")
    his = following(server, dana, scope="MINE", userId="erik")
    (entry,) = dana.ask("{actionList {nodes {entryId activityId}}}")["actionList"]["nodes"]

    asked = Consulted(USER, ("erik",), user_facts)
    site.tell(ACTIVITY, (entry["activityId"],), ReassignActivity("erik"), asked)

    change = told(mine)
    assert (change["left"], change["entries"]) == ([entry["entryId"]], [])
    assert [one["entryId"] for one in told(his)["entries"]] == [entry["entryId"]]
    with pytest.raises(TimeoutError):
        pool.socket.recv(timeout=0.5)
    for socket in (mine, pool, his):
        socket.close()


def test_what_is_none_of_the_list_is_not_told(site: Site, server: Server, dana: Client) -> None:
    socket = following(server, dana, filter={"custId": {"eq": "BOLT"}}, scope="ALL")
    letters = following(server, dana, filter={"automatic": {"eq": True}}, scope="ALL")

    site.document("I3", cust_id="BOLT", due=day(90))
    site.sync(day(0))
    site.run(day(1))

    assert entries(told(socket)) == [("activity", "First call", "BOLT")]
    assert {one[1] for one in entries(told(letters))} == {LETTER.issue_description}
    socket.close()
    letters.close()


def test_what_many_entries_depend_on_is_told_by_one_word(
    site: Site, server: Server, dana: Client
) -> None:
    socket = following(server, dana)
    changed = replace(REVIEW, priority=5)

    site.tell(ACTION_CODE, (REVIEW.code,), DefineActionCode(changed))

    change = told(socket)
    assert (change["reload"], change["entries"], change["left"]) == (True, [], [])
    socket.close()


def test_a_list_of_a_user_wants_one(site: Site, server: Server) -> None:
    key = create_key(site.database, site.tenant, Role.CREDIT_USER, "A machine")
    socket = Socket(server, {"Authorization": f"Bearer {key}"})
    socket.subscribe(FOLLOW, scope="MINE")

    message = socket.receive()

    assert message["type"] == "next", message
    (error,) = message["payload"]["errors"]
    assert error["message"] == "Name a user: the caller is none."
    socket.close()
