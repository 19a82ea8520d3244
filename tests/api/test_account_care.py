"""What collectors say of accounts over the API, one by one and many at once."""

from collections.abc import Callable, Generator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import api.account_updates
from domain.api_key import Role
from runtime.clock import now
from runtime.database import Database
from runtime.tenants import Tenant
from runtime.worker import ReadModelWorker
from tests.api.conftest import TODAY, Client, write_ledger
from tests.api.strategies import define_class
from tests.api.test_users import change, errors, register
from tests.loading import load, write_csv

COLUMNS = (
    "assigned_user_id, credit_class_id, online_pmt_option, days_to_respond, sales_reps,"
    " credit_score, credit_score_source, credit_rated_on, bureau_1, bureau_2, bureau_3, sper_id"
)


@pytest.fixture
def worked(database: Database, tenant: Tenant, tmp_path: Path) -> Generator[Tenant]:
    """A tenant with the ledger, whose read models are kept up."""
    write_ledger(tmp_path)
    load(database, tenant, tmp_path, business_date=TODAY)
    with ReadModelWorker(database.url("worker"), lambda _: [tenant.id]):
        yield tenant


@pytest.fixture
def admin(worked: Tenant, client_of: Callable[[Tenant, Role], Client]) -> Client:
    client = client_of(worked, Role.ADMIN)
    register(client, "dana")
    for class_id in ("GOLD", "IRON", "LEAD"):
        define_class(client, class_id)
    return client


@pytest.fixture
def kept(database: Database, worked: Tenant) -> Callable[[], dict[str, tuple[Any, ...]]]:
    """What has been said of each account."""

    def rows() -> dict[str, tuple[Any, ...]]:
        with database.connect("worker") as connection:
            found = connection.execute(
                f"SELECT company_id || '/' || cust_id, {COLUMNS} FROM read_models.account_care"
                " WHERE tenant = %s".encode(),  # type: ignore[arg-type]
                (worked.id,),
            )
            return {one: tuple(rest) for one, *rest in found}

    return rows


Kept = Callable[[], dict[str, tuple[Any, ...]]]


def say(client: Client, mutation: str, **given: Any) -> dict[str, Any]:
    name = mutation[0].upper() + mutation[1:]
    query = f"""mutation($input: {name}Input!) {{{mutation}(input: $input) {{
        account {{custName}} userErrors {{code field message}} position}}}}"""
    key = {"companyId": "1", "custId": "ACME"}
    return client.ask(query, input=key | given)[mutation]


SAYINGS: list[tuple[str, dict[str, Any]]] = [
    ("assignAccount", {"userId": "dana"}),
    ("classifyAccount", {"creditClassId": "GOLD"}),
    ("allowOnlinePayments", {"onlinePmtOption": True}),
    ("setDaysToRespond", {"daysToRespond": 5}),
    ("setSalesReps", {"salesReps": ["sue", "S-7"]}),
    ("setPrimarySalesPerson", {"sperId": "S-8"}),
    ("rateCredit", {"creditScore": "AA", "bureau2": "700", "ratedOn": "2026-02-01"}),
]


def test_what_is_said_is_kept_whatever_the_erp_says(
    admin: Client, kept: Kept, database: Database, worked: Tenant, tmp_path: Path
) -> None:
    for mutation, given in SAYINGS:
        told = say(admin, mutation, **given)
        assert (errors(told), told["account"]) == ([], {"custName": "Acme Corp"})
        assert say(admin, mutation, **given)["userErrors"] == []  # told twice
    expected = (
        "dana",
        "GOLD",
        True,
        5,
        '["sue","S-7"]',
        "AA",
        "manual",
        date(2026, 2, 1),
        None,
        "700",
        None,
        "S-8",
    )
    assert kept() == {"1/ACME": expected}
    trail = """{auditTrail(filter: {stream: {eq: "account_care/1/ACME"}}) {nodes {type cause}}}"""
    events = admin.ask(trail)["auditTrail"]["nodes"]
    assert [one["cause"] for one in events] == [f"mutation/{one}" for one, _ in SAYINGS]

    (tmp_path / "later").mkdir()
    header, row = "company_id,cust_id,cust_name,credit_score", "1,ACME,Acme Limited,12"
    write_csv(tmp_path / "later" / "customers.csv", header, [row])
    load(database, worked, tmp_path / "later", business_date=TODAY)
    assert kept() == {"1/ACME": expected}

    for mutation, given in [
        ("assignAccount", {"userId": None}),
        ("classifyAccount", {"creditClassId": None}),
        ("allowOnlinePayments", {"onlinePmtOption": False}),
        ("setDaysToRespond", {"daysToRespond": 0}),
        ("setSalesReps", {"salesReps": []}),
        ("setPrimarySalesPerson", {"sperId": None}),
        ("rateCredit", {"creditScore": None, "bureau2": None}),
    ]:
        assert errors(say(admin, mutation, **given)) == []
    none = (None, None, False, None, "[]", None, None, None, None, None, None, None)
    assert kept() == {"1/ACME": none}


