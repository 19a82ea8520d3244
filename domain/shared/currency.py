"""Currencies: which codes exist, their ISO 4217 code and their smallest unit.

An ERP's own code is kept as it came (CMP-08); PES and YEN, which are no ISO codes, stand for
the Mexican peso and the yen when shown. Codes and decimals are the Unicode CLDR's, by Babel.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

from babel.numbers import get_currency_precision, list_currencies

ERP_CODES = {"PES": "MXN", "YEN": "JPY"}
"""Codes that ERPs write for a currency whose ISO code is another [C22]."""

NO_CURRENCIES = frozenset({"XXX", "XTS"})
"""ISO codes that stand for no currency, and for tests."""

_EXACT = Context(prec=200)
"""Digits enough for a sum or a share of any amounts that the log holds."""


@lru_cache(maxsize=1)
def _known_codes() -> frozenset[str]:
    return (frozenset(list_currencies()) | frozenset(ERP_CODES)) - NO_CURRENCIES


def is_currency(code: str) -> bool:
    """Whether `code` is a currency, past ones included, or an ERP's code for one."""
    return code in _known_codes()


def iso_code(code: str) -> str:
    """Return the ISO 4217 code to show for an ERP's currency code (CMP-08)."""
    return ERP_CODES.get(code, code)


@lru_cache(maxsize=512)
def smallest_unit(code: str) -> Decimal:
    """Return the currency's smallest unit: 0.01 for USD, 1 for JPY."""
    return Decimal(1).scaleb(-get_currency_precision(iso_code(code)))


def rounded(amount: Decimal, code: str) -> Decimal:
    """Return `amount` rounded half to even to the smallest unit of `code`."""
    return amount.quantize(smallest_unit(code), rounding=ROUND_HALF_EVEN, context=_EXACT)


def money_text(amount: Decimal, code: str) -> str:
    """Return an amount as decimal text with at least the currency's own decimals."""
    unit = smallest_unit(code)
    shown = amount.quantize(unit, context=_EXACT)
    return f"{shown if shown == amount else amount:f}"
