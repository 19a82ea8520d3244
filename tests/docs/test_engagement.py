"""The auditor's page, carried out from its first command to its last on a ledger of its own."""

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from runtime.embedded import programs
from tests.docs.console import agrees, carried_out, steps

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "audit.md"


@pytest.fixture
def checkout() -> Generator[Path]:
    """A folder with what the page takes from a checkout; its path is short, as that of a socket."""
    with tempfile.TemporaryDirectory(
        prefix="tallystick-audit-", ignore_cleanup_errors=True
    ) as folder:
        (Path(folder) / "examples").symlink_to(ROOT / "examples")
        yield Path(folder)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What a shell knows in which this program is set up."""
    installed = tmp_path / "bin"
    installed.mkdir()
    for name, command in (("tallystick", "-m cli"), ("python", "")):
        path = installed / name
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}" {command} "$@"\n')
        path.chmod(0o755)
    path = os.pathsep.join((str(installed), os.environ["PATH"], str(programs())))
    return os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page needs curl")
def test_an_engagement_goes_as_the_page_says(
    checkout: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    wanted = steps(PAGE)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    here = [
        one._replace(
            command=one.command.replace(":8000", f":{port}").replace(
                "tallystick serve", f"tallystick serve --port {port}"
            )
        )
        for one in wanted
    ]
    printed = tmp_path / "printed"
    printed.mkdir()

    done = carried_out(here, checkout, environment, printed)

    wrong = [
        (step.command, told.code, told.printed)
        for step, told in zip(wanted, done, strict=False)
        if told.code or (step.shown is not None and not agrees(step.shown, told.printed))
    ]
    assert wrong == []
    assert len(done) == len(wanted) > 50
