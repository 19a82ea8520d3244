"""The catalogue of streams: complete, and of one mind with the deciders themselves."""

import importlib
import pkgutil
import typing
from typing import Any

import pytest

import domain
from domain.catalogue import DECIDERS, EVENT_TYPES
from domain.shared import imported
from domain.shared.decider import Decider
from domain.shared.event import Event


def test_every_decider_is_in_the_catalogue() -> None:
    modules = [
        importlib.import_module(f"domain.{one.name}")
        for one in pkgutil.iter_modules(domain.__path__)
    ]
    found = {
        id(value)
        for module in modules
        for value in vars(module).values()
        if isinstance(value, Decider)
    }
    assert found == {id(one) for one in DECIDERS}


def test_every_event_has_a_name_of_its_own() -> None:
    assert len(EVENT_TYPES) == sum(len(one.events) for one in DECIDERS)
    assert len({one.category for one in DECIDERS}) == len(DECIDERS)
    assert all(issubclass(event, Event) for event in EVENT_TYPES.values())


OWN = [one for one in DECIDERS if one.evolve.__module__ != imported.__name__]
"""Deciders with an `evolve` of their own; records of the ERP alone share one."""


@pytest.mark.parametrize("decider", OWN, ids=[one.category for one in OWN])
def test_a_decider_names_the_events_that_it_remembers(decider: Decider[Any, Any, Any]) -> None:
    hint = typing.get_type_hints(decider.evolve)["event"]
    assert set(typing.get_args(hint) or (hint,)) == set(decider.events)
