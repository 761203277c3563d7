"""Every address of the product, app by app."""

from django.contrib import admin
from django.urls import include, path

from contactcenter import outage
from contactcenter.staff.views import set_language
from openlines.api.endpoints import api

handler500 = "contactcenter.outage.handler500"

urlpatterns = [
    path("health/", outage.health, name="health"),
    path("admin/", admin.site.urls),
    path("i18n/setlang/", set_language, name="set_language"),
    path("", include("contactcenter.staff.urls")),
    path("desk/", include("openlines.workspace.urls")),
    path("api/", api.urls),
    path("chat/", include("openlines.widget.urls")),
    path("", include("contactcenter.centre.urls")),
    path("", include("openlines.urls")),
    path("", include("kpi.urls")),
]
