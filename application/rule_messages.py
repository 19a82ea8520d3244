"""Telling of runs of rules: what one did, what one would do, and that one failed (RULE-33)."""

from collections.abc import Iterator, Sequence
from datetime import date

from msgspec import Struct

from application.handling import Request
from application.messages import message_request
from domain.message import MessageKind, StoredFile
from domain.rule_run import RuleOutcome, RuleRunCompleted

LINES_MAX = 200
"""Lines of a message about a run at most; the runs themselves are listed in full."""

COUNTS = ("created", "extended", "closed", "delayed", "held")


class Telling(Struct, frozen=True):
    """Whom to tell of the rules of a class, or of all, for a date; and who asked for it, and why.

    Without a user everybody who runs the site is told.
    """

    business_date: date
    class_id: str | None
    user_id: str | None
    actor: str
    cause: str

    def request(
        self,
        kind: MessageKind,
        subject: str,
        body: str,
        told: Sequence[str],
        attachment: StoredFile | None = None,
    ) -> Request:
        """Return what delivers a message, once for all that is the same and `told` alike."""
        what = (self.user_id or "", self.business_date.isoformat(), self.class_id or "")
        return message_request(
            ("rules", *what, *told),
            kind,
            subject,
            body,
            actor=self.actor,
            business_date=self.business_date,
            cause=self.cause,
            user_id=self.user_id,
            attachment=attachment,
        )


def run_message(telling: Telling, runs: Sequence[RuleRunCompleted]) -> Request:
    """Return what tells of runs, with all that each did for its date.

    Runs for the date that did nothing more since they were told of are not told again.
    """
    on = telling.business_date
    told = [f"{one.class_id} {_key(one)}" for one in runs if one.business_date == on]
    subject = f"Rules run for {on}: {_in_words([rule for one in runs for rule in one.rules])}"
    return telling.request(MessageKind.ACTIONS_GENERATED, subject, _body(runs), told)


def preview_message(
    telling: Telling, runs: Sequence[RuleRunCompleted], file: StoredFile, *, more: int = 0
) -> Request:
    """Return what delivers a preview; `more` actions are not in its file (RULE-24)."""
    did = _in_words([rule for one in runs for rule in one.rules])
    subject = f"Preview of the rules for {telling.business_date}: {did}"
    body = "Nothing of it was done. The file has the actions that would be made.\n" + _body(runs)
    if more:
        body += f"\nThere are {more:,} more actions than the file holds."
    told = [file.sha256, *(f"{one.class_id} {_key(one)}" for one in runs)]
    return telling.request(MessageKind.PREVIEW_READY, subject, body, told, file)


def failure_message(telling: Telling, reason: str) -> Request:
    """Return what tells that rules could not be run; the same reason is told once for a date."""
    of_class = "" if telling.class_id is None else f" of {telling.class_id}"
    subject = f"The rules{of_class} could not be run for {telling.business_date}"
    body = f"{reason}\nWhat was done is whole; the next run does the rest."
    return telling.request(MessageKind.RUN_FAILED, subject, body, [reason])


def _key(run: RuleRunCompleted) -> str:
    counts = ((one.rule_id, one.version, *_counts(one)) for one in run.rules)
    return " ".join(map(str, counts))


def _counts(outcome: RuleOutcome) -> tuple[int, ...]:
    return tuple(getattr(outcome, name) for name in COUNTS)


def _body(runs: Sequence[RuleRunCompleted]) -> str:
    lines = list(_lines(runs))
    if len(lines) > LINES_MAX:
        lines = [*lines[:LINES_MAX], f"… and {len(lines) - LINES_MAX:,} more lines."]
    return "\n".join(lines)


def _lines(runs: Sequence[RuleRunCompleted]) -> Iterator[str]:
    for run in runs:
        yield f"Class {run.class_id}, {run.business_date}: {_in_words(run.rules)}."
        for one in run.rules:
            if any(_counts(one)):
                yield f"- {one.rule_id}, version {one.version}: {_in_words([one])}"
            if one.held:
                yield (
                    f"- {one.rule_id} would make {one.held:,} actions at once and made none;"
                    " who runs the rules may confirm it."
                )


def _in_words(rules: Sequence[RuleOutcome]) -> str:
    """Return what rules did, in words."""
    created, extended, closed, delayed, _ = (
        sum(getattr(one, name) for one in rules) for name in COUNTS
    )
    told = [f"{created:,} {'action' if created == 1 else 'actions'} made"]
    if extended:
        told.append(f"{extended:,} extended")
    if delayed:
        told.append(f"{delayed:,} delayed")
    return ", ".join([*told, f"{closed:,} closed"])
