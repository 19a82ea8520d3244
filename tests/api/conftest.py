"""A server as users reach it: over HTTP, on a port of its own, with real keys and a real ledger."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Generator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn
from websockets.sync.client import ClientConnection, connect

from api.app import create_app
from domain.api_key import Role
from runtime.database import Database
from runtime.keys import create_key
from runtime.services import Services
from runtime.settings import Settings
from runtime.tenants import Tenant, create_tenant
from runtime.worker import ReadModelWorker
from tests.loading import load, write_csv

TODAY = date(2026, 3, 2)


class Server:
    """The application, served."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.settings = settings
        self.services = Services(database, settings)
        config = uvicorn.Config(
            create_app(self.services), port=0, log_level="error", ws="websockets-sansio"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),))
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            time.sleep(0.005)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        await self._server.serve()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()


class Client:
    """A client with a key."""

    def __init__(self, server: Server, key: str) -> None:
        self.key = key
        self.http = httpx.Client(
            base_url=server.url, headers={"Authorization": f"Bearer {key}"}, timeout=60
        )

    def post(self, query: str, **variables: Any) -> httpx.Response:
        return self.http.post("/graphql", json={"query": query, "variables": variables})

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of a query that must succeed."""
        answer = self.post(query, **variables)
        told = answer.json()
        assert answer.status_code == 200, told
        assert "errors" not in told, told
        return told["data"]

    def error(self, query: str, **variables: Any) -> tuple[str, str]:
        """The code and message of the one error of a query that must fail."""
        (error,) = self.post(query, **variables).json()["errors"]
        return error["extensions"]["code"], error["message"]


class Socket:
    """A client of the protocol graphql-transport-ws."""

    def __init__(self, server: Server, init: dict[str, Any], **headers: str) -> None:
        url = f"ws://127.0.0.1:{server.port}/graphql"
        self._connecting = connect(
            url,
            subprotocols=["graphql-transport-ws"],  # type: ignore[list-item]
            additional_headers=headers,
        )
        self.socket: ClientConnection = self._connecting.__enter__()
        self.send({"type": "connection_init", "payload": init})

    def close(self) -> None:
        self._connecting.__exit__(None, None, None)

    def send(self, message: dict[str, Any]) -> None:
        self.socket.send(json.dumps(message))

    def receive(self) -> dict[str, Any]:
        return json.loads(self.socket.recv(timeout=20))

    def subscribe(self, query: str, **variables: Any) -> None:
        assert self.receive()["type"] == "connection_ack"
        payload = {"query": query, "variables": variables}
        self.send({"id": "1", "type": "subscribe", "payload": payload})


@pytest.fixture(scope="session")
def server(database: Database, settings: Settings) -> Generator[Server]:
    server = Server(database, settings)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def client_of(server: Server, database: Database) -> Generator[Callable[[Tenant, Role], Client]]:
    clients: list[Client] = []

    def client(tenant: Tenant, role: Role = Role.ADMIN) -> Client:
        clients.append(Client(server, create_key(database, tenant, role, "Dana")))
        return clients[-1]

    yield client
    for one in clients:
        one.http.close()


def write_ledger(folder: Path) -> None:
    """A ledger small enough to know by heart: two companies, a parent, a credit memo."""
    write_csv(
        folder / "companies.csv",
        "company_id,name,home_currency,time_zone",
        ["1,One Ltd,EUR,Europe/Rome", "2,Two Inc,USD,UTC"],
    )
    write_csv(
        folder / "customers.csv",
        "company_id,cust_id,cust_name,parent_id,credit_limit,credit_hold,cust_class_id",
        [
            "1,ACME,Acme Corp,,5000,false,A",
            "1,BETA,Beta_100%,ACME,,true,B",
            "1,GAMMA,,,,,",
            "2,ACME,Acme America,,100.5,no,A",
        ],
    )
    write_csv(
        folder / "contacts.csv",
        "company_id,cust_id,cntct_id,cntct_name,cntct_email_addr,primary",
        ["1,ACME,2,Zoe,zoe@acme.test,true", "1,ACME,1,Adam,,false"],
    )
    write_csv(
        folder / "invoices.csv",
        "company_id,tran_id,cust_id,tran_date,due_date,amount,curr_id,amount_hc,type,cust_po_no",
        [
            "1,I1,ACME,2026-01-01,2026-01-31,100.00,EUR,,IN,PO-1",
            "1,I2,ACME,2026-02-01,2026-03-03,200.00,EUR,,IN,",
            "1,I3,BETA,2025-10-01,2025-10-31,300.00,USD,270.00,IN,PO-3",
            "1,C4,BETA,2026-02-15,,-50.00,EUR,,CM,",
            "1,I5,GAMMA,2026-04-01,2026-05-01,500.00,EUR,,IN,",
            "2,I1,ACME,2026-02-20,2026-02-25,70.00,USD,,IN,po-x",
        ],
    )
    write_csv(
        folder / "payments.csv",
        "company_id,payment_id,cust_id,pmt_date,amount,curr_id,tender_type,reference",
        ["1,P1,ACME,2026-02-10,60.00,EUR,check,4711", "1,P2,BETA,2026-02-20,300.00,USD,wire,"],
    )
    write_csv(
        folder / "payment_applications.csv",
        "company_id,payment_id,tran_id,amount,applied_date",
        ["1,P1,I1,60.00,2026-02-10", "1,P2,I3,100.00,2026-02-20"],
    )


@pytest.fixture(scope="session")
def ledger(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Tenant:
    """A tenant with the ledger, to be read only."""
    tenant = create_tenant(database, f"ledger-{uuid4().hex}")
    folder = tmp_path_factory.mktemp("ledger")
    write_ledger(folder)
    synced = load(database, tenant, folder, business_date=TODAY)
    assert synced.outcome.rejected == []
    return tenant


@pytest.fixture(scope="session")
def client(client_of: Callable[[Tenant, Role], Client], ledger: Tenant) -> Client:
    """An administrator of the ledger."""
    return client_of(ledger, Role.ADMIN)


@pytest.fixture
def worked(database: Database, tenant: Tenant, tmp_path: Path) -> Generator[Tenant]:
    """A tenant with the ledger, whose read models are kept up."""
    write_ledger(tmp_path)
    load(database, tenant, tmp_path, business_date=TODAY)
    with ReadModelWorker(database.url("worker"), lambda _: [tenant.id]):
        yield tenant


@pytest.fixture
def admin(worked: Tenant, client_of: Callable[[Tenant, Role], Client]) -> Client:
    """An administrator of the ledger that may be changed."""
    return client_of(worked, Role.ADMIN)
