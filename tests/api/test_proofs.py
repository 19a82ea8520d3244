"""Checkpoints and proofs over HTTP, checked as an outsider would."""

import base64
import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from domain.api_key import Role
from eventstore.proofs.merkle import includes, leaf_hash
from eventstore.proofs.notes import opened_note
from runtime.audit_keys import audit_keys
from runtime.database import Database
from runtime.tenants import Tenant
from tests.api.conftest import Client, Server
from tests.runtime.auditing import rewriting
from tests.runtime.rules import Site

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "audit.md"

CHECKPOINT = "checkpoint {origin size root signedAt note}"
SIGN = f"mutation {{signCheckpoint {{{CHECKPOINT} userErrors {{code}} position}}}}"
LIST = "query($first: Int!) {checkpoints(first: $first) {size root}}"
PROOF = f"""query($position: Int!, $size: Int) {{
    eventProof(position: $position, checkpointSize: $size) {{
        position line hashes proof {CHECKPOINT}}}}}"""
TRAIL = """{auditTrail(stream: "invoice/1/I1") {nodes {position version}}}"""
ADD = """mutation {addPersonalContact(input: {cntctName: "Ann", cntctEmailAddr: "a@example.com",
    idempotencyKey: "k"}) {userErrors {code} position}}"""

ClientAs = Callable[[Role], Client]


@pytest.fixture
def site(database: Database, tenant: Tenant, tmp_path: Path) -> Site:
    site = Site(database, tenant, tmp_path)
    site.document("I1")
    site.sync(date(2026, 3, 2))
    return site


@pytest.fixture
def client_as(site: Site, client_of: Callable[[Tenant, Role], Client]) -> ClientAs:
    return lambda role: client_of(site.tenant, role)


def test_an_event_is_proven_against_a_checkpoint(client_as: ClientAs, server: Server) -> None:
    auditor = client_as(Role.AUDITOR)
    ((event),) = auditor.ask(TRAIL)["auditTrail"]["nodes"][:1]
    assert auditor.ask(PROOF, position=event["position"])["eventProof"] is None  # none is signed
    signed = auditor.ask(SIGN)["signCheckpoint"]
    checkpoint = signed["checkpoint"]
    assert (signed["userErrors"], signed["position"]) == ([], checkpoint["size"])
    opened_note(checkpoint["note"], audit_keys(server.settings).verifiers)
    proof = auditor.ask(PROOF, position=event["position"])["eventProof"]
    assert proof["checkpoint"] == checkpoint
    assert json.loads(proof["line"])["stream"] == "invoice/1/I1"
    hashes = [base64.b64decode(one) for one in proof["hashes"]]
    root = base64.b64decode(checkpoint["root"])
    leaf = leaf_hash(proof["line"].encode())
    assert includes(leaf, event["position"] - 1, checkpoint["size"], hashes, root)
    assert proof["proof"].endswith(checkpoint["note"])
    assert auditor.ask(SIGN)["signCheckpoint"] == signed
    again = auditor.ask(PROOF, position=event["position"], size=checkpoint["size"])
    assert again["eventProof"] == proof
    assert auditor.ask(PROOF, position=1, size=77)["eventProof"] is None
    assert auditor.ask(PROOF, position=10_000)["eventProof"] is None
    client_as(Role.CREDIT_USER)  # which is an event
    newer = auditor.ask(SIGN)["signCheckpoint"]["checkpoint"]
    listed = auditor.ask(LIST, first=2)["checkpoints"]
    assert [one["size"] for one in listed] == [newer["size"], checkpoint["size"]]
    assert auditor.ask(LIST, first=1)["checkpoints"] == listed[:1]


def test_the_page_is_carried_out_as_it_says(client_as: ClientAs) -> None:
    admin = client_as(Role.ADMIN)
    *others, query, mutation = re.findall(
        r"```graphql\n(.*?)```", PAGE.read_text(), flags=re.DOTALL
    )
    signed = admin.ask(mutation)["signCheckpoint"]["checkpoint"]
    told = admin.ask(query)
    assert told["checkpoints"][0]["root"] == signed["root"]
    assert told["eventProof"]["checkpoint"]["root"] == signed["root"]
    for one in others:
        admin.ask(one)


def test_who_may_ask_and_sign(client_as: ClientAs) -> None:
    inquirer, user = client_as(Role.INQUIRY_USER), client_as(Role.CREDIT_USER)
    assert inquirer.error(LIST, first=1)[0] == "FORBIDDEN"
    assert inquirer.error(PROOF, position=1)[0] == "FORBIDDEN"
    assert user.error(SIGN)[0] == "FORBIDDEN"
    assert user.error(LIST, first=-1)[0] == "BAD_USER_INPUT"
    client_as(Role.ADMIN).ask(SIGN)
    assert user.ask(PROOF, position=1)["eventProof"]["position"] == 1


def test_personal_contacts_are_proven_to_their_owner_and_to_auditors(client_as: ClientAs) -> None:
    owner, other, auditor = (
        client_as(role) for role in (Role.CREDIT_USER, Role.ADMIN, Role.AUDITOR)
    )
    told = owner.ask(ADD)["addPersonalContact"]
    assert told["userErrors"] == []
    auditor.ask(SIGN)
    seen = [one.ask(PROOF, position=told["position"])["eventProof"] for one in (owner, auditor)]
    assert ["PersonalContactAdded" in one["line"] for one in seen] == [True, True]
    assert ["Ann" in one["line"] for one in seen] == [False, False]
    assert other.ask(PROOF, position=told["position"])["eventProof"] is None


def test_what_was_rewritten_is_not_signed(
    client_as: ClientAs, site: Site, owner: Connection[Any]
) -> None:
    admin = client_as(Role.ADMIN)
    admin.ask(SIGN)
    with rewriting(owner, site.tenant.id):
        owner.execute(
            b"UPDATE tree_tiles SET hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1)"
        )
    signed = admin.ask(SIGN)["signCheckpoint"]
    assert signed == {
        "checkpoint": None,
        "userErrors": [{"code": "history_rewritten"}],
        "position": None,
    }
