"""What the database's function `append_events` is told: a batch as one JSON text.

A single parameter costs the same for a batch of any size; an array a column costs more than the
append itself.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
from msgspec import Struct

from eventstore.encryption import Sealed
from eventstore.log import NewResult

APPEND = "SELECT first_position, stamped_at FROM public.append_events(%s, %s, %s)"

APPEND_SEALED = (
    "SELECT first_position, stamped_at FROM public.append_sealed(%s, %s, %s, %s, %s, %s, %s, %s)"
)
"""For batches that tell of persons, or that other streams must hold still for.

`sealed_parameters` follow those of `APPEND`.
"""


class StoredForm(Struct, frozen=True, gc=False):
    """An event as it is stored; without `effective_on` that is the day (UTC) it is recorded."""

    stream: str
    version: int
    type: str
    data: bytes
    effective_on: date | None
    actor: str
    cause: str
    correlation: str


def append_parameters(
    tenant: int, batch: Sequence[StoredForm], results: Sequence[NewResult] = ()
) -> tuple[int, str, str]:
    """Return the parameters of `APPEND`; bytes are base64 in JSON."""
    return tenant, _encoder.encode(batch).decode(), _encoder.encode(results).decode()


def sealed_parameters(
    sealed: Sealed, unmoved: Mapping[str, int]
) -> tuple[str, list[str], list[str], list[str], list[int]]:
    """Return new keys, whom a batch tells of, whom it erases, and streams with their versions."""
    return (
        _encoder.encode(sealed.keys).decode(),
        list(sealed.persons),
        list(sealed.erased),
        list(unmoved),
        list(unmoved.values()),
    )


_encoder = msgspec.json.Encoder()
