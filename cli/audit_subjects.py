"""Options that name what a trail of events is about."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click

from cli.context import Session
from projections.subjects import Subject, SubjectKind
from runtime.trails import find_subject

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = {
    "account": "An account",
    "activity": "An activity",
    "contact": "A contact of the account that --account names",
    "credit-class": "A credit class, with its rules, runs and what they made",
    "dispute": "A dispute",
    "invoice": "A document",
    "issue": "An issue, with its activities",
    "payment": "A payment",
    "pending-payment": "A pending payment",
    "promise": "A promise",
    "rule": "A rule of the class that --credit-class names",
    "user": "A user: all that they did, and what is about them",
    "company": "The company of the account, document, payment or contact; or a company itself",
}
"""Each names a kind of subject, and what it says in the help."""


class SubjectAsked:
    """The subject that options named, to be looked up once there is a database."""

    def __init__(self, given: dict[str, str]) -> None:
        self.given = given
        kinds = {SubjectKind(name.replace("-", "_")) for name in given}
        for part, whole in (
            (SubjectKind.CONTACT, SubjectKind.ACCOUNT),
            (SubjectKind.RULE, SubjectKind.CREDIT_CLASS),
        ):
            if part in kinds:
                if whole not in kinds:
                    raise click.UsageError(f"--{part.value} needs --{_option(whole)}.")
                kinds.remove(whole)
        if len(kinds) > 1:
            kinds.discard(SubjectKind.COMPANY)
        if len(kinds) != 1:
            raise click.UsageError("Name one subject.")
        (self.kind,) = kinds
        if "company" in given and self.kind not in _IN_COMPANY:
            raise click.UsageError(f"--company says nothing of --{_option(self.kind)}.")

    def found(self, session: Session) -> Subject:
        """Return the subject.

        Raises:
            Refused: if the company is left out, and there is none or there are several.
        """
        parts = {
            SubjectKind.CONTACT: ("company", "account", "contact"),
            SubjectKind.RULE: ("credit-class", "rule"),
        }.get(self.kind, ("company", _option(self.kind)))
        key = tuple(self.given[one] for one in dict.fromkeys(parts) if one in self.given)
        if self.kind is SubjectKind.CONTACT and "company" not in self.given:
            raise click.UsageError("--contact needs --company.")
        with session.database.connect("worker") as connection:
            return find_subject(connection, session.tenant(), self.kind, key)


_IN_COMPANY = frozenset(
    {
        SubjectKind.ACCOUNT,
        SubjectKind.COMPANY,
        SubjectKind.CONTACT,
        SubjectKind.INVOICE,
        SubjectKind.PAYMENT,
    }
)


def _option(kind: SubjectKind) -> str:
    return kind.value.replace("_", "-")


def subject_options(command: Command) -> Command:
    """Let a command take what names a subject; it is given a `SubjectAsked` or None."""

    @functools.wraps(command)
    def with_subject(*args: Any, **kwargs: Any) -> Any:
        told = {name: kwargs.pop(f"about_{name.replace('-', '_')}") for name in _OPTIONS}
        given = {name: value for name, value in told.items() if value is not None}
        asked = SubjectAsked(given) if given else None
        return command(*args, subject=asked, **kwargs)

    decorated: Any = with_subject
    for name, told in reversed(_OPTIONS.items()):
        parameter = f"about_{name.replace('-', '_')}"
        decorated = click.option(f"--{name}", parameter, metavar="ID", help=f"{told}.")(decorated)
    return cast("Command", decorated)
