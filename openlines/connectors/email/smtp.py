"""Sending one mail, and what the server's answers mean for it (connectors.md §6).

What fails before the mail's last line was handed over was not taken; what fails after that may have been.
"""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from typing import Any

from django.core.mail.backends.smtp import EmailBackend
from django.utils.translation import gettext as _

from contactcenter.lib import calls
from openlines.connectors.base import (
    Account,
    Broken,
    CredentialsRefused,
    Failed,
    Health,
    MediaUnavailable,
    Outcome,
    OutgoingMessage,
    Sent,
    TryLater,
    Unknown,
)
from openlines.connectors.email import compose, imap, oauth, options, reports, tls
from openlines.connectors.email.headers import clean_address
from openlines.connectors.fields import text

SECONDS = 30
"""To connect, and for each answer."""


class _Phases:
    """Beside ``smtplib``'s class: remembers whether the whole mail was handed over, and logs in with a token."""

    access_token = ""
    handed_over = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.putcmd("data")  # type: ignore[attr-defined]
        code, said = self.getreply()  # type: ignore[attr-defined]
        if code != 354:
            raise smtplib.SMTPDataError(code, said)
        raw = msg if isinstance(msg, bytes) else msg.encode("ascii", "replace")
        body = smtplib._quote_periods(raw)  # type: ignore[attr-defined]
        calls.begin()
        self.send(body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n")  # type: ignore[attr-defined]
        self.handed_over = True
        code, said = self.getreply()  # type: ignore[attr-defined]
        return code, said

    def login(self, user: str, password: str, **ignored: Any) -> tuple[int, bytes]:
        if not self.access_token:
            return super().login(user, password)  # type: ignore[misc, no-any-return]
        self.ehlo_or_helo_if_needed()  # type: ignore[attr-defined]
        token = f"user={user}\1auth=Bearer {self.access_token}\1\1"
        found: tuple[int, bytes] = self.auth(  # type: ignore[attr-defined]
            "XOAUTH2", lambda challenge=None: token if challenge is None else ""
        )
        return found


class _Plain(_Phases, smtplib.SMTP):
    pass


class _Ssl(_Phases, smtplib.SMTP_SSL):
    pass


class _Backend(EmailBackend):
    """Django's, with a certificate authority of our own choosing and the classes above."""

    def __init__(self, own: options.Options, *, access_token: str) -> None:
        server = own.smtp
        super().__init__(
            host=server.host,
            port=server.port,
            username=own.smtp_username,
            password=access_token or own.smtp_password,
            use_tls=server.security == "starttls",
            use_ssl=server.security == "ssl",
            timeout=SECONDS,
            fail_silently=False,
        )
        kind = _Ssl if server.security == "ssl" else _Plain
        self._class = type("Session", (kind,), {"access_token": access_token})
        if server.security != "none":
            self.ssl_context = tls.context(server)

    @property
    def connection_class(self) -> Any:
        return self._class


def send(message: OutgoingMessage, account: Account) -> Outcome:
    """One attempt. Never raises."""
    if message.part:
        return Sent(())  # a mail is one call: what was accepted is all of it
    own = options.read(account)
    trouble = _cannot_be_sent(message, own)
    if trouble is not None:
        return trouble
    try:
        mail = compose.compose(message, own)
        raw = mail.message().as_bytes()
    except compose.MissingFile as error:
        return Failed(_("The file “%(name)s” is no longer on our disk. Attach it again.") % {"name": error})
    except (ValueError, UnicodeError, TypeError) as error:
        return Failed(_("The mail cannot be written: %(why)s. Change it and send it again.") % {"why": error})
    opened = _opened(own, account)
    if not isinstance(opened, _Backend):
        return opened
    try:
        outcome = _hand_over(opened, mail, raw, message, own)
    finally:
        with suppress(Exception):
            opened.close()
    if isinstance(outcome, Sent):
        imap.append_sent(account, raw)
    return outcome


def check(account: Account) -> Health:
    own = options.read(account)
    opened = _opened(own, account)
    if not isinstance(opened, _Backend):
        return Health(False, getattr(opened, "reason", ""), own.address)
    with suppress(Exception):
        opened.close()
    return Health(True, _("Mails can be sent from %(address)s.") % {"address": own.address}, own.address)


def _cannot_be_sent(message: OutgoingMessage, own: options.Options) -> Outcome | None:
    if not own.address:
        return Broken(_("The connection has no e-mail address. Enter it."))
    if not own.smtp.host:
        return Broken(_("Enter the server for outgoing mail (SMTP)."))
    if not clean_address(message.recipient):
        return Failed(
            _("The client’s e-mail address is not known or not valid. Reach the client another way."),
            unreachable=True,
        )
    if not message.recipient.isascii():
        return Failed(
            _(
                "The client’s address has letters before the @ that mail servers outside do not take. "
                "Ask the client for another address."
            ),
            unreachable=True,
        )
    if not message.text.strip() and not message.files:
        return Failed(_("The message is empty. Write something or attach a file."))
    return None


def _opened(own: options.Options, account: Account) -> _Backend | Outcome:
    """Connected and logged in. Nothing of a mail has been handed over yet."""
    try:
        token = oauth.access_token(own, account) if options.smtp_uses_oauth(own, account) else ""
        backend = _Backend(own, access_token=token)
        backend.open()
        return backend
    except CredentialsRefused as error:
        return Broken(str(error))
    except MediaUnavailable as error:
        return TryLater(str(error), whole_connection=True)
    except smtplib.SMTPAuthenticationError as error:
        if oauth.forget(own, account):  # withdrawn before its time: a new one may do
            return _opened(own, account)
        if 400 <= error.smtp_code < 500:
            return _later(_("The mail server does not let us in just now: “%(said)s”."), error.smtp_error)
        return Broken(
            _(
                "The mail server refuses the log-in of %(name)s: “%(said)s”. "
                "Check name and password (some providers want an app password)."
            )
            % {"name": own.smtp_username, "said": _said(error.smtp_error)}
        )
    except smtplib.SMTPNotSupportedError as error:
        return Broken(
            _("The mail server %(host)s does not offer what is set (%(said)s). Check encryption and log-in.")
            % {"host": own.smtp.host, "said": error}
        )
    except smtplib.SMTPResponseException as error:
        return _later(_("The mail server does not take mails just now: “%(said)s”."), error.smtp_error)
    except ssl.SSLCertVerificationError as error:
        return _later(
            _(
                "The certificate of the mail server is not trusted: %(said)s. Enter the file of its certificate authority."
            ),
            error.verify_message,
        )
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return _later(_("The mail server cannot be reached: %(said)s."), str(error) or type(error).__name__)


def _hand_over(
    backend: _Backend, mail: Any, raw: bytes, message: OutgoingMessage, own: options.Options
) -> Outcome:
    session: Any = backend.connection
    try:
        session.ehlo_or_helo_if_needed()
        limit = session.esmtp_features.get("size", "")
        if limit.isdecimal() and 0 < int(limit) < len(raw):
            return Failed(
                _(
                    "The mail has %(size).1f MB, and the mail server takes %(limit).1f MB. "
                    "Send fewer or smaller files, or a link."
                )
                % {"size": len(raw) / 1024**2, "limit": int(limit) / 1024**2}
            )
        backend.send_messages([mail])
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()), (550, b""))
        return _refused(code, said, is_recipient=True)
    except smtplib.SMTPSenderRefused as error:
        return _sender_refused(error, own)
    except smtplib.SMTPDataError as error:
        return _refused(error.smtp_code, error.smtp_error)
    except smtplib.SMTPResponseException as error:
        return _refused(error.smtp_code, error.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        if getattr(session, "handed_over", False):
            return Unknown(_("The mail server did not answer: it may have sent the mail, or not."))
        return _later(
            _("The connection to the mail server broke: %(said)s."), str(error) or type(error).__name__
        )
    except (ValueError, UnicodeError) as error:
        return Failed(_("The mail cannot be written: %(why)s. Change it and send it again.") % {"why": error})
    return Sent((compose.message_id(message, own),))


def _refused(code: int, said: bytes | str, *, is_recipient: bool = False) -> Outcome:
    words = _said(said)
    if code == 421:
        return _later(_("The mail server does not take mails just now: “%(said)s”."), said)
    if code < 500:
        return TryLater(_("The mail server put the mail off: “%(said)s”.") % {"said": words})
    if code in (530, 534, 535, 538):
        return Broken(_("The mail server wants a log-in: “%(said)s”. Check the settings.") % {"said": words})
    match = reports.ENHANCED.search(words)
    status = match[0] if match else "5.3.4" if code == 552 else ""
    gone = is_recipient and (reports.is_gone(status) or (not status and code in (550, 553)))
    return Failed(reports.in_words(status or ("5.1.1" if gone else ""), words), unreachable=gone)


def _sender_refused(error: smtplib.SMTPSenderRefused, own: options.Options) -> Outcome:
    words = _said(error.smtp_error)
    if error.smtp_code < 500 or error.smtp_code == 552 or "5.3.4" in words or "5.2.3" in words:
        return _refused(error.smtp_code, error.smtp_error)
    return Broken(
        _(
            "The mail server does not let us send as %(address)s: “%(said)s”. Check the address and the log-in."
        )
        % {"address": own.address, "said": words}
    )


def _later(reason: str, said: bytes | str) -> TryLater:
    return TryLater(reason % {"said": _said(said)}, whole_connection=True)


def _said(said: bytes | str) -> str:
    found = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join(text(found, limit=300).split())
