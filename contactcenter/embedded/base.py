"""The Django database engine `contactcenter.embedded`: PostgreSQL that starts itself.

`DATABASES["default"]["SERVER"]` holds the `EmbeddedServer`; the first connection of a process joins it.
"""

from typing import Any

from django.db.backends.postgresql import base

from contactcenter.embedded.server import EmbeddedServer


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL's own wrapper, which makes sure the embedded server runs before it connects."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        server: EmbeddedServer = self.settings_dict["SERVER"]
        server.join(database=None if server.throwaway else self.settings_dict["NAME"])
        return super().get_new_connection(conn_params)
