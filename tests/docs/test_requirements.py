"""The table of requirements is whole, and what it names is there."""

import ast
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "requirements.md"

ROWS = {
    "ACC": 33,
    "INV": 33,
    "AGE": 22,
    "PAY": 11,
    "PND": 16,
    "SCH": 8,
    "PRM": 14,
    "DSP": 14,
    "KPI": 26,
    "CMP": 10,
    "UDF": 6,
    "ISS": 15,
    "ACT": 32,
    "FUP": 19,
    "RULE": 34,
    "CODE": 7,
    "UA": 6,
    "LIST": 8,
    "ALR": 5,
    "SYN": 11,
    "LOG": 4,
}
"""How many rows each area has, in order."""

AUDITED = {"D2": 24, "D3": 15, "D9": 12}
"""How many rows each section of the design has that is about history and proofs, in order."""

READINGS = [
    *(f"C{number}" for number in (1, 13, 15, 24, 25, 26, 29)),
    *(f"G{number}" for number in (4, 6, 9, 11, 12, 14, 15)),
]
EXAMPLES = [f"V{number}" for number in range(1, 26)]

STATES = ("done", "waits for rules", "waits for mail", "waits for portal", "waits for rights")


class Requirement(NamedTuple):
    """A row of the table; `modules` and `tests` are paths."""

    id: str
    what: str
    state: str
    modules: list[str]
    tests: list[str]


def requirements() -> list[Requirement]:
    """The rows of all areas, in order."""
    found: list[Requirement] = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if re.match(r"\| ([A-Z]{2,4}-\d|D\d-\d|[CGV]\d)", line):
            number, what, state, where, test = (cell.strip() for cell in line.split("|")[1:-1])
            named = (re.findall(r"`([^`]+)`", cell) for cell in (where, test))
            found.append(Requirement(number, what, state, *named))
    return found


@lru_cache
def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def missing(test: str) -> bool:
    name, _, function = test.partition("::")
    path = ROOT / "tests" / name
    return not path.exists() or function not in functions(path)


def test_every_row_of_every_area_is_there_once_and_in_order() -> None:
    counts = [*ROWS.items(), *AUDITED.items()]
    expected = [f"{area}-{n:02}" for area, count in counts for n in range(1, count + 1)]
    assert [one.id for one in requirements()] == [*expected, *READINGS, *EXAMPLES]


def test_states_are_of_the_known_words() -> None:
    unknown = {
        one.id: one.state
        for one in requirements()
        if one.state not in STATES and not re.fullmatch(r"part: \w.+", one.state)
    }
    assert unknown == {}


def test_every_row_says_in_a_few_words_what_it_is_about() -> None:
    words = {one.id: len(one.what.split()) for one in requirements()}
    assert {number: count for number, count in words.items() if not 0 < count <= 8} == {}


def test_what_is_done_names_its_module_and_its_test() -> None:
    bare = [
        one.id for one in requirements() if one.state == "done" and not (one.modules and one.tests)
    ]
    assert bare == []


@pytest.mark.parametrize("area", [*ROWS, *AUDITED, *"CGV"])
def test_what_is_named_is_there(area: str) -> None:
    """Rows that are done in part may name a module, or a file of tests, that is to come."""
    gone: list[str] = []
    for one in requirements():
        if not re.match(rf"{area}[-\d]", one.id):
            continue
        to_come = one.state.startswith("part: ")
        gone += [
            f"{one.id} {name}"
            for name in one.modules
            if not to_come and not (ROOT / name).is_file()
        ]
        gone += [
            f"{one.id} {test}"
            for test in one.tests
            if not (to_come and "::" not in test) and missing(test)
        ]
    assert gone == []