@pytest.mark.parametrize(("mutation", "given"), SAYINGS, ids=[one for one, _ in SAYINGS])
def test_collectors_alone_say_it_of_accounts_that_there_are(
    admin: Client,
    worked: Tenant,
    client_of: Callable[[Tenant, Role], Client],
    mutation: str,
    given: dict[str, Any],
) -> None:
    told = say(admin, mutation, **given, custId="NOBODY")
    assert errors(told) == [("account_unknown", "custId")]
    assert (told["account"], told["position"]) == (None, None)
    name = mutation[0].upper() + mutation[1:]
    query = f"mutation($input: {name}Input!) {{{mutation}(input: $input) {{position}}}}"
    wanted = {"companyId": "1", "custId": "ACME"} | given
    for role in (Role.INQUIRY_USER, Role.AUDITOR):
        assert client_of(worked, role).error(query, input=wanted)[0] == "FORBIDDEN"
    assert errors(say(client_of(worked, Role.CREDIT_USER), mutation, **given)) == []


def test_what_cannot_be_said_is_refused(admin: Client, kept: Kept) -> None:
    register(admin, "eve")
    change(admin, "eve", active=False)
    tomorrow = (now().date() + timedelta(days=2)).isoformat()
    for mutation, given, code, field in [
        ("assignAccount", {"userId": "nobody"}, "user_unknown", "userId"),
        ("assignAccount", {"userId": "eve"}, "user_retired", "userId"),
        ("classifyAccount", {"creditClassId": "x" * 101}, "credit_class_invalid", "creditClassId"),
        ("setDaysToRespond", {"daysToRespond": -1}, "days_to_respond_invalid", "daysToRespond"),
        ("setSalesReps", {"salesReps": [""]}, "sales_rep_invalid", "salesReps"),
        ("setSalesReps", {"salesReps": list(map(str, range(101)))}, "sales_reps_too_many", None),
        ("rateCredit", {"creditScore": "x" * 51}, "credit_score_invalid", "creditScore"),
        ("rateCredit", {"bureau3": "x" * 51}, "credit_score_invalid", "bureau3"),
        ("rateCredit", {"creditScore": "A", "ratedOn": tomorrow}, "rated_on_future", "ratedOn"),
    ]:
        told = say(admin, mutation, **given)
        assert errors(told) == [(code, field or "salesReps")]
    assert kept() == {}


def test_a_key_makes_a_saying_be_carried_out_once(admin: Client, kept: Kept) -> None:
    first = say(admin, "classifyAccount", creditClassId="GOLD", idempotencyKey="k")
    say(admin, "classifyAccount", creditClassId="LEAD")
    again = say(admin, "classifyAccount", creditClassId="GOLD", idempotencyKey="k")
    assert again["position"] == first["position"]
    assert kept()["1/ACME"][1] == "LEAD"
    reused = say(admin, "classifyAccount", creditClassId="IRON", idempotencyKey="k")
    assert errors(reused) == [("idempotency_key_reused", "idempotencyKey")]


def many(client: Client, mutation: str, **given: Any) -> dict[str, Any]:
    name = mutation[0].upper() + mutation[1:]
    query = f"""mutation($input: {name}Input!) {{{mutation}(input: $input) {{
        matched changed refused unfinished position userErrors {{code field message}}}}}}"""
    return client.ask(query, input=given)[mutation]


def counts(told: dict[str, Any]) -> tuple[int, int, int, int]:
    return told["matched"], told["changed"], told["refused"], told["unfinished"]


def keys(*accounts: str) -> list[dict[str, str]]:
    return [dict(zip(("companyId", "custId"), one.split("/"), strict=True)) for one in accounts]


COMPANY_1 = {"companyId": {"eq": "1"}}


def test_three_attributes_are_set_of_all_that_a_filter_finds(admin: Client, kept: Kept) -> None:
    wanted = {"creditClassId": "GOLD", "assignedUserId": "dana", "onlinePmtOption": True}
    told = many(admin, "updateAccounts", filter=COMPANY_1, set=wanted)
    assert (counts(told), told["userErrors"]) == ((3, 3, 0, 0), [])
    assert {one: row[:3] for one, row in kept().items()} == dict.fromkeys(
        ("1/ACME", "1/BETA", "1/GAMMA"), ("dana", "GOLD", True)
    )
    again = many(admin, "updateAccounts", filter={}, set=wanted)
    assert counts(again) == (4, 1, 0, 0)
    nobody = many(admin, "updateAccounts", filter={}, set={"assignedUserId": None})
    assert counts(nobody) == (4, 4, 0, 0)
    assert {row[:3] for row in kept().values()} == {(None, "GOLD", True)}


