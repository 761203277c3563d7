"""How log-ins are slowed: a name at an address, so that nobody elsewhere is kept out; and an address with many names."""

from __future__ import annotations

from typing import Any, Final

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_ip_address
from axes.models import AccessAttempt
from django.db.models import Sum
from django.http import HttpRequest

from contactcenter.lib import addresses

FAILURES_OF_AN_ADDRESS: Final = 50
"""In the cooling-off time, over all names: an office has one address, but not fifty people who mistype at once."""


class Handler(AxesDatabaseHandler):  # type: ignore[misc]  # axes has no types
    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        if super().is_locked(request, credentials):
            return True
        if not _tries_many_names(request):
            return False
        request.axes_locked_out = True  # type: ignore[attr-defined]  # axes itself says so by name only
        return True


def client_address(request: HttpRequest) -> str | None:
    """Empty is no address to the database. IPv6: a household, else each try would come from another one."""
    found = addresses.household(addresses.of_request(request)).partition("/")[0]
    return found or None


def _tries_many_names(request: HttpRequest) -> bool:
    recent = AccessAttempt.objects.filter(
        ip_address=get_client_ip_address(request), attempt_time__gte=get_cool_off_threshold(request)
    )
    return (recent.aggregate(found=Sum("failures_since_start"))["found"] or 0) >= FAILURES_OF_AN_ADDRESS
