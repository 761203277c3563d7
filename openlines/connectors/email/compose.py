"""An answer as a mail: our ids, the client's thread, the line's signature."""

from __future__ import annotations

import re
from email.utils import formataddr
from typing import Any

from django.core.mail import EmailMessage

from openlines.connectors.base import OutgoingMessage
from openlines.connectors.email import ids
from openlines.connectors.email.options import Options

MOST_REFERENCES = 20
MAX_SUBJECT = 250

_BREAKS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


class MissingFile(Exception):
    """A file to be sent is not on our disk; the text is its name."""


class _Mail(EmailMessage):
    def message(self, **options: Any) -> Any:
        """With long lines: our ids would be folded, and a folded Message-ID is cut by some servers."""
        built = super().message(**options)
        built.policy = built.policy.clone(max_line_length=600)
        return built


def message_id(message: OutgoingMessage, options: Options) -> str:
    """The same for every attempt, so that who gets a mail twice sees one."""
    return ids.make(message.thread.token if message.thread else "", message.uuid, options.domain)


def compose(message: OutgoingMessage, options: Options) -> EmailMessage:
    """Raises ``MissingFile``."""
    thread = message.thread
    headers = {"Message-ID": message_id(message, options), ids.UUID_HEADER: _one_line(message.uuid)}
    subject = ""
    if thread is not None:
        subject = _one_line(thread.subject)[:MAX_SUBJECT]
        if answered := ids.message_id(thread.in_reply_to):
            headers["In-Reply-To"] = answered
        if references := _references(message, options):
            headers["References"] = " ".join(references)
        if options.reply_token and thread.token:
            headers["Reply-To"] = options.with_token(thread.token)
    if message.is_automatic:
        headers["Auto-Submitted"] = "auto-replied" if "In-Reply-To" in headers else "auto-generated"
        headers["X-Auto-Response-Suppress"] = "All"
    name = _one_line(message.sender_name)[:100]
    mail = _Mail(
        subject=subject or name or options.address,
        body=_body(message),
        from_email=formataddr((name, options.address)) if name else options.address,
        to=[message.recipient],
        headers=headers,
    )
    for file in message.files:
        try:
            with open(file.path, "rb") as content:
                _attach(mail, _one_line(file.name) or "file", content.read(), file.mime)
        except OSError as error:
            raise MissingFile(file.name) from error
    return mail


def _attach(mail: EmailMessage, name: str, content: bytes, mime: str) -> None:
    """As bytes, whatever it is: Django would decode texts and take mails apart."""
    if not re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,80}", mime) or mime.startswith(
        ("text/", "message/", "multipart/")
    ):
        mime = "application/octet-stream"
    mail.attach(name, content, mime)


def _body(message: OutgoingMessage) -> str:
    text = message.text.replace("\r\n", "\n").replace("\0", "")
    signature = message.signature.replace("\r\n", "\n").strip()
    return f"{text.rstrip()}\n\n-- \n{signature}\n" if signature else text


def _references(message: OutgoingMessage, options: Options) -> list[str]:
    """The conversation's own id, then the mails before, the last of them the one that is answered."""
    thread = message.thread
    if thread is None:
        return []
    found = [ids.root(thread.token, options.domain)] if thread.token else []
    found += [one for one in map(ids.message_id, thread.references) if one]
    if answered := ids.message_id(thread.in_reply_to):
        found = [one for one in found if one != answered] + [answered]
    found = list(dict.fromkeys(found))
    return found if len(found) <= MOST_REFERENCES else [found[0], *found[-MOST_REFERENCES + 1 :]]


def _one_line(value: str) -> str:
    return _BREAKS.sub(" ", value).strip()
