from collections.abc import Callable
from typing import Any

import pytest
from django.forms import FileField
from django.test import Client
from django.urls import reverse

from contactcenter.staff.models import Employee
from openlines.models import OpenLine
from tests.factories import make_employee
from tests.openlines.factories import make_line


@pytest.fixture
def administrator(client: Client) -> Employee:
    """Logged in; by role, no superuser."""
    employee = make_employee("chief", role="administrator", first_name="Olga", last_name="Chief")
    client.force_login(employee)
    return employee


@pytest.fixture
def line() -> OpenLine:
    return make_line(make_employee(first_name="Adam"), make_employee(first_name="Beata"), name="Shop")


@pytest.fixture
def page_of() -> Callable[[str, OpenLine], str]:
    """Address of a block page: ``page_of("queue", line)``."""

    def address(block: str, line: OpenLine) -> str:
        return reverse(f"admin:openlines_{block}settings_change", args=[line.pk])

    return address


@pytest.fixture
def filled(client: Client) -> Callable[..., dict[str, Any]]:
    """What a browser would post: the page's own values, with changes."""

    def values(address: str, **changes: Any) -> dict[str, Any]:
        form = client.get(address).context["form"]
        found: dict[str, Any] = {}
        for bound in form:
            value = bound.value()
            widget = bound.field.widget
            if hasattr(widget, "widgets"):
                for number, part in enumerate(widget.decompress(value)):
                    found[f"{bound.html_name}_{number}"] = "" if part is None else part
            elif value is True:
                found[bound.html_name] = "on"
            elif isinstance(bound.field, FileField):
                continue
            elif value is not False and value is not None:
                found[bound.html_name] = value
        found |= changes
        return {name: value for name, value in found.items() if value is not None}

    return values
