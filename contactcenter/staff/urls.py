from django.contrib.auth.views import LogoutView
from django.urls import path

from contactcenter.staff import views

app_name = "staff"

urlpatterns = [
    path("login/", views.LogIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("me/", views.profile, name="profile"),
    path("me/password/", views.PasswordChange.as_view(), name="password"),
    path("me/notices/read/", views.read_notices, name="read_notices"),
    path("presence/", views.touch_presence, name="presence"),
    path("photos/<str:name>", views.photo, name="photo"),
]
