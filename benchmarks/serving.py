"""The GraphQL API in a process of its own, and a client of it that does little but wait."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from domain.api_key import Role
from runtime.database import Database
from runtime.keys import create_key
from runtime.tenants import Tenant

START_SECONDS_MAX = 30.0


class Client:
    """A connection to the API that asks one query again and again."""

    def __init__(
        self, port: int, key: str, query: str, variables: Mapping[str, Any] | None = None
    ) -> None:
        self._key = key
        self._query = query
        self._request = self._asking(variables or {})
        self._connection = socket.create_connection(("127.0.0.1", port))

    def _asking(self, variables: Mapping[str, Any]) -> bytes:
        body = json.dumps({"query": self._query, "variables": dict(variables)})
        return (
            f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def ask(self, variables: Mapping[str, Any] | None = None) -> bytes:
        """Return the body of the next answer, to the variables of this time if there are any."""
        self._connection.sendall(self._request if variables is None else self._asking(variables))
        received = self._connection.recv(65_536)
        head, _, body = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), received
        found = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        assert found is not None, head
        while len(body) < int(found.group(1)):
            body += self._connection.recv(65_536)
        return body

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


class Served:
    """Where the API of a tenant is served, and the key to it."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._key = key

    @contextmanager
    def client(self, query: str, variables: Mapping[str, Any] | None = None) -> Generator[Client]:
        """Give a client with a query of its own."""
        client = Client(self._port, self._key, query, variables)
        try:
            yield client
        finally:
            client.close()


@contextmanager
def served(database: Database, tenant: Tenant, parts: str = "api") -> Generator[Served]:
    """Serve the API of a tenant, and other parts that are named, until the block is left."""
    key = create_key(database, tenant, Role.ADMIN, "benchmark")
    assert database.server is not None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "serve", "--only", parts, "--port", str(port)],
        env=os.environ | {"TALLYSTICK_HOME": str(database.server.home)},
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        yield Served(port, key)
    finally:
        process.terminate()
        process.wait()


def _wait(port: int) -> None:
    deadline = time.perf_counter() + START_SECONDS_MAX
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.perf_counter() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
