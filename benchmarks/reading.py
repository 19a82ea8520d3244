"""The limit of whatever folds a log: COPY of it out, and decoding it."""

import msgspec

from benchmarks.measure import Bench, timed
from eventstore.codec import decode
from eventstore.encryption import PERSONAL_TYPES
from runtime.tenants import Tenant


def read_log(bench: Bench, tenant: Tenant, position: int) -> float:
    """Return the seconds that reading and decoding a tenant's log up to a position takes."""
    bench.log("limit: COPY of the log out, and decoding it")
    statement = (
        f"COPY (SELECT type, data FROM events WHERE tenant = {tenant.id:d}"
        f" AND position <= {position:d} ORDER BY position) TO STDOUT (FORMAT binary)"
    )
    decoded = 0
    with (
        bench.database.connect("owner") as owner,
        timed() as spent,
        owner.cursor().copy(statement.encode()) as copy,
    ):
        copy.set_types(["text", "bytea"])
        for type_name, data in copy.rows():
            if type_name in PERSONAL_TYPES:  # decoded, and not opened
                msgspec.json.decode(data)
            else:
                decode(type_name, data)
            decoded += 1
    assert decoded == position
    return spent[0]
