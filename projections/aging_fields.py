"""The fields of both aging sets, the same on an invoice and on an account (AGE-01, AGE-14).

Index n is a different range in each set [C3]. The amounts are sums in home currency (AGE-19).
"""

from collections.abc import Callable, Mapping
from itertools import chain

from domain.aging import BOUNDARIES, Basis, labels
from projections.view import Field, Kind

FUTURE, CURRENT = 0, 1

BUCKET_NAMES: Mapping[Basis, tuple[str, ...]] = {
    Basis.INVOICE: ("age_future", "age_current", "age1", "age2", "age3", "age4"),
    Basis.DUE: (
        "due_age_future",
        "due_age_current",
        "due_age1",
        "due_age2",
        "due_age3",
        "due_age4",
        "due_age5",
    ),
}
"""The fields of each set's buckets, from future to the oldest."""


def aging_fields(
    amount: Callable[[str], str], *, currency: str, needs: tuple[str, ...]
) -> tuple[Field, ...]:
    """Return the fields of both sets.

    `amount` gives the SQL of what is open under a condition on `age_bucket` (the set by invoice
    date), `due_bucket` (by due date), `age_days` or `late_days` of the documents.
    """

    def money(name: str, condition: str, description: str, source: str) -> Field:
        return Field(
            name,
            Kind.MONEY,
            description,
            amount(condition),
            currency=currency,
            needs=needs,
            source=source,
        )

    sets = (
        (Basis.INVOICE, "age_bucket", "by invoice date", "AGE-04"),
        (Basis.DUE, "due_bucket", "by due date", "AGE-05"),
    )
    buckets = chain.from_iterable(
        (
            money(name, f"{column} = {number}", _bucket_text(number, label, words), source)
            for number, (name, label) in enumerate(
                zip(BUCKET_NAMES[basis], labels(basis), strict=True)
            )
        )
        for basis, column, words, source in sets
    )
    over = (
        money(
            f"over{number}",
            f"age_bucket > {number}",
            f"What is open and older than boundary {number} by invoice date (by default more"
            f" than {days} days), in home currency; cumulative.",
            "AGE-12",
        )
        for number, days in enumerate(BOUNDARIES, 1)
    )
    late_over = (
        money(
            f"late_over{number}",
            f"due_bucket > {number + 1}",
            f"What is open and later than boundary {number} by due date (by default more than"
            f" {days} days late), in home currency; cumulative.",
            "AGE-13",
        )
        for number, days in enumerate(BOUNDARIES, 1)
    )
    return (
        *buckets,
        money(
            "total_age",
            "true",
            "Everything open, future, current and past due, in home currency; the same in both"
            " aging sets.",
            "AGE-09",
        ),
        money(
            "total_past_due",
            f"due_bucket > {CURRENT}",
            "What is open past its due date, in home currency.",
            "AGE-10",
        ),
        money(
            "over_current",
            "over_current",
            "What is open beyond the current period of the aging set that the site shows, in"
            " home currency.",
            "AGE-11",
        ),
        *over,
        *late_over,
        money(
            "due_now",
            f"due_bucket <> {FUTURE}",
            "What is open and not future, in home currency.",
            "INV-26",
        ),
        money(
            "due_future",
            f"due_bucket = {FUTURE}",
            "What is open of documents dated after the as-of date, in home currency.",
            "INV-27",
        ),
        money(
            "due_total",
            "true",
            "Everything open, in home currency, without what is disputed and excluded from aging.",
            "INV-28",
        ),
    )


def _bucket_text(number: int, label: str, words: str) -> str:
    if number == FUTURE:
        return (
            f"What is open of documents dated after the as-of date, in the aging set {words}, in"
            " home currency."
        )
    if number == CURRENT:
        return f"What is open and current {words}, in home currency."
    return f"What is open and {label} days old {words} (default boundaries), in home currency."
