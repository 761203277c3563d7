"""The Django database engine `contactcenter.embedded`: PostgreSQL that starts itself.

`DATABASES["default"]["SERVER"]` holds the `EmbeddedServer`. A process joins it when somebody first asks how to
connect: Django itself, or code that opens a connection of its own with these parameters.
"""

from typing import Any

from django.db.backends.postgresql import base

from contactcenter.embedded.server import EmbeddedServer


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL's own wrapper, which makes sure the embedded server runs before anybody connects."""

    def get_connection_params(self) -> dict[str, Any]:
        server: EmbeddedServer = self.settings_dict["SERVER"]
        server.join(database=None if server.throwaway else self.settings_dict["NAME"])
        return super().get_connection_params()
