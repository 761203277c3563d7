from django.contrib.auth.views import LogoutView
from django.urls import path, re_path

from contactcenter.staff import notice_views, state_views, team_views, views

app_name = "staff"

urlpatterns = [
    path("login/", views.LogIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("me/", views.profile, name="profile"),
    path("me/password/", views.PasswordChange.as_view(), name="password"),
    path("me/notices/", notice_views.own_notices, name="own_notices"),
    path("me/notices/panel/", notice_views.own_notices_panel, name="own_notices_panel"),
    path("me/notices/<int:notice_id>/", notice_views.open_notice, name="open_notice"),
    path("me/notices/read/", notice_views.read_notices, name="read_notices"),
    path("me/state/", state_views.own_state, name="own_state"),
    path("me/state/panel/", state_views.own_state_panel, name="own_state_panel"),
    re_path(
        rf"^me/state/(?P<verb>{'|'.join(state_views.VERBS)})/$", state_views.change_state, name="change_state"
    ),
    path("me/absences/", team_views.own_absences, name="own_absences"),
    path("me/absences/<int:absence_id>/delete/", team_views.delete_own_absence, name="delete_own_absence"),
    path("team/", team_views.team_page, name="team"),
    path("team/<int:employee_id>/", team_views.person_page, name="person"),
    path("team/<int:employee_id>/end-day/", team_views.end_day_of, name="end_day_of"),
    path("team/absences/<int:absence_id>/", team_views.change_absence, name="change_absence"),
    path("team/absences/<int:absence_id>/delete/", team_views.delete_absence, name="delete_absence"),
    path("presence/", views.touch_presence, name="presence"),
    path("photos/<str:name>", views.photo, name="photo"),
]