def test_accounts_that_are_listed_are_set_and_those_unknown_are_told(
    admin: Client, kept: Kept
) -> None:
    listed = keys("1/NOBODY", "1/ACME", "2/ACME", "1/ACME")
    told = many(admin, "updateAccounts", accounts=listed, set={"onlinePmtOption": True})
    assert counts(told) == (3, 2, 1, 0)
    assert told["userErrors"] == [
        {
            "code": "account_unknown",
            "field": "custId",
            "message": "NOBODY of company 1: There is no such account.",
        }
    ]
    assert set(kept()) == {"1/ACME", "2/ACME"}
    none = many(admin, "updateAccounts", accounts=[], set={"onlinePmtOption": True})
    assert (counts(none), none["position"]) == ((0, 0, 0, 0), None)


def test_what_cannot_be_set_is_refused_once(admin: Client, kept: Kept) -> None:
    told = many(admin, "updateAccounts", filter={}, set={"assignedUserId": "nobody"})
    assert errors(told) == [("user_unknown", "assignedUserId")]
    assert counts(told) == (4, 0, 0, 3)
    assert told["position"] is None
    wanted = {"creditClassId": "x" * 101}
    told = many(admin, "updateAccounts", accounts=keys("1/NOBODY", "1/ACME"), set=wanted)
    assert errors(told) == [("credit_class_invalid", "creditClassId")]
    assert kept() == {}


@pytest.mark.parametrize(
    "given",
    [
        {"filter": {}, "set": {}},
        {"filter": {}, "set": {"onlinePmtOption": None}},
        {"set": {"onlinePmtOption": True}},
        {"filter": {}, "accounts": [], "set": {"onlinePmtOption": True}},
        {"accounts": keys("1/\0"), "set": {"onlinePmtOption": True}},
        {"filter": {}, "set": {"onlinePmtOption": True}, "idempotencyKey": ""},
    ],
)
def test_a_mass_update_says_what_of_which(admin: Client, given: dict[str, Any]) -> None:
    query = "mutation($input: UpdateAccountsInput!) {updateAccounts(input: $input) {matched}}"
    assert admin.error(query, input=given)[0] == "BAD_USER_INPUT"


def test_a_mass_update_is_only_so_large(
    admin: Client, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.account_updates, "ACCOUNTS_MAX", 3)
    monkeypatch.setattr(api.account_updates, "KEYS_PAGE", 2)
    monkeypatch.setattr(api.account_updates, "LISTED_MAX", 1)
    wanted = {"creditClassId": "GOLD"}
    told = many(admin, "updateAccounts", filter={}, set=wanted)
    assert errors(told) == [("accounts_too_many", "filter")]
    told = many(admin, "updateAccounts", accounts=keys("1/ACME", "1/BETA"), set=wanted)
    assert errors(told) == [("accounts_too_many", "accounts")]
    assert kept() == {}
    told = many(admin, "updateAccounts", filter=COMPANY_1, set=wanted)
    assert counts(told) == (3, 3, 0, 0)


def test_a_mass_update_that_takes_too_long_is_gone_on_with(
    admin: Client, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.account_updates, "SUBMITTING_SHARE", 0)
    wanted = {"creditClassId": "GOLD"}
    assert counts(many(admin, "updateAccounts", filter={}, set=wanted)) == (4, 0, 0, 4)
    monkeypatch.undo()
    assert counts(many(admin, "updateAccounts", filter={}, set=wanted)) == (4, 4, 0, 0)


def test_a_mass_update_sent_again_leaves_alone_what_was_done(admin: Client, kept: Kept) -> None:
    given = {"filter": COMPANY_1, "set": {"creditClassId": "GOLD"}, "idempotencyKey": "k"}
    assert counts(many(admin, "updateAccounts", **given)) == (3, 3, 0, 0)
    say(admin, "classifyAccount", creditClassId="LEAD")
    assert counts(many(admin, "updateAccounts", **given)) == (3, 0, 0, 0)
    assert kept()["1/ACME"][1] == "LEAD"
    other = given | {"set": {"creditClassId": "IRON"}}
    told = many(admin, "updateAccounts", **other)
    assert errors(told) == [("idempotency_key_reused", "idempotencyKey")]


