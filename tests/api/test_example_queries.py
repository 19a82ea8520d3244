"""The questions in examples/queries: each is asked in one request, and the demo answers it."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from graphql import build_schema, parse, validate

from cli.demo import STRATEGY
from domain.api_key import Role
from domain.strategy import parsed_strategy
from examples.sample_work import MANAGER
from runtime.database import Database
from runtime.keys import create_key
from runtime.rule_runs import RuleRunner
from runtime.strategies import put_in_force, put_starter_in_force
from runtime.tenants import Tenant, create_tenant
from tests.api.conftest import Client, Server
from tests.examples.sample import TODAY, load_sample, work
from tests.loading import recorded_at

ROOT = Path(__file__).parents[2]
QUERIES = {one.stem: one.read_text() for one in sorted((ROOT / "examples/queries").iterdir())}

ACCOUNT = {"companyId": "AU50", "custId": "10001A"}
VARIABLES: dict[str, dict[str, Any]] = {
    "account_detail": ACCOUNT,
    "accounts_summary": {"filter": {"totalAge": {"ne": "0"}}},
    "aging_by_customer": {"companyId": "DE20"},
    "credit_exposure": {"companyId": "DE20"},
    "customer_info": ACCOUNT,
    "invoice_activities": {"companyId": "AU50", "tranId": "IN260116-0001"},
    "invoice_grid": {"companyId": "DE20"},
    "my_accounts": {"userId": "MH"},
}
"""What questions about something in particular are asked about."""

UNKNOWN: dict[str, set[str]] = {
    "aging_by_customer": {"knownNow.knownAt"},
    "customer_info": {
        "account.addrLine2",
        "account.bureau3",
        "account.parent",
        *(f"account.udf{number}" for number in (1, 3, 4, 5, 8, 9, 10)),
        *(f"siteOptions.udfCaptions.udf{number}" for number in (3, 4, 5, 8, 9, 10)),
    },
    "dashboard": {"dashboard.groups.priorSixMonths.averageDays"},
    "invoice_activities": {"invoice.disputes.nodes.outcome", "invoice.paymentSchedule"},
}
"""What is null or empty wherever an answer tells it."""


@pytest.fixture(scope="module")
def demo(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Tenant:
    """A tenant with the sample ledger, the sample work and what rules make of them."""
    tenant = create_tenant(database, f"demo-{uuid4().hex}")
    put_starter_in_force(database, tenant, actor="test")
    work(load_sample(database, tenant, tmp_path_factory.mktemp("ledger")))
    strategy, problems = parsed_strategy(STRATEGY.read_text(encoding="utf-8"))
    assert not problems
    put_in_force(database, tenant, strategy, actor="test", confirmed=True)
    with RuleRunner(database, tenant, actor="test") as runner:
        runner.run(TODAY)
    return tenant


@pytest.fixture(scope="module")
def asking(demo: Tenant, database: Database, server: Server) -> Generator[Client]:
    """The manager, who may ask everything."""
    client = Client(server, create_key(database, demo, Role.ADMIN, "Maren", MANAGER))
    yield client
    client.http.close()


def test_questions_fit_the_schema() -> None:
    schema = build_schema((ROOT / "api" / "schema.graphql").read_text())
    for name, text in QUERIES.items():
        assert (name, validate(schema, parse(text))) == (name, [])


@pytest.mark.parametrize("name", QUERIES)
def test_question_has_an_answer(
    name: str, asking: Client, database: Database, demo: Tenant
) -> None:
    variables = {"asOf": TODAY.isoformat()} | VARIABLES.get(name, {})
    if name == "aging_by_customer":
        variables["knownAt"] = recorded_at(database, demo).isoformat()
    known: dict[str, bool] = {}
    for path, told in said(asking.ask(QUERIES[name], **variables)):
        known[path] = told or known.get(path, False)
    assert {path for path, told in known.items() if not told} == UNKNOWN.get(name, set())


def said(answer: Any, path: str = "") -> Iterator[tuple[str, bool]]:
    """Every field of an answer by its path, and whether it says anything there."""
    match answer:
        case dict():
            yield path, True
            for name, value in answer.items():
                yield from said(value, f"{path}.{name}" if path else name)
        case list():
            yield path, bool(answer)
            for one in answer:
                yield from said(one, path)
        case _:
            yield path, answer is not None
