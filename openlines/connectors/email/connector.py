"""The e-mail channel as the product sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from openlines.connectors.base import (
    Account,
    BadSignature,
    CredentialField,
    Features,
    Finding,
    Health,
    InboundItem,
    Media,
    MediaUnavailable,
    Outcome,
    OutgoingMessage,
    Polled,
    RawRequest,
    Sender,
)
from openlines.connectors.email import ids, imap, oauth, options, parse, smtp, typed

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_SECURITY = (
    ("ssl", _("TLS from the start")),
    ("starttls", "STARTTLS"),
    ("none", _("none (only inside your own network)")),
)
_PASSWORD = _("Some providers want an app password here: Gmail, Yahoo, iCloud.")


class EmailConnector:
    kind: ClassVar[str] = "email"
    label: ClassVar[StrOrPromise] = _("E-mail")
    proof: ClassVar[StrOrPromise] = _(
        "Mails carry no signature that would prove it: we fetched this one from the mailbox ourselves."
    )
    features: ClassVar[Features] = Features(
        max_text=1_000_000,
        joins_texts=True,
        automatic_an_hour=5,
        can_start=True,
        address="email",
        has_phone=False,
        shows_sender=True,
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField("address", _("E-mail address"), _("The one clients write to; answers come from it.")),
        CredentialField(
            "other_addresses",
            _("Other addresses of this mailbox"),
            _("Separated by commas. Mails from them are not taken for a client’s."),
            required=False,
            advanced=True,
        ),
        CredentialField(
            "username", _("User name"), _("Empty: the e-mail address."), required=False, advanced=True
        ),
        CredentialField(
            "login",
            _("Log in with"),
            choices=(("password", _("a password")), ("oauth", _("OAuth (Microsoft 365, Gmail)"))),
            default="password",
            required=False,
        ),
        CredentialField(
            "password", _("Password"), _PASSWORD, secret=True, required=False, when="login=password"
        ),
        CredentialField(
            "imap_host", _("Incoming mail (IMAP): server"), _("For example imap.example.com."), leads=True
        ),
        CredentialField(
            "imap_security",
            _("Incoming mail: encryption"),
            choices=_SECURITY,
            default="ssl",
            required=False,
            leads=True,
        ),
        CredentialField(
            "imap_port",
            _("Incoming mail: port"),
            _("Empty: the usual one."),
            required=False,
            advanced=True,
            leads=True,
        ),
        CredentialField("folder", _("Folder to read"), _("Empty: INBOX."), required=False, advanced=True),
        CredentialField(
            "smtp_host", _("Outgoing mail (SMTP): server"), _("For example smtp.example.com."), leads=True
        ),
        CredentialField(
            "smtp_security",
            _("Outgoing mail: encryption"),
            choices=_SECURITY,
            default="starttls",
            required=False,
            leads=True,
        ),
        CredentialField(
            "smtp_port",
            _("Outgoing mail: port"),
            _("Empty: the usual one."),
            required=False,
            advanced=True,
            leads=True,
        ),
        CredentialField(
            "smtp_login",
            _("Outgoing mail: log-in"),
            choices=(
                ("same", _("the same as for incoming mail")),
                ("own", _("with a name and password of its own")),
                ("none", _("without")),
            ),
            default="same",
            required=False,
            advanced=True,
        ),
        CredentialField(
            "smtp_username",
            _("Outgoing mail: user name"),
            required=False,
            when="smtp_login=own",
            advanced=True,
        ),
        CredentialField(
            "smtp_password",
            _("Outgoing mail: password"),
            secret=True,
            required=False,
            when="smtp_login=own",
            advanced=True,
        ),
        CredentialField(
            "after_reading",
            _("What becomes of a mail that was taken"),
            choices=(
                ("nothing", _("it stays as it is")),
                ("seen", _("it is marked as read")),
                ("move", _("it is moved to another folder")),
            ),
            default="nothing",
            required=False,
            advanced=True,
        ),
        CredentialField(
            "done_folder",
            _("Folder for mails that were taken"),
            required=False,
            when="after_reading=move",
            advanced=True,
        ),
        CredentialField(
            "sent_folder",
            _("Folder for a copy of each answer"),
            _("Empty: no copy is made."),
            required=False,
            advanced=True,
        ),
        CredentialField(
            "reply_token",
            _("Answers come to an address of their own"),
            _(
                "name+token@…: conversations stay together whatever a mail program does. "
                "Try first whether mails to name+test@… arrive."
            ),
            choices=(("no", _("no")), ("yes", _("yes, the server takes addresses with a plus"))),
            default="no",
            required=False,
            advanced=True,
        ),
        CredentialField(
            "ca_file",
            _("File of the certificate authority"),
            _(
                "Path on the server of this product, where the mail server’s certificate is your company’s own."
            ),
            required=False,
            advanced=True,
        ),
        CredentialField("client_id", _("OAuth: client id"), required=False, when="login=oauth"),
        CredentialField(
            "client_secret", _("OAuth: client secret"), secret=True, required=False, when="login=oauth"
        ),
        CredentialField(
            "refresh_token", _("OAuth: refresh token"), secret=True, required=False, when="login=oauth"
        ),
        CredentialField(
            "token_url",
            _("OAuth: address for tokens"),
            _(
                "Google: https://oauth2.googleapis.com/token; Microsoft: https://login.microsoftonline.com/common/oauth2/v2.0/token."
            ),
            required=False,
            when="login=oauth",
            leads=True,
        ),
    )
    allowed_media_hosts: ClassVar[tuple[str, ...]] = ()
    guide: ClassVar[tuple[StrOrPromise, ...]] = (
        _(
            "Take a mailbox that only this product reads, for example support@ your domain, and allow IMAP for it."
        ),
        _(
            "Make an app password for it, or register an application for OAuth where your provider wants that (Microsoft 365)."
        ),
        _(
            "Enter the address, both servers and the password here, and save: the log-in to both is tried at once."
        ),
        _(
            "Write a mail to the address to try it: it comes in within a minute. What lies in the mailbox already is not taken."
        ),
    )
    registers_webhook: ClassVar[bool] = True
    """There is no address to copy: mails are fetched."""
    poll_every: ClassVar[timedelta] = timedelta(minutes=1)
    renew_every: ClassVar[timedelta] = timedelta(days=7)

    def verify(self, request: RawRequest, account: Account) -> None:
        raise BadSignature("mails are fetched, nobody delivers them")

    def key(self, request: RawRequest) -> str:
        return ids.key(request.body)

    def parse(self, request: RawRequest, account: Account) -> list[InboundItem]:
        return parse.parse(request, account)

    def send(self, message: OutgoingMessage, account: Account) -> Outcome:
        return smtp.send(message, account)

    def sender_for(self, address: str, account: Account) -> Sender:
        return typed.sender(address, options.read(account))

    def fetch(self, media: Media, account: Account, *, max_bytes: int) -> bytes:
        raise MediaUnavailable(gettext("The file came with the mail, and is no longer there."))

    def poll(self, account: Account, cursor: Mapping[str, Any], *, max_bytes: int) -> Iterator[Polled]:
        return imap.poll(account, cursor, max_bytes=max_bytes)

    def skip_to_now(self, account: Account) -> Mapping[str, Any]:
        return imap.now(account)

    def renew(self, account: Account) -> Mapping[str, str] | None:
        own = options.read(account)
        return oauth.renew(own, account) if own.uses_oauth else None

    def set_up(self, account: Account) -> Health:
        return self.check(account)

    def tear_down(self, account: Account) -> Health:
        return Health(True, gettext("Mails are no longer fetched."), options.read(account).address)

    def check(self, account: Account) -> Health:
        own = options.read(account)
        if not own.address:
            return Health(False, gettext("Enter the e-mail address."))
        reading, sending = imap.check(account), smtp.check(account)  # both: one mends both at once
        found = (
            Finding(gettext("Incoming mail (IMAP)"), reading.ok, reading.detail),
            Finding(gettext("Outgoing mail (SMTP)"), sending.ok, sending.detail),
        )
        wrong = [one.detail for one in (reading, sending) if not one.ok]
        detail = wrong[0] if wrong else f"{reading.detail} {sending.detail}"
        return Health(not wrong, detail, own.address, found)
