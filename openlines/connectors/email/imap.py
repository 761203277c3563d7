"""Reading a mailbox: by UID under one UIDVALIDITY, never by “unseen”, one mail at a time.

A cursor holds ``uidvalidity`` and ``uid`` (the last one dealt with) and, from the service, ``since``: what came before
it is nobody's message here. Where the server numbers anew, everything since then is read again; the key of a delivery
(``ids.key``) tells what is known.
"""

from __future__ import annotations

import hashlib
import imaplib
import logging
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxStarttlsError
from imap_tools.utils import encode_folder

from openlines.connectors.base import (
    Account,
    CredentialsRefused,
    Health,
    MediaUnavailable,
    Polled,
    RawRequest,
)
from openlines.connectors.email import oauth, options, tls
from openlines.connectors.email.parse import STUB
from openlines.connectors.fields import integer, text

logger = logging.getLogger(__name__)

SECONDS = 30
"""For each answer of the server."""
MAX_HEADER = 256 * 1024
"""Bytes of the headers that are fetched of a mail that is too large."""

_LATER = re.compile(
    r"\[(?:UNAVAILABLE|INUSE|LIMIT|OVERQUOTA|SERVERBUG)\]|temporar|too many|try again|internal|timed? ?out",
    re.IGNORECASE,
)
_SIZE = re.compile(rb"RFC822\.SIZE (\d{1,15})")
_DATE = re.compile(rb'INTERNALDATE "([^"]{1,60})"')


@dataclass(frozen=True)
class _Place:
    """The folder as it is: the highest UID given out so far is ``next_uid`` - 1."""

    validity: int
    next_uid: int


def poll(account: Account, cursor: Mapping[str, Any], *, max_bytes: int) -> Iterator[Polled]:
    """What came since the cursor, oldest first. What is done after reading is done once the caller asks for the next."""
    own = options.read(account)
    with _open(own, account) as box:
        place = _select(box, own, readonly=not own.after_reading)
        validity, last = integer(cursor.get("uidvalidity")), integer(cursor.get("uid")) or 0
        if validity is None or cursor.get("box") != _box(own):
            yield Polled(None, _cursor(own, place.validity, place.next_uid - 1))
            return
        again_to = integer(cursor.get("again_to")) or 0
        if validity != place.validity:
            last, again_to = 0, place.next_uid - 1
            yield Polled(None, _cursor(own, place.validity, 0, again_to))
        since = _moment(cursor.get("since"))
        for uid in _uids(box, last, again_to, since):
            request = _fetch(box, uid, since=since if uid <= again_to else None, max_bytes=max_bytes)
            yield Polled(request, _cursor(own, place.validity, uid, again_to))
            if request is not None:
                _after_reading(box, own, uid)


def now(account: Account) -> Mapping[str, Any]:
    """The cursor behind everything that is there."""
    own = options.read(account)
    with _open(own, account) as box:
        place = _select(box, own, readonly=True)
    return _cursor(own, place.validity, place.next_uid - 1)


def check(account: Account) -> Health:
    own = options.read(account)
    try:
        with _open(own, account) as box:
            _select(box, own, readonly=True)
            for folder in filter(
                None, (own.done_folder if own.after_reading == "move" else "", own.sent_folder)
            ):
                if not box.folder.exists(folder):
                    return Health(
                        False,
                        _("There is no folder “%(folder)s” in the mailbox.") % {"folder": folder},
                        own.address,
                    )
    except (CredentialsRefused, MediaUnavailable) as error:
        return Health(False, str(error), own.address)
    return Health(True, _("The mailbox %(address)s can be read.") % {"address": own.address}, own.address)


def append_sent(account: Account, raw: bytes) -> None:
    """A copy into the folder of sent mails, where one is named. Never raises: the mail itself is on its way."""
    own = options.read(account)
    if not own.sent_folder:
        return
    with suppress(CredentialsRefused, MediaUnavailable), _open(own, account) as box:
        box.append(raw, own.sent_folder, flag_set=["\\Seen"])


# -- the connection ---------------------------------------------------------------------------------------------


@contextmanager
def _open(own: options.Options, account: Account) -> Iterator[BaseMailBox]:
    """Logged in, no folder chosen. Everything that the server or the network does comes as one of our two errors."""
    try:
        box = _connect(own)
    except (OSError, imaplib.IMAP4.error, ImapToolsError, EOFError, ValueError) as error:
        raise _unreachable(own, error) from error
    try:
        _log_in(box, own, account)
        yield box
    except (OSError, imaplib.IMAP4.error, ImapToolsError, EOFError, ValueError, UnicodeError) as error:
        raise _unreachable(own, error) from error
    finally:
        with suppress(Exception):
            box.logout()
        with suppress(Exception):
            box.client.shutdown()


