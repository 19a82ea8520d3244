"""Figures and texts as the files write them."""

import csv
import math
from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from functools import cache
from io import StringIO
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from examples.sample_ledger.habits import (
    CURRENCIES,
    GOLDEN,
    MINOR,
    RATE_SCALE,
    RATE_SWING,
    RATE_YEAR_DAYS,
    USD_VALUES,
    YEN,
    T,
)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]


def document_numbers(stamps: tuple[Texts, ...], kind: Ints, day: Ints, taken: Ints) -> list[str]:
    """Number documents day by day, in the order given, which is that of the days."""
    within = np.arange(len(day)) - np.searchsorted(day, day, side="left")
    numbers = taken[day] + within + 1
    taken += np.bincount(day, minlength=len(taken))
    heads = np.choose(kind, [stamp[day] for stamp in stamps])
    return [f"{head}{n:04d}" for head, n in zip(heads.tolist(), numbers.tolist(), strict=True)]


def group_sums(values: Ints, starts: Ints) -> Ints:
    """Return the sums of stretches of values."""
    return np.add.reduceat(values, starts) if len(starts) else values


def money_texts(amounts: Ints, currencies: Ints | None = None) -> list[str]:
    """Return amounts in minor units as text."""
    texts = [f"{amount:.2f}" for amount in (amounts / MINOR).tolist()]
    if currencies is not None:
        for i in np.flatnonzero(currencies == YEN).tolist():
            texts[i] = str(amounts[i])
    return texts


def in_home(amounts: Ints, currencies: Ints, rates: Ints) -> Ints:
    """In cents of the home currency, rounded half up, and zero only where nothing is left."""
    cents = np.abs(amounts) * np.where(currencies == YEN, MINOR, 1)
    cents = np.maximum((cents * rates + RATE_SCALE // 2) // RATE_SCALE, cents > 0)
    return cents * np.sign(amounts)


@cache
def booked_rate(currency: str, home: str, day: date) -> int:
    """What one unit is worth in home currency on a day, in millionths; a gentle yearly wave."""
    if currency == home:
        return RATE_SCALE
    here, there = CURRENCIES.index(home), CURRENCIES.index(currency)
    wave = math.sin(math.tau * (day.toordinal() / RATE_YEAR_DAYS + (there - here) * GOLDEN))
    return round(USD_VALUES[there] / USD_VALUES[here] * (1.0 + RATE_SWING * wave) * RATE_SCALE)


def months_before(day: date, months: int) -> date:
    """Return the day some months before."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def split_total(total: int, shares: list[float]) -> list[int]:
    """Return whole parts of a total, by shares."""
    ends = [round(total * sum(shares[: i + 1])) for i in range(len(shares))]
    return [end - start for start, end in pairwise([0, *ends])]


def pick_one(items: tuple[T, ...], draw: int) -> T:
    """Return the item that a draw stands for."""
    return items[draw % len(items)]


def flag_text(value: bool) -> str:
    """Return a truth value as text."""
    return "true" if value else "false"


def text_array(items: Iterable[str]) -> Texts:
    """Return texts as an array."""
    return np.array(list(items), dtype=np.object_)


def csv_fields(items: tuple[str, ...]) -> Texts:
    """Return texts as fields of a CSV file."""
    return text_array([csv_field(item) for item in items])


def csv_field(text: str) -> str:
    """Return a text as a field of a CSV file."""
    return csv_line([text]).rstrip("\n")


def csv_line(fields: list[str]) -> str:
    """Return a line of a CSV file."""
    plain = ",".join(fields)
    if plain.count(",") == len(fields) - 1 and '"' not in plain:
        return plain + "\n"
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerow(fields)
    return text.getvalue()