def test_customers_are_given_to_a_user_to_work_on_or_to_sell_to(admin: Client, kept: Kept) -> None:
    register(admin, "sue", kind="INQUIRY_USER")
    told = many(admin, "assignCustomers", userId="dana", filter=COMPANY_1)
    assert counts(told) == (3, 3, 0, 0)
    say(admin, "setSalesReps", salesReps=["S-7"])
    given = {"userId": "sue", "as": "SALES_REP", "accounts": keys("1/ACME", "1/BETA")}
    assert counts(many(admin, "assignCustomers", **given)) == (2, 2, 0, 0)
    assert counts(many(admin, "assignCustomers", **given)) == (2, 0, 0, 0)
    assert {one: (row[0], row[4]) for one, row in kept().items()} == {
        "1/ACME": ("dana", '["S-7","sue"]'),
        "1/BETA": ("dana", '["sue"]'),
        "1/GAMMA": ("dana", "[]"),
    }
    for given_as in ("ASSIGNED_USER", "SALES_REP"):
        told = many(admin, "assignCustomers", userId="nobody", filter={}, **{"as": given_as})
        assert errors(told) == [("user_unknown", "userId")]


@pytest.mark.parametrize("role", [Role.INQUIRY_USER, Role.AUDITOR])
def test_collectors_alone_update_many_accounts(
    worked: Tenant, client_of: Callable[[Tenant, Role], Client], role: Role
) -> None:
    client = client_of(worked, role)
    for mutation, wanted in (
        ("updateAccounts", {"set": {"onlinePmtOption": True}}),
        ("assignCustomers", {"userId": "dana"}),
    ):
        name = mutation[0].upper() + mutation[1:]
        query = f"mutation($input: {name}Input!) {{{mutation}(input: $input) {{matched}}}}"
        assert client.error(query, input={"filter": {}} | wanted)[0] == "FORBIDDEN"


OPTIONS = """mutation($input: ChangeSiteOptionsInput!) {changeSiteOptions(input: $input) {
    siteOptions {creditBureaus creditScoreRanges {low high color name}} userErrors {code field}}}"""


def test_bureaus_and_ranges_of_scores_are_options_of_the_site(admin: Client) -> None:
    ranges = [
        {"low": "0", "high": "59", "color": "#D0021B", "name": "poor"},
        {"low": "60", "high": "100", "color": "#7ed321", "name": "good"},
    ]
    given = {"creditBureaus": ["One", " Two "], "creditScoreRanges": ranges}
    told = admin.ask(OPTIONS, input=given)["changeSiteOptions"]
    assert told["siteOptions"] == {
        "creditBureaus": ["One", "Two"],
        "creditScoreRanges": [ranges[0] | {"color": "#d0021b"}, ranges[1]],
    }
    asked = admin.ask("{siteOptions {creditBureaus} accounts {totalCount}}")
    assert asked == {
        "siteOptions": {"creditBureaus": ["One", "Two"]},
        "accounts": {"totalCount": 4},
    }
    for wrong, code, field in [
        ({"creditBureaus": list("abcd")}, "credit_bureaus_too_many", "creditBureaus"),
        ({"creditScoreRanges": ranges[::-1]}, "credit_score_ranges_overlap", "creditScoreRanges"),
    ]:
        told = admin.ask(OPTIONS, input=wrong)["changeSiteOptions"]
        assert (errors(told), told["siteOptions"]) == ([(code, field)], None)


def test_whom_the_erp_names_sells_to_an_account_else_whom_collectors_name(
    admin: Client, database: Database, worked: Tenant, tmp_path: Path
) -> None:
    (tmp_path / "later").mkdir()
    write_csv(
        tmp_path / "later" / "customers.csv",
        "company_id,cust_id,sper_id,sper_name",
        ["1,ACME,S-7,", "1,BETA,S-8,Old name", "1,GAMMA,,Nobody known"],
    )
    write_csv(
        tmp_path / "later" / "sales_persons.csv",
        "company_id,sper_id,sper_name",
        ["1,S-7,Sue", "1,S-8,Sam", "1,S-9,Sal"],
    )
    load(database, worked, tmp_path / "later", business_date=TODAY)
    register(admin, "dana")

    def sells() -> dict[str, tuple[str | None, str | None]]:
        query = """{accounts(filter: {companyId: {eq: "1"}}) {nodes {custId sperId sperName}}}"""
        nodes = admin.ask(query)["accounts"]["nodes"]
        return {one["custId"]: (one["sperId"], one["sperName"]) for one in nodes}

    names: dict[str, tuple[str | None, str | None]] = {
        "ACME": ("S-7", "Sue"),
        "BETA": ("S-8", "Old name"),
        "GAMMA": (None, "Nobody known"),
    }
    assert sells() == names
    for account in names:
        say(admin, "setPrimarySalesPerson", custId=account, sperId="S-9")
    assert sells() == names | {"GAMMA": ("S-9", "Sal")}
    say(admin, "setPrimarySalesPerson", custId="GAMMA", sperId="dana")
    assert sells() == names | {"GAMMA": ("dana", "Dana")}
