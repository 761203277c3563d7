"""The Viber channel as the product sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext_lazy as _

from openlines.connectors.base import (
    Account,
    CredentialField,
    Features,
    Health,
    InboundItem,
    Media,
    Outcome,
    OutgoingMessage,
    RawRequest,
)
from openlines.connectors.viber import media as files
from openlines.connectors.viber import parse, send, webhook

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class ViberConnector:
    kind: ClassVar[str] = "viber"
    label: ClassVar[StrOrPromise] = "Viber"
    proof: ClassVar[StrOrPromise] = _(
        "Viber's signature over the very bytes was checked with the bot's token."
    )
    features: ClassVar[Features] = Features(
        max_text=send.MAX_TEXT,
        receipts=True,
        buttons=True,
        max_buttons=send.MAX_BUTTONS,
        shows_sender=True,
        media_by_url=True,
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField(
            "token", _("Token"), _("Viber shows it on the bot’s page, under “Edit Info”."), secret=True
        ),
        CredentialField(
            "name",
            _("Name in the chat"),
            _("Shown above messages that no employee wrote. Up to 28 characters. Empty: “Support”."),
            required=False,
        ),
        CredentialField(
            "welcome",
            _("Welcome"),
            _("Shown to who opens the chat and has not written yet. Empty: nothing is shown."),
            required=False,
        ),
    )
    allowed_media_hosts: ClassVar[tuple[str, ...]] = files.HOSTS
    guide: ClassVar[tuple[StrOrPromise, ...]] = (
        _(
            "Have a bot: since 2024 Viber opens new ones on a contract only. Ask Viber or one of its partners."
        ),
        _("In Viber, open the bot’s page and tap “Edit Info”. Copy the token that stands there."),
        _("Paste it here and save. Viber then tries at once whether it reaches this installation."),
        _("Write to the bot to try it. A bot can only answer: the client always writes first."),
    )
    registers_webhook: ClassVar[bool] = True

    def verify(self, request: RawRequest, account: Account) -> None:
        webhook.verify(request, account)

    def key(self, request: RawRequest) -> str:
        return parse.key(request)

    def parse(self, request: RawRequest, account: Account) -> list[InboundItem]:
        return parse.parse(request)

    def answer(self, request: RawRequest, account: Account) -> tuple[str, str]:
        """The welcome to who opens the chat; else nothing, as anything would be taken for one."""
        return "application/json", webhook.welcome(request, account)

    def send(self, message: OutgoingMessage, account: Account) -> Outcome:
        return send.send(message, account)

    def fetch(self, media: Media, account: Account, *, max_bytes: int) -> bytes:
        return files.fetch(media, account, max_bytes=max_bytes)

    def set_up(self, account: Account) -> Health:
        return webhook.set_up(account)

    def tear_down(self, account: Account) -> Health:
        return webhook.tear_down(account)

    def check(self, account: Account) -> Health:
        return webhook.check(account)
