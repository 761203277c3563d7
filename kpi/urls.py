from django.urls import path

from kpi import views

app_name = "kpi"
urlpatterns = [
    path("dialogs/", views.dialogs, name="dialogs"),
    path("dialogs/<int:number>/", views.dialog, name="dialog"),
]
