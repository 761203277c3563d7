"""Under ``/chat/<public_id>/``."""

from django.urls import include, path

from openlines.widget import views_answers as answers_api
from openlines.widget import views_api as api
from openlines.widget import views_pages as pages

app_name = "widget"

of_a_chat = [
    path("", pages.direct, name="direct"),
    path("loader.js", pages.loader, name="loader"),
    path("frame/", pages.frame, name="frame"),
    path("session/", api.session, name="session"),
    path("ticket/", api.ticket, name="ticket"),
    path("messages/", api.messages, name="messages"),
    path("consent/", answers_api.consent, name="consent"),
    path("rating/", answers_api.rating, name="rating"),
    path("typing/", api.typing, name="typing"),
    path("seen/", api.seen, name="seen"),
    path("file/<uuid:attachment>/", api.file, name="file"),
]

urlpatterns = [path("<uuid:public_id>/", include(of_a_chat))]
