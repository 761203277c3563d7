"""What the staff app needs of the settings, said at the start instead of at the first log-in."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

BACKEND = "contactcenter.staff.backends.RoleBackend"


@register
def settings_fit(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    problems: list[CheckMessage] = []
    if BACKEND not in settings.AUTHENTICATION_BACKENDS:
        problems.append(
            Error(
                "Rights of roles do not reach the admin.",
                hint=f"Add {BACKEND} to AUTHENTICATION_BACKENDS.",
                id="staff.E001",
            )
        )
    if settings.LANGUAGE_CODE.split("-")[0] not in {code.split("-")[0] for code, _ in settings.LANGUAGES}:
        problems.append(
            Error(
                f"LANGUAGE_CODE {settings.LANGUAGE_CODE!r} is none of LANGUAGES.",
                hint="New employees get it as their language; choose one that is listed.",
                id="staff.E002",
            )
        )
    return problems
