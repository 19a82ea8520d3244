"""User-defined fields in views: the ERP's five, and the five that are kept here (UDF-01 to UDF-04).

A view takes the fields into its own and the join among its joins:

    joins={USER_FIELDS_JOIN: user_fields_join("p", RecordType.CONTACT)}
    fields=(…, *user_defined("p"))
"""

from collections.abc import Callable

from domain.shared.record_types import KEY_PARTS_MAX, KEYS, RecordType
from projections.user_fields import USER_FIELDS
from projections.view import Asked, Field, Kind, plain

(_USER_FIELDS,) = USER_FIELDS.tables

USER_FIELDS_JOIN = "user_fields"
"""What the join is called in a view."""


def user_fields_join(alias: str, record_type: RecordType) -> Callable[[Asked], str]:
    """Return the join of the fields kept here to the rows `alias`, records of one type."""
    parts = [f"{alias}.{part}" for part in KEYS[record_type]]
    parts += ["''"] * (KEY_PARTS_MAX - len(parts))
    keys = " AND ".join(f"u.key{number} = {part}" for number, part in enumerate(parts, 1))

    def join(asked: Asked) -> str:
        return f"""LEFT JOIN {asked.rows(_USER_FIELDS)} u ON u.tenant = {alias}.tenant
        AND u.record_type = '{record_type.value}' AND {keys}"""

    return join


def erp_fields(alias: str) -> tuple[Field, ...]:
    """Return the fields that the ERP fills: columns of the row `alias`."""
    told = {f"udf{n}": f"User-defined field {n}, the ERP's." for n in range(1, 6)}
    return plain(alias, Kind.TEXT, told, source="UDF-03")


def own_fields() -> tuple[Field, ...]:
    """Return the fields that are kept here; their view has the join `USER_FIELDS_JOIN`."""
    return tuple(
        Field(
            f"udf{number}",
            Kind.TEXT,
            f"User-defined field {number}, kept here.",
            f"u.udf{number}",
            nullable=True,
            needs=(USER_FIELDS_JOIN,),
            source="UDF-04",
        )
        for number in range(6, 11)
    )


def user_defined(alias: str) -> tuple[Field, ...]:
    """Return all ten fields; the ERP's are columns of the row `alias`."""
    return (*erp_fields(alias), *own_fields())
