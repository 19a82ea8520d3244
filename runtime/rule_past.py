"""What rules did before a date: read from the read models, or remembered by a simulation."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from msgspec.structs import replace
from psycopg import Connection

from domain.rule_plan import Account, OpenAction
from domain.rule_situation import LapsingIssue, Made, Subject, Told
from domain.simulated_actions import SimulatedActions
from projections.query import fetch
from projections.rule_situation import lapsing_issues, last_contacts, made_on, open_actions
from projections.view import Asked

KEYS_MAX = 5_000
"""Keys of one question at most."""


class RecordedPast:
    """What the log tells of the rules of a class, as of a date."""

    def __init__(self, connection: Connection[Any], asked: Asked, class_id: str) -> None:
        self._connection = connection
        self._asked = asked
        self._class_id = class_id

    def told(self, rule_ids: Sequence[str], repeats: Sequence[bool]) -> Sequence[Told] | None:
        """Return nothing: a scan reads it beside the records."""
        del rule_ids, repeats
        return None

    def lapsing(self, subjects: Sequence[Subject]) -> Sequence[LapsingIssue]:
        """Return the issues of which subjects lapse, by their ids."""
        found: dict[str, LapsingIssue] = {}
        for start in range(0, len(subjects), KEYS_MAX):
            page = subjects[start : start + KEYS_MAX]
            for one in fetch(self._connection, lapsing_issues(self._asked, self._class_id, page)):
                known = found.get(one.issue_id)
                if known is not None:  # its subjects are of two pages
                    tran_ids = [*known.tran_ids, *one.tran_ids]
                    rest = known.rest - len(one.tran_ids)
                    found[one.issue_id] = replace(known, tran_ids=tran_ids, rest=rest)
                else:
                    found[one.issue_id] = one
        return list(found.values())

    def made(self) -> Sequence[Made]:
        """Return what the rules did for the date already."""
        return fetch(self._connection, made_on(self._asked, self._class_id))

    def last_contacts(self, accounts: Sequence[Account]) -> dict[Account, date]:
        """Return when customers were contacted last, or will be by letters that are planned."""
        return recorded_contacts(self._connection, self._asked, accounts)

    def open_actions(
        self, rule_ids: Sequence[str], accounts: Sequence[Account]
    ) -> dict[tuple[str, Account], OpenAction]:
        """Return the newest open action of each rule and account that has one."""
        found: dict[tuple[str, Account], OpenAction] = {}
        for start in range(0, len(accounts), KEYS_MAX):
            page = accounts[start : start + KEYS_MAX]
            found |= fetch(
                self._connection, open_actions(self._asked, self._class_id, rule_ids, page)
            )
        return found


def recorded_contacts(
    connection: Connection[Any],
    asked: Asked,
    accounts: Sequence[Account],
    *,
    of_rules: bool = True,
    without: Sequence[str] = (),
) -> dict[Account, date]:
    """Return when the log tells that customers were contacted last, or will be by letters."""
    found: dict[Account, date] = {}
    for start in range(0, len(accounts), KEYS_MAX):
        page = accounts[start : start + KEYS_MAX]
        query = last_contacts(asked, page, of_rules=of_rules, without=without)
        found |= fetch(connection, query)
    return found


class SimulatedPast:
    """What a simulation made of the rules of a class, as of a date.

    Contacts that are recorded count beside its own letters: with `goes_on` all of them, else those
    that people made without a rule.
    """

    def __init__(
        self,
        connection: Connection[Any],
        asked: Asked,
        class_id: str,
        actions: SimulatedActions,
        *,
        goes_on: bool,
    ) -> None:
        self._connection = connection
        self._asked = asked
        self._actions = actions
        self._goes_on = goes_on
        of_class = actions.of(class_id, asked.as_of)
        self.told = of_class.told
        self.lapsing = of_class.lapsing
        self.made = of_class.made
        self.open_actions = of_class.open_actions

    def last_contacts(self, accounts: Sequence[Account]) -> dict[Account, date]:
        """Return when customers were contacted last, or will be by letters that are planned."""
        found = recorded_contacts(
            self._connection,
            self._asked,
            accounts,
            of_rules=self._goes_on,
            without=list(self._actions.withdrawn),
        )
        for account, on in self._actions.last_letters(accounts, self._asked.as_of).items():
            found[account] = max(on, found.get(account, on))
        return found
