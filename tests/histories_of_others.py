"""Commands at random to streams of the categories that have modules of their own."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests import (
    histories_of_jobs,
    histories_of_persons,
    histories_of_records,
    histories_of_rules,
    histories_of_telling,
)

ELSEWHERE: dict[str, Callable[[str, str], st.SearchStrategy[Any]]] = {
    category: commands
    for module, commands in (
        (histories_of_jobs, histories_of_jobs.firing_and_loading),
        (histories_of_persons, histories_of_persons.erasing_and_holding),
        (histories_of_records, histories_of_records.records),
        (histories_of_rules, histories_of_rules.strategies),
        (histories_of_telling, histories_of_telling.telling),
    )
    for category in module.CATEGORIES
}
"""What gives commands to streams of a category."""
