"""Automatic texts: chosen by the policy, written into the dialog as messages of the line (§6)."""

from __future__ import annotations

from openlines.models import Dialog, Message
from openlines.policies import texts
from openlines.policies.facts import TextTrigger
from openlines.services.change import DialogChange, NewMessage
from openlines.services.faces import face


def say(change: DialogChange, trigger: TextTrigger) -> None:
    """Add the text for ``trigger`` in the client's language; where the client cannot be reached, say why not."""
    dialog = change.dialog
    if not dialog.client.is_reachable:
        change.record("text_dropped", trigger=trigger, reason="unreachable")
        return
    change.add_message(
        NewMessage(author=Message.Author.AUTOMATIC, trigger=trigger, text=wording(change, trigger))
    )


def wording(change: DialogChange, trigger: TextTrigger) -> str:
    dialog = change.dialog
    text, language = texts.choose(
        change.settings.texts, trigger, languages=(dialog.client.language, change.settings.language)
    )
    return texts.render(text, macro_values(dialog), language=language)


def macro_values(dialog: Dialog) -> texts.MacroValues:
    client = dialog.client
    return texts.MacroValues(
        client=client.name or client.username,
        operator=face(dialog.line, dialog.operator).name,
        dialog=str(dialog.pk or ""),
        line=dialog.line.name,
    )
