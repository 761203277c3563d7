from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.views import LogoutView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.sites import UnfoldAdminSite


class Site(UnfoldAdminSite):
    """The admin. It opens by role (§12), not only by `is_staff`, and has no log-in page of its own.

    What may be done inside is asked of the auth backends; `staff.backends.RoleBackend` speaks for roles.
    """

    def has_permission(self, request: HttpRequest) -> bool:
        return getattr(request.user, "enters_admin", False)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied(_("Your role has nothing to do in the administration."))
        wanted = request.GET.get("next") or reverse("admin:index")
        return redirect(f"{reverse('staff:login')}?{urlencode({'next': wanted})}")

    def logout(  # type: ignore[override]  # a redirect is no TemplateResponse
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return LogoutView.as_view()(request)
