"""GraphQL: roles of callers."""

import strawberry

from domain.shared.roles import Role

strawberry.enum(
    Role,
    name="Role",
    description="What a caller may do: an ADMIN everything; CREDIT_MANAGER and CREDIT_USER the work"
    " of collecting; an INQUIRY_USER look and note; an AUDITOR read everything and change nothing.",
)

__all__ = ["Role"]
