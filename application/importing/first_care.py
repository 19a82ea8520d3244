"""Who works on accounts that an export brings for the first time, and by which rules (SYN-07)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from domain.account_care import BeginCare
from domain.company_options import COMPANY_OPTIONS
from domain.credit_class import CREDIT_CLASS, is_defined
from domain.shared.facts import AccountFacts, UserFacts
from domain.shared.streams import stream_key, stream_name
from domain.user import USER
from domain.user import facts as user_facts
from eventstore.log import History

Load = Callable[[Sequence[str]], Mapping[str, History]]


class FirstCare:
    """The company's default user [C40] and the site's default credit class, read once a run.

    A class that is there no more is none.
    """

    def __init__(self, load: Load, companies: Sequence[str], credit_class_id: str | None) -> None:
        """`companies` are the streams of the companies' options."""
        self._credit_class_id = None
        if credit_class_id is not None:
            stream = stream_name(CREDIT_CLASS.category, credit_class_id)
            history = load([stream]).get(stream)
            told: Sequence[Any] = history.events if history is not None else ()
            if is_defined(CREDIT_CLASS.replay(told)):
                self._credit_class_id = credit_class_id
        named: dict[str, str] = {}
        for stream, history in load(companies).items():
            events: Sequence[Any] = history.events
            user_id = COMPANY_OPTIONS.replay(events).default_user_id
            if user_id is not None:
                named[stream_key(stream)[0]] = user_id
        histories = load([stream_name(USER.category, one) for one in set(named.values())])
        self._users: dict[str, UserFacts | None] = {}
        for company_id, user_id in named.items():
            history = histories.get(stream_name(USER.category, user_id))
            told = history.events if history is not None else ()
            self._users[company_id] = user_facts(USER.replay(told))

    def command(self, company_id: str, cust_id: str) -> BeginCare | None:
        """Return how care of a new account begins; None if nothing is to be said of it."""
        user = self._users.get(company_id)
        if user is None and self._credit_class_id is None:
            return None
        return BeginCare(AccountFacts(company_id, cust_id, None), user, self._credit_class_id)
