"""Addresses of the lines' own: files of messages, webhooks."""

from django.urls import path

from openlines import views_files
from openlines.connectors import views as connectors

app_name = "openlines"

urlpatterns = [
    path("files/<uuid:public_id>/", views_files.file, name="file"),
    path("files/<uuid:public_id>/<str:key>/", views_files.public_file, name="public_file"),
    path("hooks/<slug:kind>/<uuid:public_id>/", connectors.hook, name="hook"),
]