def _connect(own: options.Options) -> BaseMailBox:
    server = own.imap
    if not server.host:
        raise MediaUnavailable(_("Enter the server for incoming mail (IMAP)."))
    if server.security == "none":
        return MailBoxUnencrypted(server.host, server.port, timeout=SECONDS)
    kind = MailBox if server.security == "ssl" else MailBoxStartTls
    return kind(server.host, server.port, timeout=SECONDS, ssl_context=tls.context(server))


def _log_in(box: BaseMailBox, own: options.Options, account: Account) -> None:
    token = oauth.access_token(own, account) if own.uses_oauth else ""
    try:
        if own.uses_oauth:
            box.xoauth2(own.username, token, initial_folder=None)
        elif (own.username + own.password).isascii():
            box.login(own.username, own.password, initial_folder=None)
        else:
            box.login_utf8(own.username, own.password, initial_folder=None)
    except imaplib.IMAP4.abort:
        raise
    except (imaplib.IMAP4.error, ImapToolsError) as error:
        said = _said(error)
        if own.uses_oauth and oauth.forget(own, account):  # withdrawn before its time: a new one may do
            return _log_in(box, own, account)
        if _LATER.search(said):
            raise MediaUnavailable(
                _("The mail server does not let us in just now: “%(said)s”.") % {"said": said}, temporary=True
            ) from error
        raise CredentialsRefused(
            _(
                "The mail server refuses the log-in of %(name)s: “%(said)s”. "
                "Check name and password (some providers want an app password)."
            )
            % {"name": own.username or "?", "said": said}
        ) from error


def _select(box: BaseMailBox, own: options.Options, *, readonly: bool) -> _Place:
    try:
        box.folder.set(own.folder, readonly=readonly)
    except MailboxFolderSelectError as error:
        raise MediaUnavailable(
            _("The folder “%(folder)s” of the mailbox cannot be opened: “%(said)s”.")
            % {"folder": own.folder, "said": _said(error)}
        ) from error
    validity, next_uid = (_told(box, name) for name in ("UIDVALIDITY", "UIDNEXT"))
    if validity is None:
        raise MediaUnavailable(_("The mail server does not number its mails (no UIDVALIDITY)."))
    if next_uid is None:  # optional in IMAP4rev1
        next_uid = max((int(uid) for uid in box.uids("ALL")), default=0) + 1
    return _Place(validity, next_uid)


def _told(box: BaseMailBox, name: str) -> int | None:
    _kind, values = box.client.response(name)
    found = values[-1] if values else None
    return int(found) if isinstance(found, bytes) and found.isdigit() and len(found) < 19 else None


# -- the mails --------------------------------------------------------------------------------------------------


def _uids(box: BaseMailBox, last: int, again_to: int, since: datetime | None) -> list[int]:
    """``n:*`` holds the last mail even where its UID is below ``n``: so what is known is sorted out here."""
    found = set(map(int, box.uids(f"UID {max(last, again_to) + 1}:*", charset=None)))
    if last < again_to:
        old = f" SINCE {_day(since - timedelta(days=1))}" if since else ""
        found |= set(map(int, box.uids(f"UID {last + 1}:{again_to}{old}", charset=None)))
    return sorted(uid for uid in found if uid > last)


def _day(at: datetime) -> str:
    """As IMAP writes it, whatever the process's language. Servers read it in a time zone of their own."""
    return f"{at.day}-{'JanFebMarAprMayJunJulAugSepOctNovDec'[at.month * 3 - 3 : at.month * 3]}-{at.year}"


def _fetch(box: BaseMailBox, uid: int, *, since: datetime | None, max_bytes: int) -> RawRequest | None:
    """None: it is gone meanwhile, or older than ``since``."""
    told = b" ".join(_bytes(_ask(box, uid, "(RFC822.SIZE INTERNALDATE)")))
    size = _SIZE.search(told)
    if size is None:
        return None
    came = _DATE.search(told)
    if since is not None and came and (at := _internal_date(came[1])) and at < since:
        return None
    if int(size[1]) <= max_bytes:
        raw = _literal(_ask(box, uid, f"(BODY.PEEK[]<0.{max_bytes + 1}>)"))
        if raw is None:
            return None
        if len(raw) <= max_bytes:
            return RawRequest({"content-type": "message/rfc822"}, raw)
    head = _literal(_ask(box, uid, f"(BODY.PEEK[HEADER]<0.{MAX_HEADER}>)"))
    if head is None:
        return None
    return RawRequest({"content-type": f"{STUB}; size={int(size[1])}"}, head)


