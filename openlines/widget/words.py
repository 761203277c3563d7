"""What the chat's scripts say; there is no catalogue in JavaScript. ``{name}`` and the like are filled in there."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import override


def of_the_button(language: str) -> dict[str, str]:
    """The loader's few words, in one language."""
    with override(language):
        return {
            "open": _("Open the chat"),
            "close": _("Close the chat"),
            "unread": _("Unread messages: {count}"),
            "frame": _("Chat"),
            "failed": _("The chat cannot be reached at the moment."),
            "again": _("Try again"),
        }


def of_the_chat() -> dict[str, str]:
    """In the language of the page."""
    return {
        "you": _("You"),
        "today": _("Today"),
        "yesterday": _("Yesterday"),
        "newConversation": _("New conversation"),
        "sending": _("Sending"),
        "delivered": _("Delivered"),
        "read": _("Read"),
        "notSent": _("Not sent."),
        "retry": _("Try again"),
        "remove": _("Remove"),
        "edited": _("edited"),
        "deleted": _("This message was deleted."),
        "fileOnItsWay": _("This file is not here yet."),
        "download": _("Download {name}"),
        "picture": _("Picture: {name}"),
        "removeFile": _("Remove {name}"),
        "typing": _("{name} is writing…"),
        "someoneTypes": _("Somebody is writing…"),
        "refused": _("You have not agreed, so nothing can be sent. You can change your mind at any time."),
        "rated": _("Thank you for your rating. You can change it."),
        "explained": _("Thank you for telling us. You can still change your rating."),
        "closed": _("We are not here right now. Write to us: we will answer when we are back."),
        "offline": _("No connection. We keep trying; what you write is sent as soon as it works again."),
        "off": _("This chat is switched off at the moment. Please come back later."),
        "failed": _("That did not work. Please try again."),
        "tooLong": _("The message is longer than {limit} characters. Please send it in parts."),
        "tooManyFiles": _("Please send at most {limit} files at a time."),
        "fileTooLarge": _("“{name}” is larger than {limit} MB. Please send a smaller file, or a link to it."),
        "fileEmpty": _("“{name}” is empty."),
        "filesLost": _("The files of this message are no longer here. Please choose them again."),
    }
