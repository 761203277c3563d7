"""Text messages by Twilio as the product sees them."""

from __future__ import annotations

from datetime import datetime
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
from openlines.connectors.phones import international
from openlines.connectors.sms import media as files
from openlines.connectors.sms import missed, parse, send, setup, signature

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NOTHING = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


class SmsConnector:
    kind: ClassVar[str] = "sms"
    label: ClassVar[StrOrPromise] = _("SMS")
    proof: ClassVar[StrOrPromise] = _(
        "Twilio's signature over the address and everything in the call was checked with the auth token."
    )
    features: ClassVar[Features] = Features(
        max_text=send.MAX_TEXT,
        receipts=True,
        can_start=True,
        joins_texts=True,
        media_by_url=True,
        address="phone",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField(
            "account_sid", _("Account SID"), _("On the first page of Twilio’s console; begins with AC.")
        ),
        CredentialField(
            "auth_token",
            _("Auth Token"),
            _("Beside it. It also proves that a call is Twilio’s."),
            secret=True,
        ),
        CredentialField(
            "sender",
            _("Number"),
            _("Your Twilio number with its country code (+48…), or a Messaging Service (MG…)."),
        ),
        CredentialField(
            "files",
            _("Files go"),
            _("MMS works in the USA and Canada only; links work everywhere."),
            required=False,
            choices=((send.LINKS, _("as links in the text")), (send.MMS, _("as MMS"))),
            default=send.LINKS,
        ),
        CredentialField(
            "api_key",
            _("API key"),
            _("Optional, instead of the Auth Token for calls; begins with SK."),
            required=False,
            advanced=True,
        ),
        CredentialField("api_secret", _("API key’s secret"), secret=True, required=False, advanced=True),
    )
    allowed_media_hosts: ClassVar[tuple[str, ...]] = files.HOSTS
    guide: ClassVar[tuple[StrOrPromise, ...]] = (
        _(
            "At Twilio, open an account and buy a number that takes text messages (Phone Numbers, Buy a number)."
        ),
        _("Copy Account SID and Auth Token from the first page of Twilio’s console, and the number."),
        _("Paste them here and save: the number’s address for messages is set automatically."),
        _(
            "Twilio tries a few times only. This installation’s address is set as the fallback, too, and what was "
            "lost all the same is fetched from Twilio’s list within the hour. For a WhatsApp sender, enter the "
            "address in both places, followed by #rc=3&rp=all."
        ),
        _("Write a text message to the number to try it."),
    )
    registers_webhook: ClassVar[bool] = True

    def verify(self, request: RawRequest, account: Account) -> None:
        signature.verify(request, account)

    def key(self, request: RawRequest) -> str:
        return parse.key(request)

    def parse(self, request: RawRequest, account: Account) -> list[InboundItem]:
        return parse.parse(request)

    def answer(self, request: RawRequest, account: Account) -> tuple[str, str]:
        """TwiML that says nothing: anything else is an error in Twilio's log, and text would be sent to the client."""
        return "text/xml; charset=utf-8", NOTHING

    def missed(self, account: Account, since: datetime) -> list[RawRequest]:
        return missed.missed(account, since)

    def send(self, message: OutgoingMessage, account: Account) -> Outcome:
        return send.send(message, account)

    def sender_for(self, address: str, account: Account) -> Sender:
        number = international(address)
        return Sender(send.recipient(number, account), phone=number)

    def fetch(self, media: Media, account: Account, *, max_bytes: int) -> bytes:
        return files.fetch(media, account, max_bytes=max_bytes)

    def set_up(self, account: Account) -> Health:
        return setup.set_up(account)

    def tear_down(self, account: Account) -> Health:
        return setup.tear_down(account)

    def check(self, account: Account) -> Health:
        return setup.check(account)
