from django.urls import path

from kpi import views, views_fairness, views_ratings

app_name = "kpi"
urlpatterns = [
    path("dialogs/", views.dialogs, name="dialogs"),
    path("dialogs/<int:number>/", views.dialog, name="dialog"),
    path("reports/ratings/", views_ratings.report, name="ratings"),
    path("reports/fairness/", views_fairness.fairness, name="fairness"),
    path("reports/fairness/dialogs/", views_fairness.fairness_of, name="fairness_dialogs"),
]
