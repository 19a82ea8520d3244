"""GraphQL over HTTP for staff and machines (DESIGN section 8)."""
