import re
from typing import Any

from axes.helpers import get_cool_off
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.i18n import set_language as django_set_language

from contactcenter.staff import notices, presence
from contactcenter.staff.announcements import announced
from contactcenter.staff.forms import LogInForm, OwnPasswordForm, ProfileForm
from contactcenter.staff.landing import landing_address
from contactcenter.staff.models import Employee
from contactcenter.staff.photos import CONTENT_TYPES, FOLDER, photo_storage
from contactcenter.staff.signals import absences_changed


class LogIn(LoginView):
    template_name = "staff/login.html"
    authentication_form = LogInForm
    redirect_authenticated_user = True

    def get_default_redirect_url(self) -> str:
        user = self.request.user
        return landing_address(user) if isinstance(user, Employee) else super().get_default_redirect_url()


class PasswordChange(PasswordChangeView):
    template_name = "staff/password.html"
    form_class = OwnPasswordForm
    success_url = reverse_lazy("staff:profile")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _("Your password is changed."))
        return super().form_valid(form)


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """What axes answers after too many wrong passwords (AXES_LOCKOUT_CALLABLE)."""
    cool_off = get_cool_off(request)
    minutes = round(cool_off.total_seconds() / 60) if cool_off else None
    return render(request, "staff/locked_out.html", {"minutes": minutes}, status=429)


def _employee_id(request: HttpRequest) -> int:
    if not isinstance(request.user, Employee):  # which `login_required` has seen to
        raise PermissionDenied
    return request.user.pk


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    employee_id = _employee_id(request)
    # A row of its own for the form: what is refused must not show in the page's head as if it were saved.
    employee = Employee.objects.select_related("department").get(pk=employee_id)
    form = ProfileForm(request.POST or None, request.FILES or None, instance=employee)
    if request.method == "POST" and form.is_valid():
        if "time_zone" in form.changed_data:  # his absences are counted in it
            now = timezone.now()
            with announced([employee_id], now=now):
                form.save()
                absences_changed.send(Employee, employee_ids=[employee_id], now=now)
        else:
            form.save()
        with translation.override(employee.language):
            messages.success(request, _("Your profile is saved."))
        return redirect("staff:profile")
    return render(
        request,
        "staff/profile.html",
        {"form": form, "notices": notices.unread_of(employee_id)},
        status=422 if form.errors else 200,
    )


@require_POST
def touch_presence(request: HttpRequest) -> HttpResponse:
    """The desk page's sign of life, every 30 s; 401 tells its script that the session is over."""
    if not isinstance(request.user, Employee):
        return HttpResponse(status=401)
    presence.note_sign_of_life(request.user.pk, timezone.now())
    return HttpResponse(status=204)


@require_POST
def set_language(request: HttpRequest) -> HttpResponseBase:
    """Django's, and for an employee kept with him: his own language goes before the browser's."""
    language = request.POST.get("language", "")
    if isinstance(request.user, Employee) and language in dict(settings.LANGUAGES):
        Employee.objects.filter(pk=request.user.pk).update(language=language)
    return django_set_language(request)


@require_GET
def photo(request: HttpRequest, name: str) -> HttpResponseBase:
    """An employee's photo, by its unguessable name; open, because clients see it (Q6)."""
    found = re.fullmatch(r"[0-9a-f]{32}(\.[a-z]+)", name)
    if not found or found[1] not in CONTENT_TYPES or not photo_storage().exists(f"{FOLDER}/{name}"):
        raise Http404
    response = FileResponse(photo_storage().open(f"{FOLDER}/{name}"), content_type=CONTENT_TYPES[found[1]])
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
