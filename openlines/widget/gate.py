"""The chat's gate (P2): nothing can be sent before the client has answered the request for consent with yes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from openlines.models import Client, Connection
from openlines.policies import texts
from openlines.policies.facts import ConsentState, TextTrigger
from openlines.services import consents
from openlines.services.settings import line_settings
from openlines.widget.answers import Refused
from openlines.widget.visitors import Visitor


@dataclass(frozen=True)
class Terms:
    """What this client is asked: the text in his language, and its version."""

    version: int
    text: str
    url: str


def terms(chat: Connection, *, language: str) -> Terms | None:
    settings = line_settings(chat.line)
    if settings.consent_version is None:
        return None
    text, tag = texts.choose(
        settings.texts, TextTrigger.CONSENT, languages=(language, get_language() or "", settings.language)
    )
    values = texts.MacroValues(line=settings.name, document=settings.consent_url)
    return Terms(settings.consent_version, texts.render(text, values, language=tag), settings.consent_url)


def shown(chat: Connection, client: Client | None, *, language: str) -> dict[str, Any] | None:
    """For the page: what to ask and whether it is answered; None where nothing is asked."""
    asked = terms(chat, language=language)
    if asked is None:
        return None
    is_current = client is not None and client.consent_version_id == asked.version
    return {
        "version": asked.version,
        "text": asked.text,
        "url": asked.url,
        "given": is_current and client is not None and client.consent_state == ConsentState.GIVEN,
        "refused": is_current and client is not None and client.consent_state == ConsentState.REFUSED,
    }


def guard(chat: Connection, visitor: Visitor) -> None:
    """Raises ``Refused`` (403 ``consent``). No statement where the line asks for none."""
    version = line_settings(chat.line).consent_version
    if version is not None and consents.needs_answer(visitor.client(), chat.line, version_id=version):
        raise Refused(
            403, "consent", _("Please agree to the processing of your data first; then you can write.")
        )
