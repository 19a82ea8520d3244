"""Documents are true: generated ones as they are written, links that lead somewhere."""

import importlib
import pkgutil
import re
from functools import lru_cache
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

import projections
from domain.catalogue import DECIDERS
from projections.view import View
from runtime.dictionary import VIEWS, data_dictionary

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md", "benchmarks/*.md")
    for path in ROOT.glob(pattern)
)


def test_the_data_dictionary_is_what_the_code_says() -> None:
    written = (ROOT / "docs" / "data-dictionary.md").read_text()
    assert written == data_dictionary(), "run `make generated` and look at what changed"


def test_every_view_is_in_the_dictionary() -> None:
    modules = [
        importlib.import_module(f"projections.{one.name}")
        for one in pkgutil.iter_modules(projections.__path__)
    ]
    found = [one for module in modules for one in vars(module).values() if isinstance(one, View)]
    assert {one.name for one in found} == {one.name for one in VIEWS}


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    dead = [
        target
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert dead == []


@lru_cache
def schema() -> GraphQLSchema:
    return build_schema((ROOT / "api" / "schema.graphql").read_text())


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_queries_are_of_the_schema(page: Path) -> None:
    blocks = re.findall(r"```graphql\n(.*?)```", page.read_text(), flags=re.DOTALL)
    wrong = [one.message for block in blocks for one in validate(schema(), parse(block))]
    assert wrong == []


def test_every_command_that_pages_name_is_there() -> None:
    from cli.main import COMMANDS  # noqa: PLC0415

    named = set()
    for page in PAGES:
        named |= set(
            re.findall(r"^\$ (?:\.venv/bin/)?tallystick ([\w-]+)", page.read_text(), re.MULTILINE)
        )
    assert named <= set(COMMANDS)


def test_every_make_target_that_pages_name_is_there() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set()
    for page in PAGES:
        named |= set(re.findall(r"`?\bmake (\w+)`|^\$ make (\w+)", page.read_text(), re.MULTILINE))
    assert {one or other for one, other in named} <= targets


def test_every_category_of_streams_is_told() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    told = re.findall(r"`(\w+)`", page.split("## Streams")[1].split("## ")[0])
    assert {one.category for one in DECIDERS} - set(told) == set()


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\[\d{4}\]\(([^)]+)\)", (folder / "README.md").read_text())
    assert sorted(listed) == sorted(path.name for path in folder.glob("0*.md"))
