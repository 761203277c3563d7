from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker


@pytest.fixture
def database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The tests' database, with real commits; nothing here writes a row, so no table need be emptied after."""
    with django_db_blocker.unblock():
        yield
        connection.close()
