"""The admin's frame (django-unfold): sidebar, tabs, colours. Top of the layers: it may name every page."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.http import HttpRequest


@dataclass(frozen=True)
class Page:
    """A place in the sidebar; shown to who has one of its permissions or rights, and only where it exists."""

    title: str | Promise
    icon: str  # a name of Material Symbols
    address: str  # name of its URL
    permissions: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()


GROUPS: tuple[tuple[str | Promise, tuple[Page, ...]], ...] = (
    (
        _("Work"),
        (
            Page(_("Contact centre"), "grid_view", "centre:home", rights=("lines_see", "connections_change")),
            Page(_("Desk"), "support_agent", "workspace:desk", rights=("dialogs_see",)),
            Page(_("Dialogs"), "forum", "kpi:dialogs", rights=("dialogs_see",)),
            Page(_("Ratings"), "thumbs_up_down", "kpi:ratings", rights=("reports",)),
            Page(_("Fairness"), "balance", "kpi:fairness", rights=("reports",)),
        ),
    ),
    (
        _("Setting up"),
        (
            Page(
                _("Lines"), "alt_route", "admin:openlines_openline_changelist", ("openlines.view_openline",)
            ),
            Page(
                _("Connections"),
                "cable",
                "admin:openlines_connection_changelist",
                ("openlines.view_connection",),
            ),
            Page(
                _("Canned replies"),
                "quickreply",
                "admin:openlines_replylist_changelist",
                ("openlines.view_replylist",),
            ),
            Page(
                _("Installation"), "tune", "admin:staff_installation_changelist", ("staff.view_installation",)
            ),
        ),
    ),
    (
        _("People"),
        (
            Page(_("Employees"), "group", "admin:staff_employee_changelist", ("staff.view_employee",)),
            Page(_("Team"), "groups", "staff:team", rights=("roles_change",)),
            Page(
                _("Departments"),
                "account_tree",
                "admin:staff_department_changelist",
                ("staff.view_department",),
            ),
            Page(_("Roles"), "shield_person", "admin:staff_role_changelist", ("staff.view_role",)),
            Page(_("Absences"), "event_busy", "admin:staff_absence_changelist", ("staff.view_absence",)),
            Page(_("Work days"), "punch_clock", "admin:staff_workday_changelist", ("staff.view_workday",)),
            Page(_("Breaks"), "coffee", "admin:staff_break_changelist", ("staff.view_break",)),
            Page(
                _("Log-in blocks"),
                "lock",
                "admin:axes_accessattempt_changelist",
                ("axes.view_accessattempt",),
            ),
        ),
    ),
    (
        _("In the background"),
        (
            Page(
                _("Schedules"), "schedule", "admin:django_q_schedule_changelist", ("django_q.view_schedule",)
            ),
            Page(_("Failed tasks"), "error", "admin:django_q_failure_changelist", ("django_q.view_failure",)),
            Page(
                _("Finished tasks"),
                "task_alt",
                "admin:django_q_success_changelist",
                ("django_q.view_success",),
            ),
            Page(
                _("Inbound log"),
                "call_received",
                "admin:openlines_inboundevent_changelist",
                ("openlines.view_inboundevent",),
            ),
            Page(
                _("Outbox"), "outbox", "admin:openlines_outboxitem_changelist", ("openlines.view_outboxitem",)
            ),
            Page(
                _("Deadlines"), "timer", "admin:openlines_deadline_changelist", ("openlines.change_openline",)
            ),
        ),
    ),
)


def sidebar(request: "HttpRequest") -> list[dict[str, Any]]:
    groups = [{"title": title, "items": list(_items(request, pages))} for title, pages in GROUPS]
    return [group for group in groups if group["items"]]


def _items(request: "HttpRequest", pages: Iterable[Page]) -> Iterable[dict[str, Any]]:
    for page in pages:
        try:
            link = reverse(page.address)
        except NoReverseMatch:  # an installation without that app
            continue
        if _may_open(request.user, page):
            # unfold asks whether the link is part of the path, and "/" is part of every path
            active = link != "/" and request.path.startswith(link)
            yield {"title": page.title, "icon": page.icon, "link": link, "active": active}


def _may_open(user: Any, page: Page) -> bool:
    return any(user.has_perm(permission) for permission in page.permissions) or any(
        user.has_right(right) for right in page.rights
    )


def tabs(request: "HttpRequest") -> list[dict[str, Any]]:
    """Pages that belong together, as tabs above their lists. The tabs of a line are its admin's own."""
    return []


#: unfold's scale of the accent; 600 and 500 are the light and the dark `--cc-accent` of static/ui/tokens.css.
PRIMARY = {
    "50": "#eff4ff",
    "100": "#e3edfd",
    "200": "#c9dbfc",
    "300": "#9fc1ff",
    "400": "#6f9bf5",
    "500": "#3a68d8",
    "600": "#2459cc",
    "700": "#1b48aa",
    "800": "#1a3d8a",
    "900": "#1a2b49",
    "950": "#121d33",
}

UNFOLD = {
    "SITE_TITLE": _("Contact centre"),
    "SITE_HEADER": _("Contact centre"),
    "SITE_SYMBOL": "forum",
    "SITE_URL": "/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("ui/favicon.svg")}
    ],
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "BORDER_RADIUS": "6px",
    "COLORS": {"primary": PRIMARY},
    "STYLES": [lambda request: static("ui/admin.css")],
    "SIDEBAR": {"show_search": True, "navigation": "contactcenter.navigation.sidebar"},
    "ACCOUNT": {
        "navigation": [{"title": _("My profile"), "link": lambda request: reverse("staff:profile")}],
    },
}
