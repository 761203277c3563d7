from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation

from contactcenter.staff.models import Employee


class EmployeeLocaleMiddleware:
    """Pages in the employee's own language and time zone; behind AuthenticationMiddleware.

    A request without a session cookie (customers, messengers, bots: the hot path) costs nothing here.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return self.get_response(request)
        employee = request.user  # held, because logging out replaces it
        if not isinstance(employee, Employee):
            return self.get_response(request)
        with translation.override(employee.language), timezone.override(employee.zone):
            request.LANGUAGE_CODE = employee.language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", employee.language)
            return response
