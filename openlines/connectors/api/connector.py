"""The custom channel as the product sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext_lazy as _

from openlines.connectors.api import health, media, parse, send, signature
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

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class ApiConnector:
    kind: ClassVar[str] = "api"
    label: ClassVar[StrOrPromise] = _("Custom channel")
    proof: ClassVar[StrOrPromise] = _(
        "The signature over the very bytes and their time was checked with the channel's secret."
    )
    features: ClassVar[Features] = Features(
        max_text=send.MAX_TEXT,
        edits=True,
        deletes=True,
        receipts=True,
        read_marks=True,
        buttons=True,
        max_buttons=10,
        shows_sender=True,
        media_by_url=True,
        repeats=True,
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField(
            "url",
            _("Address of your webhook"),
            _("Where your system takes messages for clients, for example https://shop.example/helpdesk."),
        ),
        CredentialField(
            "secret",
            _("Signing secret"),
            _("Both sides sign with it. Copy it to your system. Empty: one is made."),
            required=False,
            generated=True,
            make=signature.new_secret,
        ),
        CredentialField(
            "previous_secret",
            _("Previous signing secret"),
            _(
                "While you change the secret: the old one, which holds beside the new one. Afterwards empty it."
            ),
            required=False,
            advanced=True,
        ),
        CredentialField(
            "api_key",
            _("API key"),
            _("For the REST interface, instead of signatures. Empty: one is made."),
            required=False,
            generated=True,
            make=signature.new_key,
        ),
    )
    allowed_media_hosts: ClassVar[tuple[str, ...]] = ()
    """Any public host: the customer's own system names it, and private addresses are refused."""
    guide: ClassVar[tuple[StrOrPromise, ...]] = (
        _("Enter the address at which your system takes messages for clients, and save."),
        _("Copy the address for messages, the signing secret and the API key into your system."),
        _(
            "Your system sends what clients write to that address, signed by Standard Webhooks, "
            "or to the REST interface with the API key. /api/docs describes both."
        ),
        _("Check the connection: your system gets a signed call named “ping” and should answer 200."),
    )
    registers_webhook: ClassVar[bool] = False

    def verify(self, request: RawRequest, account: Account) -> None:
        signature.verify(request, account)

    def key(self, request: RawRequest) -> str:
        return parse.key(request)

    def parse(self, request: RawRequest, account: Account) -> list[InboundItem]:
        return parse.parse(request)

    def send(self, message: OutgoingMessage, account: Account) -> Outcome:
        return send.send(message, account)

    def edit(self, external_ids: tuple[str, ...], message: OutgoingMessage, account: Account) -> Outcome:
        return send.edit(external_ids, message, account)

    def delete(self, external_ids: tuple[str, ...], recipient: str, account: Account) -> Outcome:
        return send.delete(external_ids, recipient, account)

    def show_typing(self, recipient: str, account: Account, *, last_external_id: str = "") -> None:
        send.tell(account, "typing.started", {"contact": {"external_id": recipient}})

    def mark_read(self, recipient: str, external_id: str, account: Account) -> None:
        send.tell(
            account, "message.read", {"contact": {"external_id": recipient}, "external_id": external_id}
        )

    def fetch(self, media_: Media, account: Account, *, max_bytes: int) -> bytes:
        return media.fetch(media_, max_bytes=max_bytes)

    def set_up(self, account: Account) -> Health:
        return health.check(account)

    def tear_down(self, account: Account) -> Health:
        return health.tear_down(account)

    def check(self, account: Account) -> Health:
        return health.check(account)
