"""What the policies decided, brought into a dialog: steps, automatic texts as messages of the line, events (§6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from contactcenter.staff.models import Installation
from openlines.connectors import registry
from openlines.lifecycle import Step
from openlines.models import Client, Connection, Dialog, Message
from openlines.policies import automatic_actions as actions
from openlines.policies import conversation, opening, texts
from openlines.policies.conversants import Channel, ClientFacts
from openlines.policies.conversation import Decided, Drop, Note, Say, Talk
from openlines.policies.facts import ConsentState, TextTrigger
from openlines.services import consents, windows
from openlines.services.change import DialogChange, NewMessage
from openlines.services.faces import face

NUMBER = "#DIALOG#"
"""Stays in the text of a dialog that is being made, until ``DialogChange.write`` knows its number."""


def talk(change: DialogChange, *, first_contact: bool = False) -> Talk:
    """The dialog of ``change`` as policies want it."""
    dialog = change.dialog
    channel = channel_of(dialog.connection)
    return Talk(
        facts=change.facts,
        settings=change.settings,
        client=ClientFacts(
            reachable=dialog.client.is_reachable,
            first_contact=first_contact,
            is_machine=dialog.from_machine,
            last_wrote_at=windows.last_wrote_at(dialog) if channel.window else None,
            automatic_texts=_automatic_texts(change) if channel.automatic_an_hour is not None else 0,
            consent=ConsentState(dialog.client.consent_state),
            consent_version=dialog.client.consent_version_id,
        ),
        channel=channel,
        now=change.now,
    )


def channel_of(connection: Connection) -> Channel:
    if not registry.has(connection.kind):
        return Channel(is_chat=True, buttons=True)
    features = registry.get(connection.kind).features
    return Channel(
        buttons=features.buttons, window=features.window, automatic_an_hour=features.automatic_an_hour
    )


def _automatic_texts(change: DialogChange) -> int:
    """Within the last hour, in all his dialogs; a client who has just been made has none."""
    dialog = change.dialog
    if dialog.client.is_fresh:
        return 0
    return Message.objects.filter(
        connection_id=dialog.connection_id,
        author=Message.Author.AUTOMATIC,
        created_at__gt=change.now - actions.HOUR,
        dialog__client_id=dialog.client_id,
    ).count()


def apply(
    change: DialogChange,
    decided: Decided,
    *,
    actor_id: int | None = None,
    notes: dict[str, dict[str, Any]] | None = None,
) -> None:
    """Take ``decided`` over into ``change``. ``actor_id``: who did it; ``notes``: more to tell with events, by kind."""
    more = notes or {}
    for effect in decided.effects:
        match effect:
            case Step():
                change.take(effect, actor_id=actor_id)
            case Say(trigger):
                say(change, trigger)
            case Drop(trigger, why):
                change.record("text_dropped", trigger=trigger, reason=why)
            case Note(kind, data):
                change.record(kind, actor_id=actor_id, **data, **more.get(kind, {}))
    change.set_facts(decided.facts)
    if decided.consent is not None:
        consents.follow(change, decided, by_id=actor_id)


def say(change: DialogChange, trigger: TextTrigger) -> None:
    """Add the text for ``trigger`` in the client's language, with its buttons."""
    text, language = wording(change, trigger)
    extra = {"buttons": buttons} if (buttons := _buttons(change, trigger, language=language)) else {}
    change.add_message(NewMessage(author=Message.Author.AUTOMATIC, trigger=trigger, text=text, extra=extra))


def wording(change: DialogChange, trigger: TextTrigger) -> tuple[str, str]:
    """(text, its language); of several parts where the channel has no buttons to answer with."""
    dialog = change.dialog
    channel = channel_of(dialog.connection)
    languages = (dialog.client.language, change.settings.language)
    found = []
    language = "en"
    for part in conversation.parts_of(trigger, channel):
        text, language = texts.choose(change.settings.texts, part, languages=languages)
        values = macro_values(dialog, document=change.settings.consent_url, company="#COMPANY#" in text)
        if "#OPENS#" in text:
            opens = opening.words(change.settings.working_time, now=change.now, language=language)
            values = replace(values, opens=opens)
        rendered = texts.render(text, values, language=language)
        if part is TextTrigger.CONSENT and values.document and "#DOCUMENT#" not in text:
            rendered += f"\n{texts.label('document', language=language)} {values.document}"
        found.append(rendered)
    return "\n".join(found), language


def macro_values(dialog: Dialog, *, document: str = "", company: bool = True) -> texts.MacroValues:
    """``company``: whether the text asks for it (it costs a statement)."""
    client: Client = dialog.client
    return texts.MacroValues(
        client=client.name or client.username,
        operator=face(dialog.line, dialog.operator).name,
        dialog=str(dialog.pk or NUMBER),
        line=dialog.line.name,
        company=Installation.current().company if company else "",
        document=document,
    )


def _buttons(change: DialogChange, trigger: TextTrigger, *, language: str) -> list[dict[str, str]]:
    """Kept with the message; ``services/outbound.py`` sends them where the channel has buttons."""
    if trigger is TextTrigger.CONSENT and change.settings.consent_version:
        version = change.settings.consent_version
        pressed = (("agree", f"consent:{version}:1"), ("refuse", f"consent:{version}:0"))
    elif trigger in (TextTrigger.RATING_REQUEST, TextTrigger.RATING_REQUEST_CHAT):
        pressed = (("good", f"rating:{change.dialog.pk}:1"), ("bad", f"rating:{change.dialog.pk}:0"))
    else:
        return []
    return [{"text": texts.label(name, language=language), "payload": payload} for name, payload in pressed]
