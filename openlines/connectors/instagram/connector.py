"""The Instagram channel as the product sees it."""

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
from openlines.connectors.instagram import logins, webhook
from openlines.connectors.instagram.logins import PROFILE, channel
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


class InstagramConnector:
    kind: ClassVar[str] = "instagram"
    label: ClassVar[StrOrPromise] = "Instagram"
    proof: ClassVar[StrOrPromise] = _("Meta's signature over the very bytes was checked with the app secret.")
    features: ClassVar[Features] = Features(
        max_text=messaging_send.INSTAGRAM_LIMIT[0],
        receipts=True,
        read_marks=True,
        buttons=True,
        max_buttons=messaging_send.MAX_BUTTONS,
        window=timedelta(hours=24),
        late_window=timedelta(days=7),
        has_phone=False,
        media_by_url=True,
        per_second=40,
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField(
            "login",
            _("Log-in"),
            _("How your app reaches the account. Instagram’s own needs no Facebook page."),
            choices=(
                (logins.INSTAGRAM, _("Instagram")),
                (logins.FACEBOOK, _("Facebook, by the linked page")),
            ),
            default=logins.INSTAGRAM,
        ),
        CredentialField(
            "ig_id",
            _("Instagram account ID"),
            _("A number that begins with 17841. It stands beside the account where the token is made."),
        ),
        CredentialField(
            "page_id",
            _("Page ID"),
            _("Only with Facebook’s log-in: the page that the account is linked to."),
            required=False,
            when=f"login={logins.FACEBOOK}",
        ),
        CredentialField(
            "access_token",
            _("Access token"),
            _("Of the account; with Facebook’s log-in, of the page."),
            secret=True,
        ),
        CredentialField(
            "instagram_app_secret",
            _("Instagram app secret"),
            _("With Instagram’s log-in: your app at Meta, Instagram, API setup. Not the secret under Basic."),
            secret=True,
            required=False,
            when=f"login={logins.INSTAGRAM}",
        ),
        CredentialField(
            "app_secret",
            _("App secret"),
            _("With Facebook’s log-in: your app at Meta, App settings, Basic."),
            secret=True,
            required=False,
            when=f"login={logins.FACEBOOK}",
        ),
        CredentialField(
            "verify_token",
            _("Verify token"),
            _("Copy it into the webhook settings of your app. Empty: one is made."),
            required=False,
            generated=True,
        ),
    )
    allowed_media_hosts: ClassVar[tuple[str, ...]] = files.HOSTS
    guide: ClassVar[tuple[StrOrPromise, ...]] = (
        _("Make the Instagram account a professional one, and in its settings allow access to messages."),
        _(
            "At developers.facebook.com, make an app of the type Business and add the product Instagram to it."
        ),
        _(
            "Open Instagram, API setup with Instagram login. Add the account, generate its token, and copy the "
            "account’s ID, the token and the Instagram app secret from there. "
            "(With a linked Facebook page: Messenger, Instagram settings, and the page’s token.)"
        ),
        _("Paste them here and save. The page then shows an address and a verify token."),
        _(
            "Enter both in the app’s webhook settings for Instagram and switch on “messages” and its neighbours."
        ),
        _(
            "Until Meta has reviewed the app (Advanced Access), it hears only of people with a role in it. "
            "Ask for the feature “Human Agent” too: it lets you answer up to 7 days later."
        ),
        _("Write to the account from another one to try it."),
    )
    registers_webhook: ClassVar[bool] = False
    renew_every: ClassVar[timedelta] = webhook.RENEW_EVERY

    def verify(self, request: RawRequest, account: Account) -> None:
        signature.verify(request, *logins.secrets(account))

    def handshake(self, query: Mapping[str, str], account: Account) -> str:
        return handshake.answer(query, verify_token=account.credentials.get("verify_token", ""))

    def account_key(self, credentials: Mapping[str, str]) -> str:
        return credentials.get("ig_id", "").strip()

    def account_keys(self, request: RawRequest) -> tuple[str, ...]:
        return messaging_walk.account_keys(request)

    def key(self, request: RawRequest) -> str:
        return messaging_walk.key(request)

    def parse(self, request: RawRequest, account: Account) -> list[InboundItem]:
        return messaging.parse(request, subject="instagram", account=logins.own_id(account))

    def send(self, message: OutgoingMessage, account: Account) -> Outcome:
        return messaging_send.send(message, account, channel(account))

    def show_typing(self, recipient: str, account: Account, *, last_external_id: str = "") -> None:
        messaging_send.show_typing(recipient, account, channel(account))

    def mark_read(self, recipient: str, external_id: str, account: Account) -> None:
        messaging_send.mark_read(recipient, account, channel(account))

    def profile(self, external_id: str, account: Account) -> Sender | None:
        return messaging_account.profile(external_id, account, channel(account), names=PROFILE)

    def renew(self, account: Account) -> Mapping[str, str] | None:
        return webhook.renew(account)

    def fetch(self, media: Media, account: Account, *, max_bytes: int) -> bytes:
        files.check_size(media.size, max_bytes=max_bytes)
        return files.download(media.reference, account, max_bytes=max_bytes)

    def set_up(self, account: Account) -> Health:
        return webhook.set_up(account)

    def tear_down(self, account: Account) -> Health:
        return webhook.tear_down(account)

    def check(self, account: Account) -> Health:
        return webhook.check(account)
