"""Under ``/desk/``."""

from django.urls import path

from openlines.workspace import views_actions as actions
from openlines.workspace import views_canned as canned
from openlines.workspace import views_deeds as further
from openlines.workspace import views_finish as finishes
from openlines.workspace import views_journey
from openlines.workspace import views_mail as mail
from openlines.workspace import views_onlookers as onlookers
from openlines.workspace import views_own as own
from openlines.workspace import views_pages as pages
from openlines.workspace import views_start as starts
from openlines.workspace import views_templates as templates

app_name = "workspace"

urlpatterns = [
    path("", pages.desk, name="desk"),
    path("list/", pages.dialog_list, name="list"),
    path("ticket/", pages.ticket, name="ticket"),
    path("new/", starts.window, name="start_window"),
    path("new/clients/", starts.people, name="start_people"),
    path("new/templates/", starts.templates, name="start_templates"),
    path("start/", starts.start, name="start"),
    path("<int:pk>/", pages.dialog, name="dialog"),
    path("<int:pk>/pane/", pages.dialog_pane, name="pane"),
    path("<int:pk>/update/", pages.update, name="update"),
    path("<int:pk>/earlier/", pages.earlier, name="earlier"),
    path("mail/<int:pk>/", mail.formatted, name="mail"),
    path("<int:pk>/accept/", actions.accept, name="accept"),
    path("<int:pk>/skip/", actions.skip, name="skip"),
    path("<int:pk>/take-over/", actions.take_over, name="take_over"),
    path("<int:pk>/reply/", actions.reply, name="reply"),
    path("<int:pk>/edit-message/", own.edit, name="edit_message"),
    path("<int:pk>/delete-message/", own.delete, name="delete_message"),
    path("<int:pk>/send-again/", own.send_again, name="send_again"),
    path("<int:pk>/transfer/choices/", pages.transfer_window, name="transfer_choices"),
    path("<int:pk>/transfer/", actions.transfer, name="transfer"),
    path("<int:pk>/finish/", finishes.finish, name="finish"),
    path("<int:pk>/undo-finish/", finishes.undo, name="undo_finish"),
    path("<int:pk>/outcome/", further.finish_window, name="finish_window"),
    path("<int:pk>/spam/", finishes.spam, name="spam"),
    path("<int:pk>/pin/", further.pin, name="pin"),
    path("<int:pk>/snooze/", further.snooze, name="snooze"),
    path("<int:pk>/aside/", further.snooze_window, name="snooze_window"),
    path("<int:pk>/consent/", further.consent, name="consent"),
    path("<int:pk>/rate/", further.rate, name="rate"),
    path("<int:pk>/rating/", further.rate_window, name="rate_window"),
    path("<int:pk>/files/<uuid:public_id>/fetch/", further.fetch_file, name="fetch_file"),
    path("<int:pk>/messages/<int:message>/journey/", views_journey.journey, name="journey"),
    path("<int:pk>/seen/", actions.seen, name="seen"),
    path("<int:pk>/here/", onlookers.here, name="here"),
    path("<int:pk>/typing/", actions.typing, name="typing"),
    path("<int:pk>/templates/", templates.window, name="templates"),
    path("<int:pk>/template/", templates.send, name="template"),
    path("<int:pk>/canned/", canned.replies, name="canned"),
    path("<int:pk>/canned-save/", canned.save, name="canned_save"),
]
