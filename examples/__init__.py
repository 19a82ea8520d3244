"""Sample ledgers and mappings for real ones."""
