"""The WhatsApp channel as the product sees it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext_lazy as _

from contactcenter.lib import http
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
    TemplateInfo,
)
from openlines.connectors.meta import handshake, signature
from openlines.connectors.phones import international
from openlines.connectors.whatsapp import api, identity, parse, send, templates, webhook
from openlines.connectors.whatsapp import media as files

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class WhatsAppConnector:
    kind: ClassVar[str] = "whatsapp"
    label: ClassVar[StrOrPromise] = "WhatsApp"
    proof: ClassVar[StrOrPromise] = _("Meta's signature over the very bytes was checked with the app secret.")
    features: ClassVar[Features] = Features(
        max_text=send.MAX_TEXT,
        receipts=True,
        read_marks=True,
        typing_reads=True,
        buttons=True,
        max_buttons=send.MAX_BUTTONS,
        window=timedelta(hours=24),
        templates=True,
        can_start=True,
        per_second=20,
        address="phone",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField(
            "phone_number_id", _("Phone number ID"), _("Under WhatsApp → API Setup; not the number itself.")
        ),
        CredentialField(
            "waba_id",
            _("WhatsApp Business account ID"),
            _("Under WhatsApp → API Setup, beside the number's."),
        ),
        CredentialField(
            "token",
            _("Access token"),
            _(
                "Of a system user, without expiry, with whatsapp_business_messaging and "
                "whatsapp_business_management."
            ),
            secret=True,
        ),
        CredentialField(
            "app_secret",
            _("App secret"),
            _("Under App settings → Basic. Meta signs messages with it."),
            secret=True,
        ),
        CredentialField(
            "app_id",
            _("App ID"),
            _("Under App settings → Basic. With it, everything at Meta is set automatically."),
            required=False,
        ),
        CredentialField(
            "verify_token",
            _("Verify token"),
            _("Meta shows it when it asks for the address. Empty: one is made."),
            required=False,
            generated=True,
        ),
    )
    allowed_media_hosts: ClassVar[tuple[str, ...]] = ("lookaside.fbsbx.com",)
    guide: ClassVar[tuple[StrOrPromise, ...]] = (
        _(
            "At developers.facebook.com, create an app of the type Business and add the product WhatsApp to it."
        ),
        _("Under WhatsApp → API Setup, add your number, and copy the phone number ID and the account ID."),
        _(
            "In the Business settings, create a system user, give it the app and the WhatsApp account with full "
            "control, and generate a token that never expires with the permissions whatsapp_business_messaging and "
            "whatsapp_business_management."
        ),
        _("Under App settings → Basic, copy the app ID and the app secret. Paste everything here and save."),
        _(
            "The address for messages is set automatically. If you left out the app ID: under WhatsApp → "
            "Configuration, enter the address and the verify token from here, and switch on the field messages."
        ),
        _("Put the app into live mode, then write to your number from a phone to try it."),
    )
    registers_webhook: ClassVar[bool] = True

    def verify(self, request: RawRequest, account: Account) -> None:
        signature.verify(request, api.credential(account, "app_secret"))

    def handshake(self, query: Mapping[str, str], account: Account) -> str:
        return handshake.answer(query, verify_token=api.credential(account, "verify_token"))

    def account_key(self, credentials: Mapping[str, str]) -> str:
        return credentials.get("phone_number_id", "").strip()

    def account_keys(self, request: RawRequest) -> tuple[str, ...]:
        return parse.account_keys(request)

    def key(self, request: RawRequest) -> str:
        return parse.key(request)

    def parse(self, request: RawRequest, account: Account) -> list[InboundItem]:
        return parse.parse(request, account)

    def send(self, message: OutgoingMessage, account: Account) -> Outcome:
        return send.send(message, account)

    def fetch(self, media: Media, account: Account, *, max_bytes: int) -> bytes:
        return files.fetch(media, account, max_bytes=max_bytes)

    def templates(self, account: Account) -> list[TemplateInfo]:
        return templates.listed(account)

    def sender_for(self, address: str, account: Account) -> Sender:
        """By phone number; when he answers, Meta tells his business-scoped id besides."""
        return identity.sender(identity.digits(international(address)), "")

    def mark_read(self, recipient: str, external_id: str, account: Account) -> None:
        self._mark(external_id, account)

    def show_typing(self, recipient: str, account: Account, *, last_external_id: str = "") -> None:
        """WhatsApp shows typing only as the answer to a message, and for 25 seconds; the message is read by it, too."""
        self._mark(last_external_id, account, typing=True)

    def set_up(self, account: Account) -> Health:
        return webhook.set_up(account)

    def tear_down(self, account: Account) -> Health:
        return webhook.tear_down(account)

    def check(self, account: Account) -> Health:
        return webhook.check(account)

    def _mark(self, external_id: str, account: Account, *, typing: bool = False) -> None:
        if not external_id:
            return
        body = {"messaging_product": "whatsapp", "status": "read", "message_id": external_id}
        shown = {"typing_indicator": {"type": "text"}} if typing else {}
        try:
            api.call(account, "POST", api.number(account, "messages"), json={**body, **shown}, read_seconds=5)
        except (http.NotSent, http.MaybeSent):
            return
