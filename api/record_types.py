"""GraphQL: the types of records that have user-defined fields (UDF-01)."""

import strawberry

from domain.shared.record_types import KEYS, RecordType
from domain.shared.text import camel

strawberry.enum(
    RecordType,
    name="RecordType",
    description="A type of record with user-defined fields, and what its key is made of: "
    + "; ".join(
        f"{kind.name} ({', '.join(camel(part) for part in parts)})" for kind, parts in KEYS.items()
    )
    + ".",
)

__all__ = ["RecordType"]
