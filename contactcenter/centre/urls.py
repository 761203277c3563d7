from django.urls import path

from contactcenter.centre import views

app_name = "centre"

urlpatterns = [path("", views.home, name="home")]
