"""Rules of the house that a machine checks: imports, clocks, floats, sizes, docstrings."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = [
    "domain",
    "eventstore",
    "application",
    "projections",
    "correspondence",
    "erp",
    "runtime",
    "api",
    "portal",
    "schedulers",
    "cli",
    "examples",
    "benchmarks",
    "migrations",
]
LINES_MAX = 620
"""A file that is longer is split by capability."""

CLOCKS = {
    "date": {"today"},
    "datetime": {"now", "today", "utcnow"},
    "time": {"time", "time_ns", "localtime", "gmtime", "ctime", "strftime"},
}
"""What tells today or now, by where it is found; clocks that measure durations are not meant."""


PRINTERS = {"cli/output.py", "runtime/dictionary.py"}
"""What prints is what makes output: results of commands, and a page of the documentation."""


def modules(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    for package in packages or PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def last_name(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def test_imports_point_inwards() -> None:
    lint_imports = Path(sys.executable).parent / "lint-imports"
    told = subprocess.run([lint_imports], cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout


def test_every_aggregate_and_read_model_is_declared_independent() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    exhaustive = {
        container
        for contract in contracts["contracts"]
        if contract.get("exhaustive")
        for container in contract["containers"]
    }
    assert exhaustive == {"domain", "projections"}


def test_the_clock_is_read_in_one_place() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        if name != "runtime/clock.py" and not name.startswith("benchmarks/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name | ast.Attribute)
        and node.func.attr in CLOCKS.get(last_name(node.func.value), set())
    ]
    assert found == []


def test_the_domain_knows_no_floats() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules("domain")
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
    ]
    assert found == []


def test_nothing_prints_but_what_makes_output() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        if name not in PRINTERS and not name.startswith("benchmarks/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == "print"
    ]
    assert found == []


def test_every_module_opens_with_a_sentence() -> None:
    bare = []
    for name, tree in modules():
        told = (ast.get_docstring(tree) or "").split("\n\n")[0]
        if not told.rstrip().endswith((".", "?")):
            bare.append(name)
    assert bare == []


def test_no_file_is_longer_than_one_wants_to_live_in() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for package in [*PACKAGES, "tests"]
        for path in (ROOT / package).rglob("*.py")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LINES_MAX
    }
    assert long == {}


@pytest.mark.parametrize("package", ["domain", "application", "erp", "api", "cli", "schedulers"])
def test_sql_is_written_where_it_belongs(package: str) -> None:
    words = ("SELECT ", "INSERT INTO ", "DELETE FROM ", "CREATE TABLE ")
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules(package)
        if name != "erp/query_source.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.lstrip().startswith(words)
    ]
    assert found == []


def test_questions_name_tables_without_their_schema_so_that_replays_answer_them() -> None:
    named = [
        f"{path}: {one.value.strip()[:60]}"
        for path, module in modules("projections", "api")
        for one in ast.walk(module)
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
        if re.search(r"\b(FROM|JOIN|INTO|UPDATE|TABLE)\s+read_models\.", one.value)
    ]
    assert named == []
