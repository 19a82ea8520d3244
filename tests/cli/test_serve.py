"""`tallystick serve`: told to end, it ends what it began."""

import os
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from runtime.clock import now
from runtime.database import Database
from runtime.tenants import Tenant
from tests.runtime.rules import Site

ROOT = Path(__file__).parents[2]

SERVING = """
import sys, time
from datetime import datetime
from functools import partial
import cli.serve
from cli.main import main
from runtime.jobs import JobRunner

moment = datetime.fromisoformat(sys.argv.pop(1))
tenant = sys.argv.pop(1)
cli.serve.JobScheduler = partial(cli.serve.JobScheduler, clock=lambda: moment)
wait_and_do, tenants = JobRunner._do, JobRunner.tenants

def slowly(self, tenant, wanted):
    print("begun", flush=True)
    time.sleep(2)
    return wait_and_do(self, tenant, wanted)

JobRunner._do = slowly  # and leave the tenants of other tests alone
JobRunner.tenants = lambda self: [one for one in tenants(self) if one.name == tenant]
main()
"""


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("only", ["api,jobs", "jobs"])
def test_a_firing_is_ended_before_the_process_is(
    database: Database, tenant: Tenant, tmp_path: Path, only: str, told: signal.Signals
) -> None:
    site = Site(database, tenant, tmp_path)
    site.document("I1")
    site.sync(now().date())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert database.server is not None
    moment = (now() + timedelta(days=1)).isoformat()
    options = ["serve", "--only", only, "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVING, moment, tenant.name, *options],
        env=os.environ | {"TALLYSTICK_HOME": str(database.server.home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(told)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    site.issues()
    firings = "SELECT job, state, attempts FROM job_firings WHERE tenant = %(tenant)s"
    assert site.rows(firings) == [("day_roll/UTC", "completed", 1)]
