from collections.abc import Iterator

import pytest

from contactcenter.staff.models import Employee
from openlines.models import Connection
from openlines.widget import chats
from openlines.widget.limits import limiter
from tests.openlines.factories import make_connection, make_line, make_operator


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> Iterator[None]:
    """In the process: which chat is at an address, and how often somebody asked."""
    chats.forget()
    limiter.clear()
    yield
    chats.forget()
    limiter.clear()


@pytest.fixture
def anna(db: None) -> Employee:
    return make_operator("Anna")


@pytest.fixture
def chat(anna: Employee) -> Connection:
    return make_connection(make_line(anna, name="Shop"))
