"""Console blocks of pages: carried out in their order in one shell, and what they print compared.

A command follows `$ `, its further lines `> `; all else up to the next command is what it prints,
with what goes to standard error. A page need not show what a command prints: then it must only
succeed. `…` stands for any text, and on a line of its own for any lines. Hashes, signatures, keys
and moments are never the same twice: one stands for any other of its kind.
"""

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

SECONDS_MAX = 900

_MOMENT = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{6})?(?:Z|\+00:00)"
_VOLATILE = (
    (r"tallystick\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44}", r"tallystick\+[0-9a-f]{8}\+\S{44}"),
    (r"[A-Za-z0-9+/]{90,}={0,2}", r"[A-Za-z0-9+/]{90,}={0,2}"),
    (r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=", r"[A-Za-z0-9+/]{43}="),
    (r"tsk_[\w-]{43}", r"tsk_[\\w-]{43}"),
    (
        r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    ),
    (_MOMENT, _MOMENT),
)
"""What is of a kind, and what is taken for it."""


class Step(NamedTuple):
    """A command of a page, and what it prints, None where the page does not show it."""

    command: str
    shown: str | None


class Done(NamedTuple):
    """What a command printed, and how it ended."""

    printed: str
    code: int


def steps(page: Path) -> list[Step]:
    """Return the commands of a page's console blocks, in order."""
    found: list[Step] = []
    for block in re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        for told in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            first, *rest = told.splitlines()
            lines = [first]
            while rest and re.match(r">( |$)", rest[0]):
                lines.append(rest.pop(0)[2:])
            found.append(Step("\n".join(lines), "\n".join(rest) if rest else None))
    return found


def carried_out(
    wanted: list[Step], folder: Path, environment: Mapping[str, str], work: Path
) -> list[Done]:
    """Carry commands out in one shell in a folder; return how each ended, up to the last done.

    `work` is an empty folder for what is printed.
    """
    script = "".join(
        f"{{\n{step.command}\n}} > {work}/{number}.out 2>&1 < /dev/null\n"
        f"echo $? > {work}/{number}.rc\n"
        for number, step in enumerate(wanted)
    )
    shell = subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        shell.wait(SECONDS_MAX)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGTERM)
        shell.wait()
    return [
        Done((work / f"{number}.out").read_text(), int((work / f"{number}.rc").read_text()))
        for number in range(len(wanted))
        if (work / f"{number}.rc").exists()
    ]


def agrees(shown: str, printed: str) -> bool:
    """Whether what a page shows is what was printed."""
    lines = [line.rstrip() for line in shown.strip("\n").splitlines()]
    found = "".join(f"{line.rstrip()}\n" for line in printed.strip("\n").splitlines())
    pattern = "".join(r"(?:.*\n)*?" if line == "…" else _pattern(line) + r"\n" for line in lines)
    return re.fullmatch(pattern, found) is not None


def _pattern(line: str) -> str:
    """Return what lines are like that a page shows as this one."""
    kinds = "|".join(f"({told})" for told, _ in _VOLATILE)
    pattern, place = "", 0
    for match in re.finditer(kinds, line):
        assert match.lastindex is not None
        pattern += _plain(line[place : match.start()]) + _VOLATILE[match.lastindex - 1][1]
        place = match.end()
    return pattern + _plain(line[place:])


def _plain(text: str) -> str:
    return ".*".join(map(re.escape, text.split("…")))
