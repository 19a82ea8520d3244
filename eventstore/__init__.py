"""The log: one gapless order of events per tenant, on PostgreSQL and in memory."""
