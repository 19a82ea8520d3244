"""Parents of accounts while an export is read: whether they lead back to the account (ACC-14).

A row's parent is looked for among the rows taken over so far and, behind them, in the log. A row
whose parents would lead back to itself is held back until all accounts are read, as a later row
may still part the circle; then it is taken over or rejected.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import cast

from domain.account import ACCOUNT, AccountEvent, Opened
from domain.shared.streams import stream_key, stream_name
from eventstore.log import History

PARENTS_MAX = 50
"""Parents above an account at most."""

AccountKey = tuple[str, ...]
"""The company and the customer."""


class Parents:
    """Who is whose parent: as the rows taken over say, else as the log knows."""

    def __init__(self, load: Callable[[Sequence[str]], Mapping[str, History]]) -> None:
        self._load = load
        self._parents: dict[AccountKey, str | None] = {}

    def look_up(self, accounts: Iterable[AccountKey]) -> None:
        """Learn from the log of accounts and all above them, a statement a generation."""
        wanted = {one for one in accounts if one not in self._parents}
        for _ in range(PARENTS_MAX):
            if not wanted:
                return
            histories = self._load([stream_name(ACCOUNT.category, *one) for one in wanted])
            self._parents |= dict.fromkeys(wanted)
            for stream, history in histories.items():
                state = ACCOUNT.replay(cast("Sequence[AccountEvent]", history.events))
                if isinstance(state, Opened):
                    self._parents[stream_key(stream)] = state.document.parent_id
            wanted = {
                above
                for one in wanted
                if (above := self._above(one)) is not None and above not in self._parents
            }

    def took(self, account: AccountKey, parent_id: str | None, *, in_log: bool) -> None:
        """Remember what a row says that is taken over, whose account the log may know."""
        if parent_id is not None or in_log or account in self._parents:
            self._parents[account] = parent_id

    def fault(self, account: AccountKey, parent_id: str) -> str | None:
        """Return why an account cannot have this parent, as a sentence; None if it can."""
        company_id, cust_id = account
        chain = [cust_id]
        above: AccountKey | None = (company_id, parent_id)
        while above is not None:
            self.look_up([above])
            chain.append(above[1])
            if above == account:
                return f"The parents of account {cust_id} lead back to it: {', '.join(chain)}."
            if len(chain) > PARENTS_MAX + 1:
                return f"Account {cust_id} has more than {PARENTS_MAX} parents above it."
            above = self._above(above)
        return None

    def _above(self, account: AccountKey) -> AccountKey | None:
        """Return the parent of an account, as far as it was looked up."""
        parent_id = self._parents.get(account)
        return None if parent_id is None else (account[0], parent_id)
