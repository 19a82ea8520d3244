"""Actions that rules would have made: kept in memory, as the log keeps those that they made.

A simulation runs the rules date by date and puts what each plan asks for in here, from where the
next date learns what is open and who was written to. Nobody works these actions: one that is made
stays open until its rule closes it. What the log holds can be put in first, so that a simulation
goes on from what really was.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct

from domain.issue import ACCOUNT
from domain.rule_plan import Account, Action, LapseKind, OpenAction, Plan, RuleInForce
from domain.rule_situation import LapsingIssue, Made, Subject, Told
from domain.rule_view import RuleView


class SimulatedIssue(Struct, gc=False):
    """An issue of a rule, real or not, with its activities.

    `subjects` tells of documents, or of the account, when they joined it last and when they lapsed,
    `joined` each time that one joined it;
    `activities` when each was completed or withdrawn, in the order of their numbers. `due_on` is
    the date for which an action was scheduled, `contacts` whether it is contact with the customer,
    `automated` whether a letter is. `amounts` are what was open of its subjects when they joined
    it, in home currency, by currency. It is `real` if the log holds it.
    """

    class_id: str
    rule_id: str
    issue_id: str
    company_id: str
    cust_id: str
    opened_on: date
    subjects: dict[str, tuple[date, date | None]]
    activities: dict[str, date | None]
    joined: list[tuple[date, str]] = []
    resolved_on: date | None = None
    due_on: date | None = None
    contacts: bool = False
    automated: bool = False
    delayed: bool = False
    amounts: dict[str, Decimal] = {}
    closed_by: LapseKind | None = None
    real: bool = False

    @property
    def account(self) -> Account:
        """Whom it is about."""
        return self.company_id, self.cust_id

    def is_open(self, on: date) -> bool:
        """Whether it was not resolved yet on a date."""
        return _not_yet(self.resolved_on, on)

    def open_activities(self, on: date) -> list[str]:
        """Return its activities that are still to be carried out on a date."""
        return [one for one, ended_on in self.activities.items() if _not_yet(ended_on, on)]

    def live(self, on: date) -> list[str]:
        """Return its subjects that had not lapsed on a date."""
        return [
            one
            for one, (since, lapsed_on) in self.subjects.items()
            if since <= on and _not_yet(lapsed_on, on)
        ]


def _not_yet(ended_on: date | None, on: date) -> bool:
    return ended_on is None or ended_on > on


class SimulatedActions:
    """The actions of the rules of all classes."""

    def __init__(self, issues: Iterable[SimulatedIssue] = ()) -> None:
        self._issues: dict[str, SimulatedIssue] = {}
        self._of_class: dict[str, list[SimulatedIssue]] = defaultdict(list)
        self._of_subject: dict[Account, list[SimulatedIssue]] = defaultdict(list)
        self._letters: dict[Account, list[SimulatedIssue]] = defaultdict(list)
        self.withdrawn: dict[str, date] = {}
        """Activities of real issues that were withdrawn here, and when."""
        for one in issues:
            self._keep(one)

    @property
    def issues(self) -> list[SimulatedIssue]:
        """The issues that were made here, in their order."""
        return [one for one in self._issues.values() if not one.real]

    def of(self, class_id: str, on: date) -> "ClassActions":
        """Return what the rules of a class did, as of a date."""
        return ClassActions(
            on,
            class_id,
            [one for one in self._of_class[class_id] if one.opened_on <= on],
            self._of_subject,
        )

    def last_letters(self, accounts: Sequence[Account], on: date) -> dict[Account, date]:
        """Return when letters that count as contact go last, of those that were made here."""
        found: dict[Account, date] = {}
        for account in accounts:
            dates = [
                one.due_on
                for one in self._letters.get(account, ())
                if one.opened_on <= on and one.due_on and one.open_activities(on)
            ]
            if dates:
                found[account] = max(dates)
        return found

    def add(
        self,
        class_id: str,
        rules: Sequence[RuleInForce],
        plan: Plan,
        on: date,
        open_of_accounts: Mapping[Account, tuple[str, Decimal]] = {},
    ) -> None:
        """Do what a plan asks for.

        `open_of_accounts` is what accounts have open in all, with the currency, for actions that
        are about an account.
        """
        for action in plan.actions:
            self._keep(_issue(class_id, rules[action.rule], action, on, open_of_accounts))
        for extension in plan.extensions:
            issue = self._issues[extension.action.issue_id]
            if issue.resolved_on is not None:
                continue  # a user resolves it on a later date than this: nothing joins it
            live = set(issue.live(on))
            for one in extension.documents:
                if one.tran_id not in live:
                    issue.subjects[one.tran_id] = on, None
                    issue.joined.append((on, one.tran_id))
                    _add_up(issue.amounts, one.home_curr_id, one.balance_hc)
        for lapse in plan.lapses:
            issue = self._issues[lapse.issue_id]
            for one in lapse.command.tran_ids or (ACCOUNT,):
                issue.subjects[one] = issue.subjects[one][0], on
            if lapse.closes and issue.resolved_on is None:
                issue.resolved_on, issue.closed_by = on, lapse.kind
            for activity_id in lapse.activity_ids:
                issue.activities[activity_id] = on
                if issue.real:
                    self.withdrawn[activity_id] = on

    def _keep(self, issue: SimulatedIssue) -> None:
        self._issues[issue.issue_id] = issue
        self._of_class[issue.class_id].append(issue)
        self._of_subject[issue.account].append(issue)
        if issue.automated and issue.contacts and not issue.real:
            self._letters[issue.account].append(issue)


class ClassActions(Struct, frozen=True):
    """What the rules of a class did, as of a date: from memory what the log tells of real runs."""

    on: date
    class_id: str
    issues: Sequence[SimulatedIssue]
    of_account: Mapping[Account, Sequence[SimulatedIssue]]

    def told(self, rule_ids: Sequence[str], repeats: Sequence[bool]) -> list[Told]:
        """Return what issues of rules are about."""
        places = {rule_id: place for place, rule_id in enumerate(rule_ids)}
        found: dict[tuple[str, str, str], tuple[int, int]] = {}
        for issue in self.issues:
            place = places.get(issue.rule_id)
            if place is None:
                continue
            is_open, bit = issue.is_open(self.on), 1 << place
            for tran_id, (since, lapsed_on) in issue.subjects.items():
                live = _not_yet(lapsed_on, self.on)
                if since > self.on or not (live or is_open):
                    continue
                key = *issue.account, tran_id
                bits, lives = found.get(key, (0, 0))
                if not repeats[place] or since == self.on:
                    bits |= bit
                found[key] = bits, lives | bit if live else lives
        return [Told(*key, bits, live) for key, (bits, live) in found.items()]

    def lapsing(self, subjects: Sequence[Subject]) -> list[LapsingIssue]:
        """Return the issues of which subjects lapse, by their ids."""
        lapsing: dict[str, list[str]] = defaultdict(list)
        issues: dict[str, SimulatedIssue] = {}
        for subject in subjects:
            for issue in self._of(subject.company_id, subject.cust_id):
                if issue.rule_id == subject.rule_id and subject.tran_id in issue.live(self.on):
                    issues[issue.issue_id] = issue
                    lapsing[issue.issue_id].append(subject.tran_id)
        return [
            LapsingIssue(
                issue_id,
                issues[issue_id].rule_id,
                *issues[issue_id].account,
                sorted(lapsing[issue_id]),
                issues[issue_id].is_open(self.on),
                len(issues[issue_id].live(self.on)) - len(lapsing[issue_id]),
                issues[issue_id].open_activities(self.on),
            )
            for issue_id in sorted(issues)
        ]

    def made(self) -> list[Made]:
        """Return what the rules did for the date already."""
        return [
            Made(one.issue_id, one.rule_id, opened, closed)
            for one in self.issues
            for opened in [one.opened_on == self.on]
            for closed in [one.closed_by is not None and one.resolved_on == self.on]
            if opened or closed
        ]

    def open_actions(
        self, rule_ids: Sequence[str], accounts: Sequence[Account]
    ) -> dict[tuple[str, Account], OpenAction]:
        """Return the newest open action of each rule and account that has one."""
        wanted = set(rule_ids)
        found: dict[tuple[str, Account], OpenAction] = {}
        for account in accounts:
            issues = [one for one in self._of(*account) if one.rule_id in wanted]
            issues.sort(key=lambda one: (-one.opened_on.toordinal(), one.issue_id))
            for issue in issues:
                key, waiting = (issue.rule_id, account), issue.open_activities(self.on)
                if key not in found and waiting and issue.is_open(self.on):
                    found[key] = OpenAction(issue.issue_id, waiting[0])
        return found

    def _of(self, company_id: str, cust_id: str) -> list[SimulatedIssue]:
        return [
            one
            for one in self.of_account.get((company_id, cust_id), ())
            if one.class_id == self.class_id and one.opened_on <= self.on
        ]


def _issue(
    class_id: str,
    rule: RuleInForce,
    action: Action,
    on: date,
    open_of_accounts: Mapping[Account, tuple[str, Decimal]],
) -> SimulatedIssue:
    """Return the issue of an action, with its activity."""
    document, account = rule.document, action.account
    issue_id, activity_id = action.ids
    amounts: dict[str, Decimal] = {}
    if document.view is RuleView.ACCOUNT:
        subjects: list[str] = [ACCOUNT]
        if account in open_of_accounts:
            _add_up(amounts, *open_of_accounts[account])
    else:
        subjects = list(action.tran_ids)
        for one in action.documents:
            _add_up(amounts, one.home_curr_id, one.balance_hc)
    return SimulatedIssue(
        class_id,
        document.rule_id,
        issue_id,
        *account,
        on,
        dict.fromkeys(sorted(subjects), (on, None)),
        {activity_id: None},
        [(on, one) for one in sorted(set(subjects))],
        due_on=action.due_on,
        contacts=rule.code.cust_contact,
        automated=rule.automated,
        delayed=action.delayed,
        amounts=amounts,
    )


def _add_up(amounts: dict[str, Decimal], currency: str, amount: Decimal) -> None:
    amounts[currency] = amounts.get(currency, Decimal(0)) + amount
