"""The Telegram channel as the product sees it."""

from __future__ import annotations

from datetime import timedelta
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
from openlines.connectors.telegram import change, courtesy, keyboard, parse, parts, send, webhook
from openlines.connectors.telegram import media as files

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class TelegramConnector:
    kind: ClassVar[str] = "telegram"
    label: ClassVar[StrOrPromise] = "Telegram"
    proof: ClassVar[StrOrPromise] = _("It carried the secret that only Telegram and this connection know.")
    features: ClassVar[Features] = Features(
        max_text=parts.MAX_TEXT,
        edits=True,
        deletes=True,
        buttons=True,
        max_buttons=keyboard.MAX_BUTTONS,
        per_second=30,
        chat_pause=timedelta(seconds=1),
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField("token", _("Token"), _("@BotFather shows it when the bot is made."), secret=True),
        CredentialField(
            "secret_token",
            _("Secret token"),
            _("Telegram shows it with each call, so that nobody else can. Empty: one is made."),
            secret=True,
            required=False,
            generated=True,
        ),
    )
    allowed_media_hosts: ClassVar[tuple[str, ...]] = ("api.telegram.org",)
    guide: ClassVar[tuple[StrOrPromise, ...]] = (
        _("In Telegram, write /newbot to @BotFather and choose a name for your bot."),
        _("Copy the token that @BotFather shows, and paste it here."),
        _("Save: the bot's address for messages is set automatically. Then write to your bot to try it."),
    )
    registers_webhook: ClassVar[bool] = True

    def verify(self, request: RawRequest, account: Account) -> None:
        webhook.verify(request, account)

    def key(self, request: RawRequest) -> str:
        return parse.key(request)

    def parse(self, request: RawRequest, account: Account) -> list[InboundItem]:
        return parse.parse(request)

    def send(self, message: OutgoingMessage, account: Account) -> Outcome:
        return send.send(message, account)

    def edit(self, external_ids: tuple[str, ...], message: OutgoingMessage, account: Account) -> Outcome:
        return change.edit(external_ids, message, account)

    def delete(self, external_ids: tuple[str, ...], recipient: str, account: Account) -> Outcome:
        return change.delete(external_ids, account)

    def show_typing(self, recipient: str, account: Account, *, last_external_id: str = "") -> None:
        courtesy.show_typing(recipient, account)

    def mark_read(self, recipient: str, external_id: str, account: Account) -> None:
        """Bots have no read marks."""

    def fetch(self, media: Media, account: Account, *, max_bytes: int) -> bytes:
        return files.fetch(media, account, max_bytes=max_bytes)

    def awaits(self, request: RawRequest) -> bool:
        return bool(parse.pressed_button(request))

    def acknowledge(self, request: RawRequest, account: Account) -> None:
        webhook.acknowledge(request, account)

    def set_up(self, account: Account) -> Health:
        return webhook.set_up(account)

    def tear_down(self, account: Account) -> Health:
        return webhook.tear_down(account)

    def drop_held(self, account: Account) -> Health:
        return webhook.drop_held(account)

    def check(self, account: Account) -> Health:
        return webhook.check(account)
