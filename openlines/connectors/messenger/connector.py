"""The Messenger channel as the product sees it."""

from __future__ import annotations

from collections.abc import Mapping
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
    Sender,
)
from openlines.connectors.messenger import webhook
from openlines.connectors.messenger.page import PROFILE, channel
from openlines.connectors.meta import (
    files,
    handshake,
    messaging,
    messaging_account,
    messaging_send,
    messaging_walk,
    signature,
)

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class MessengerConnector:
    kind: ClassVar[str] = "messenger"
    label: ClassVar[StrOrPromise] = "Facebook Messenger"
    proof: ClassVar[StrOrPromise] = _("Meta's signature over the very bytes was checked with the app secret.")
    features: ClassVar[Features] = Features(
        max_text=messaging_send.MESSENGER_LIMIT[0],
        receipts=True,
        read_marks=True,
        buttons=True,
        max_buttons=messaging_send.MAX_BUTTONS,
        window=timedelta(hours=24),
        late_window=timedelta(days=7),
        has_phone=False,
        per_second=40,
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField(
            "page_id", _("Page ID"), _("A number. On Facebook: the page, About, Page transparency.")
        ),
        CredentialField(
            "access_token",
            _("Page access token"),
            _("Your app at Meta, Messenger, API settings, “Generate” beside the page."),
            secret=True,
        ),
        CredentialField("app_id", _("App ID"), _("Your app at Meta, App settings, Basic.")),
        CredentialField(
            "app_secret",
            _("App secret"),
            _("Beside the app ID, behind “Show”. It proves that deliveries come from Meta."),
            secret=True,
        ),
        CredentialField(
            "verify_token",
            _("Verify token"),
            _("Meta shows it when it asks whether this address is yours. Empty: one is made."),
            required=False,
            generated=True,
        ),
    )
    allowed_media_hosts: ClassVar[tuple[str, ...]] = files.HOSTS
    guide: ClassVar[tuple[StrOrPromise, ...]] = (
        _(
            "At developers.facebook.com, make an app of the type Business and add the product Messenger to it."
        ),
        _("In the app, open Messenger, API settings. Add your page there and generate its access token."),
        _("Copy the app’s ID and secret from App settings, Basic. Copy the page’s ID from the page itself."),
        _("Paste all four here and save: Meta is told this installation’s address automatically."),
        _(
            "Until Meta has reviewed the app (permission pages_messaging, Advanced Access), it hears only of people "
            "with a role in it. Ask for the feature “Human Agent” too: it lets you answer up to 7 days later."
        ),
        _("Write to your page to try it."),
    )
    registers_webhook: ClassVar[bool] = True

    def verify(self, request: RawRequest, account: Account) -> None:
        signature.verify(request, account.credentials.get("app_secret", "").strip())

    def handshake(self, query: Mapping[str, str], account: Account) -> str:
        return handshake.answer(query, verify_token=account.credentials.get("verify_token", ""))

    def account_key(self, credentials: Mapping[str, str]) -> str:
        return credentials.get("page_id", "").strip()

    def account_keys(self, request: RawRequest) -> tuple[str, ...]:
        return messaging_walk.account_keys(request)

    def key(self, request: RawRequest) -> str:
        return messaging_walk.key(request)

    def parse(self, request: RawRequest, account: Account) -> list[InboundItem]:
        return messaging.parse(request, subject="page", account=account.credentials.get("page_id", ""))

    def send(self, message: OutgoingMessage, account: Account) -> Outcome:
        return messaging_send.send(message, account, channel(account))

    def show_typing(self, recipient: str, account: Account, *, last_external_id: str = "") -> None:
        messaging_send.show_typing(recipient, account, channel(account))

    def mark_read(self, recipient: str, external_id: str, account: Account) -> None:
        messaging_send.mark_read(recipient, account, channel(account))

    def profile(self, external_id: str, account: Account) -> Sender | None:
        return messaging_account.profile(external_id, account, channel(account), names=PROFILE)

    def fetch(self, media: Media, account: Account, *, max_bytes: int) -> bytes:
        files.check_size(media.size, max_bytes=max_bytes)
        return files.download(media.reference, account, max_bytes=max_bytes)

    def set_up(self, account: Account) -> Health:
        return webhook.set_up(account)

    def tear_down(self, account: Account) -> Health:
        return webhook.tear_down(account)

    def check(self, account: Account) -> Health:
        return webhook.check(account)