def _ask(box: BaseMailBox, uid: int, what: str) -> list[Any]:
    status, data = box.client.uid("FETCH", str(uid), what)
    if status != "OK":
        raise MediaUnavailable(
            _("The mail server does not hand out the mail with the number %(uid)d: “%(said)s”.")
            % {"uid": uid, "said": text(str(data), limit=200)},
            temporary=True,
        )
    return list(data)


def _bytes(data: list[Any]) -> list[bytes]:
    return [
        one
        for item in data
        for one in (item if isinstance(item, tuple) else (item,))
        if isinstance(one, bytes)
    ]


def _literal(data: list[Any]) -> bytes | None:
    return next((item[1] for item in data if isinstance(item, tuple) and isinstance(item[1], bytes)), None)


def _internal_date(raw: bytes) -> datetime | None:
    try:
        return datetime.strptime(raw.decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    except ValueError:
        return None


def _after_reading(box: BaseMailBox, own: options.Options, uid: int) -> None:
    """What the server refuses here is only logged: the mail itself has been taken."""
    try:
        refused = _mark(box, own, str(uid))
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        refused = _said(error)
    if refused:
        logger.warning("A mail of %s was taken and could not be marked or moved: %s", own.address, refused)


def _mark(box: BaseMailBox, own: options.Options, uid: str) -> str:
    """What the server said against it. Not by imap-tools: its ``flag`` and ``move`` expunge what others marked too."""
    if own.after_reading == "seen":
        status, data = box.client.uid("STORE", uid, "+FLAGS.SILENT", "(\\Seen)")
    elif own.after_reading == "move" and own.done_folder:
        folder = encode_folder(own.done_folder).decode("ascii")
        can = _capabilities(box)
        if "MOVE" in can:
            status, data = box.client.uid("MOVE", uid, folder)
        else:
            status, data = box.client.uid("COPY", uid, folder)
            if status == "OK":
                box.client.uid("STORE", uid, "+FLAGS.SILENT", "(\\Seen \\Deleted)")
                if "UIDPLUS" in can:
                    box.client.uid("EXPUNGE", uid)
    else:
        return ""
    return "" if status == "OK" else text(str(data), limit=300)


def _capabilities(box: BaseMailBox) -> set[str]:
    """As they are after the log-in; before it a server names few, and ``imaplib`` asks only then."""
    _status, data = box.client.capability()
    return set(b" ".join(_bytes(list(data))).decode("ascii", "replace").upper().split())


# -- words ------------------------------------------------------------------------------------------------------


def _cursor(own: options.Options, validity: int, uid: int, again_to: int = 0) -> dict[str, Any]:
    """``again_to``: up to this UID mails are read a second time, and those older than ``since`` are left out."""
    again = {"again_to": again_to} if again_to > uid else {}
    return {"box": _box(own), "uidvalidity": validity, "uid": uid, **again}


def _box(own: options.Options) -> str:
    """Tells another mailbox, of which only what comes from now on is ours, from the same one numbered anew."""
    told = "\0".join((own.imap.host.lower(), own.username, own.folder))
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:16]


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(text(value))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _said(error: Exception) -> str:
    if isinstance(error, OSError):
        return (
            text(getattr(error, "verify_message", "") or error.strerror or str(error), limit=300)
            or type(error).__name__
        )
    result = getattr(error, "command_result", None)
    found = (
        result[1] if isinstance(result, tuple) and len(result) > 1 else error.args[0] if error.args else ""
    )
    if isinstance(found, list):
        found = b" ".join(one for one in found if isinstance(one, bytes))
    if isinstance(found, bytes):
        found = found.decode("utf-8", "replace")
    return text(str(found), limit=300) or type(error).__name__


def _unreachable(own: options.Options, error: Exception) -> MediaUnavailable:
    if isinstance(error, MediaUnavailable):
        return error
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = _(
            "The certificate of the mail server %(host)s is not trusted: %(said)s. "
            "Enter the file of its certificate authority."
        )
    elif isinstance(error, MailboxStarttlsError):
        reason = _("The mail server %(host)s offers no encryption by STARTTLS.")
    else:
        reason = _("The mail server %(host)s cannot be reached: %(said)s.")
    return MediaUnavailable(reason % {"host": own.imap.host, "said": _said(error)}, temporary=True)
