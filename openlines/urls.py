"""Addresses of the lines' own: files of messages."""

from django.urls import path

from openlines import views_files

app_name = "openlines"

urlpatterns = [
    path("files/<uuid:public_id>/", views_files.file, name="file"),
]
