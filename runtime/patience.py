"""How long a database server may be silent until it counts as lost."""

from psycopg.conninfo import conninfo_to_dict, make_conninfo

PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""Settings of libpq, in seconds, the last in milliseconds. Without them a connection whose server
vanished from the network is held for hours."""


def patient(url: str) -> str:
    """Return a connection string with `PATIENCE`, but for what it says of that itself."""
    told = conninfo_to_dict(url)
    return make_conninfo(url, **{name: PATIENCE[name] for name in PATIENCE if name not in told})
