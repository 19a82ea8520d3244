"""What a run must know of what rules did before it, and who can tell.

The log tells it of real runs. A simulation tells it of actions that nobody made, from memory
(`domain/simulated_actions.py`). A run asks both in the same words, so that both mean the same.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from msgspec import Struct

from domain.rule_plan import Account, OpenAction


class Subject(Struct, frozen=True, gc=False):
    """A subject of a rule; `tran_id` is empty where it is the account."""

    rule_id: str
    company_id: str
    cust_id: str
    tran_id: str


class Told(Struct, frozen=True, gc=False):
    """A record that issues of rules are about on a date, with rules as bits of a number.

    Rules in `bits` make nothing of it now; those in `live` were not found to fail of it yet.
    """

    company_id: str
    cust_id: str
    tran_id: str
    bits: int
    live: int


class LapsingIssue(Struct, frozen=True, gc=False):
    """An issue of which subjects lapse: which, how many others do not, and its open activities.

    An issue that is resolved already is not open.
    """

    issue_id: str
    rule_id: str
    company_id: str
    cust_id: str
    tran_ids: Sequence[str]
    is_open: bool
    rest: int
    activity_ids: Sequence[str]


class Made(Struct, frozen=True, gc=False):
    """An issue that a rule opened for a date, or that the software closed on it."""

    issue_id: str
    rule_id: str
    opened: bool
    closed: bool


class Past(Protocol):
    """What the rules of a class did before, as a run for a date asks for it."""

    def told(self, rule_ids: Sequence[str], repeats: Sequence[bool]) -> Sequence[Told] | None:
        """Return what issues of rules are about; None if the read models tell it themselves.

        A rule is the bit of its place. Those that repeat are told of what they did on the date.
        """
        ...

    def lapsing(self, subjects: Sequence[Subject]) -> Sequence[LapsingIssue]:
        """Return the issues of which subjects lapse, by their ids."""
        ...

    def made(self) -> Sequence[Made]:
        """Return what the rules did for the date already."""
        ...

    def last_contacts(self, accounts: Sequence[Account]) -> Mapping[Account, date]:
        """Return when customers were contacted last, or will be by letters that are planned."""
        ...

    def open_actions(
        self, rule_ids: Sequence[str], accounts: Sequence[Account]
    ) -> Mapping[tuple[str, Account], OpenAction]:
        """Return the newest open action of each rule and account that has one."""
        ...
