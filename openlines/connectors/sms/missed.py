"""What came in while we could not be reached: Twilio keeps the list.

Each message found becomes the very form that its delivery had, so it has the same key and changes nothing if known.
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote, urlencode, urljoin, urlsplit

from django.utils.translation import gettext as _

from contactcenter.lib import http
from openlines.connectors.base import Account, CredentialsRefused, MediaUnavailable, RawRequest
from openlines.connectors.fields import Json, items, mapping, text
from openlines.connectors.sms import api, refusal
from openlines.connectors.sms.parse import SENT_AT, moment_of
from openlines.connectors.sms.send import tidy

MAX_PAGES = 20
PAGE = 100


def missed(account: Account, since: datetime) -> list[RawRequest]:
    """Oldest first. Raises ``CredentialsRefused`` or ``MediaUnavailable`` (temporary)."""
    found = [
        (at, message)
        for message in reversed(_listed(account, since))  # Twilio lists the newest first
        if (at := _time(message)) is not None and at >= since and _is_for_us(message, account)
    ]
    return [_delivery(message, at, account) for at, message in sorted(found, key=lambda pair: pair[0])]


def _listed(account: Account, since: datetime) -> list[Json]:
    sender = tidy(account.credentials.get("sender", ""))
    params = {"DateSent>": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "PageSize": str(PAGE)}
    if not sender.startswith("MG"):
        params["To"] = sender
    page = _get(account, f"Messages.json?{urlencode(params)}")
    listed = [mapping(message) for message in items(page.get("messages"))]
    for _number in range(MAX_PAGES - 1):
        onward = text(page.get("next_page_uri"))
        # Only on the same host: our credentials go along.
        if not onward.startswith("/") or onward.startswith("//"):
            break
        page = _get(account, onward)
        listed += [mapping(message) for message in items(page.get("messages"))]
    return listed


def _is_for_us(message: Json, account: Account) -> bool:
    sender = tidy(account.credentials.get("sender", ""))
    if text(message.get("direction")) != "inbound" or text(message.get("status")) != "received":
        return False
    service = text(message.get("messaging_service_sid"))
    return service == sender if sender.startswith("MG") else text(message.get("to")) == sender


def _delivery(message: Json, at: datetime, account: Account) -> RawRequest:
    sid = text(message.get("sid"), limit=64)
    fields = {
        "MessageSid": sid,
        "SmsSid": sid,
        "AccountSid": text(message.get("account_sid"), limit=64),
        "MessagingServiceSid": text(message.get("messaging_service_sid"), limit=64),
        "From": text(message.get("from"), limit=200),
        "To": text(message.get("to"), limit=200),
        "Body": text(message.get("body")),
        "NumSegments": text(message.get("num_segments"), limit=8),
        "SmsStatus": "received",
        SENT_AT: text(message.get("date_sent"), limit=60),
    }
    fields |= _media(message, sid, account)
    body = urlencode({name: value for name, value in fields.items() if value or name == "Body"}).encode()
    return RawRequest({"content-type": "application/x-www-form-urlencoded"}, body, received_at=at)


def _media(message: Json, sid: str, account: Account) -> dict[str, str]:
    if text(message.get("num_media"), limit=8) in {"", "0"}:
        return {"NumMedia": "0"}
    listed = items(_get(account, f"Messages/{quote(sid, safe='')}/Media.json").get("media_list"))
    fields = {"NumMedia": str(len(listed))}
    for index, entry in enumerate(map(mapping, listed)):
        url = urljoin(f"{api.root(account)}/", text(entry.get("uri"), limit=2000).removesuffix(".json"))
        if urlsplit(url).netloc == urlsplit(api.root(account)).netloc:
            fields[f"MediaUrl{index}"] = url
            fields[f"MediaContentType{index}"] = text(entry.get("content_type"), limit=100)
    return fields


def _time(message: Json) -> datetime | None:
    return moment_of(text(message.get("date_sent"), limit=60) or text(message.get("date_created"), limit=60))


def _get(account: Account, resource: str) -> Json:
    if not api.is_complete(account):
        raise CredentialsRefused(_("Enter Account SID and Auth Token. Twilio’s console shows them."))
    try:
        reply = api.call(account, "GET", resource)
    except (http.NotSent, http.MaybeSent) as error:
        raise MediaUnavailable(_("Twilio cannot be reached."), temporary=True) from error
    if reply.ok:
        return reply.body
    if reply.status in {401, 403}:
        raise CredentialsRefused(refusal.words(reply))
    raise MediaUnavailable(refusal.words(reply), temporary=True)
