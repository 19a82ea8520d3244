"""A strategy as text: credit classes, action codes and rules in TOML, to be read and written.

The starter strategy comes with the product in this form (RULE-31), and strategies of a site's own
are exported and imported in it.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from typing import Any

import msgspec
import tomli_w
from msgspec import Struct
from msgspec.structs import replace

from domain.action_code import ActionCodeDocument
from domain.credit_class import CreditClassDocument
from domain.rule import RuleDocument

STANDARD_CLASS = "standard"
"""The class of the starter strategy."""


class Strategy(Struct, frozen=True):
    """Credit classes, action codes and rules."""

    credit_classes: tuple[CreditClassDocument, ...] = ()
    action_codes: tuple[ActionCodeDocument, ...] = ()
    rules: tuple[RuleDocument, ...] = ()


class Unreadable(Struct, frozen=True):
    """An entry of a strategy that cannot be read: of which kind, called what, and why."""

    kind: str
    name: str
    reason: str


class StrategyError(Exception):
    """The text is no strategy at all; the message says why."""


def starter_strategy() -> Strategy:
    """Return the strategy that comes with the product; its codes and rules are `system` ones."""
    text = resources.files("domain").joinpath("strategies", "starter.toml").read_text("utf-8")
    strategy, problems = parsed_strategy(text)
    assert not problems, problems
    return Strategy(
        strategy.credit_classes,
        tuple(replace(one, system=True) for one in strategy.action_codes),
        tuple(replace(one, system=True) for one in strategy.rules),
    )


_KINDS: Mapping[str, tuple[type[Struct], tuple[str, ...]]] = {
    "credit_classes": (CreditClassDocument, ("class_id",)),
    "action_codes": (ActionCodeDocument, ("code",)),
    "rules": (RuleDocument, ("class_id", "rule_id")),
}
"""Name of a list -> what its entries are, and which fields tell them apart; the last names one."""


def parsed_strategy(text: str) -> tuple[Strategy, list[Unreadable]]:
    """Return the strategy that a text tells, and its entries that cannot be read.

    Raises:
        StrategyError: if the text is no TOML, or holds something else.
    """
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as failure:
        raise StrategyError(f"It is not TOML: {failure}.") from failure
    for name in told:
        if name not in _KINDS:
            known = ", ".join(_KINDS)
            raise StrategyError(f"A strategy has {known}, and no {name}.")
    found: dict[str, tuple[Any, ...]] = {}
    problems: list[Unreadable] = []
    for name, (made, key) in _KINDS.items():
        try:
            entries = msgspec.convert(told.get(name, []), list[dict[str, Any]])
        except msgspec.ValidationError as failure:
            raise StrategyError(f"Each of the {name} is a table: [[{name}]].") from failure
        found[name] = tuple(_entries(name, made, key, entries, problems))
    return Strategy(**found), problems


def _entries(
    kind: str,
    made: type[Struct],
    key: tuple[str, ...],
    entries: Iterable[dict[str, Any]],
    problems: list[Unreadable],
) -> Iterable[Struct]:
    told: set[tuple[str, ...]] = set()
    for number, entry in enumerate(entries, 1):
        name = str(entry.get(key[-1], f"number {number}"))
        unknown = sorted(set(entry) - set(made.__struct_fields__))
        if unknown:
            problems.append(Unreadable(kind, name, f"It has no {unknown[0]}."))
            continue
        try:
            read = msgspec.convert(entry, made)
        except msgspec.ValidationError as failure:
            problems.append(Unreadable(kind, name, f"{failure}."))
            continue
        identity = tuple(entry[field] for field in key)
        if identity in told:
            problems.append(Unreadable(kind, name, "It is told already, further above."))
            continue
        told.add(identity)
        yield read


def printed_strategy(strategy: Strategy) -> str:
    """Return a strategy as text; what is as usual is left out."""
    told: dict[str, Sequence[Any]] = {
        name: msgspec.to_builtins(getattr(strategy, name)) for name in _KINDS
    }
    return tomli_w.dumps({name: entries for name, entries in told.items() if entries})
