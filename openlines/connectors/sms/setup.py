"""Telling Twilio our address: of a number, a short code or a Messaging Service; and how that does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from contactcenter.lib import http
from openlines.connectors.base import Account, Finding, Health
from openlines.connectors.fields import Json, items, mapping, text
from openlines.connectors.sms import api, refusal
from openlines.connectors.sms.send import OVERRIDES, tidy


@dataclass(frozen=True)
class Place:
    """Where our address stands at Twilio. ``url`` is the one that stands there now."""

    resource: str
    url: str
    fields: tuple[str, str, str, str]
    """The names of address, its method, the fallback's address and its method."""


_NUMBER = ("SmsUrl", "SmsMethod", "SmsFallbackUrl", "SmsFallbackMethod")
_SERVICE = ("InboundRequestUrl", "InboundMethod", "FallbackUrl", "FallbackMethod")


class _Trouble(Exception):
    """In words."""


def set_up(account: Account) -> Health:
    return _told(_set_up, account)


def tear_down(account: Account) -> Health:
    return _told(_tear_down, account)


def check(account: Account) -> Health:
    found: list[Finding] = []
    name, step = "", _("Account SID and Auth Token")
    try:
        name = _account_name(account)
        found.append(Finding(step, True, name))
        step = _("Number and its webhook")
        detail = _check(account)
    except _Trouble as trouble:
        return Health(False, str(trouble), name, (*found, Finding(step, False, str(trouble))))
    return Health(True, detail, name, (*found, Finding(step, True, detail)))


def _told(question: Any, account: Account) -> Health:
    name = ""
    try:
        name = _account_name(account)
        detail: str = question(account)
    except _Trouble as trouble:
        return Health(False, str(trouble), name)
    return Health(True, detail, name)


def _set_up(account: Account) -> str:
    if not account.webhook_url:
        raise _Trouble(_("The address of this installation is not known. Enter it in the settings."))
    if _sender(account).startswith("whatsapp:"):
        return _by_hand(account)
    place = _place(account)
    ours = f"{account.webhook_url.partition('#')[0]}{OVERRIDES}"
    # The same address as a fallback: a further try, some seconds later.
    values = dict(zip(place.fields, (ours, "POST", ours, "POST"), strict=True))
    extra = {"UseInboundWebhookOnNumber": "false"} if place.fields is _SERVICE else {}
    if place.fields is _NUMBER:
        extra["SmsApplicationSid"] = ""  # while one is set, Twilio does not look at the address
    _ask(account, "POST", place.resource, form={**values, **extra})
    return _("Twilio delivers the messages to %(number)s here.") % {"number": _sender(account)}


def _tear_down(account: Account) -> str:
    if not _sender(account).startswith("whatsapp:"):
        place = _place(account)
        if _is_ours(place, account):
            url, _method, fallback, _other = place.fields
            _ask(account, "POST", place.resource, form={url: "", fallback: ""})
    return _("Twilio delivers no more messages here.")


def _check(account: Account) -> str:
    if _sender(account).startswith("whatsapp:"):
        return _by_hand(account)
    place = _place(account)
    if not place.url:
        raise _Trouble(_("Twilio does not deliver here yet. Set the connection up."))
    if not _is_ours(place, account):
        raise _Trouble(_("Twilio delivers to another address. Set the connection up again."))
    return _("The number works and Twilio delivers here.")


def _by_hand(account: Account) -> str:
    return _("Enter this address in Twilio’s console with your WhatsApp sender: %(address)s") % {
        "address": account.webhook_url
    }


def _is_ours(place: Place, account: Account) -> bool:
    ours = account.webhook_url.partition("#")[0]
    return bool(place.url) and (not ours or place.url.partition("#")[0] == ours)


def _place(account: Account) -> Place:
    sender = _sender(account)
    if sender.startswith("MG"):
        resource = f"/v1/Services/{quote(sender, safe='')}"
        found = _ask(account, "GET", resource, missing=_("Twilio has no Messaging Service with this SID."))
        return Place(resource, text(found.get("inbound_request_url")), _SERVICE)
    if sender.startswith("+"):
        return _number(account, "IncomingPhoneNumbers", "incoming_phone_numbers", {"PhoneNumber": sender})
    if sender.isdecimal():
        return _number(account, "SMS/ShortCodes", "short_codes", {"ShortCode": sender})
    raise _Trouble(
        _("A name as the sender cannot get answers. Enter a number (+48…) or a Messaging Service (MG…).")
        if sender
        else _("Enter the number to send from: one of your Twilio account, or a Messaging Service (MG…).")
    )


def _number(account: Account, resource: str, listed: str, params: Mapping[str, str]) -> Place:
    found = _ask(account, "GET", f"{resource}.json", params=params)
    numbers = [mapping(number) for number in items(found.get(listed))]
    sid = text(numbers[0].get("sid"), limit=64) if numbers else ""
    if not sid:
        raise _Trouble(
            _("Your Twilio account has no number %(number)s. Copy it from the console with its country code.")
            % {"number": _sender(account)}
        )
    return Place(f"{resource}/{quote(sid, safe='')}.json", text(numbers[0].get("sms_url")), _NUMBER)


def _account_name(account: Account) -> str:
    if not api.is_complete(account):
        raise _Trouble(_("Enter Account SID and Auth Token. Twilio’s console shows them."))
    found = _ask(account, "GET", ".json")
    status = text(found.get("status"), limit=32)
    if status and status != "active":
        raise _Trouble(_("The Twilio account is not active (%(status)s).") % {"status": status})
    return text(found.get("friendly_name"), limit=64)


def _ask(
    account: Account,
    method: str,
    resource: str,
    *,
    params: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    missing: str = "",
) -> Json:
    try:
        reply = api.call(account, method, resource, params=params, form=form)
    except (http.NotSent, http.MaybeSent) as error:
        raise _Trouble(_("Twilio cannot be reached: %(why)s.") % {"why": error}) from error
    if reply.ok:
        return reply.body
    if reply.status == 404 and missing:
        raise _Trouble(missing)
    if not reply.readable and reply.status < 500:
        raise _Trouble(_("The address does not lead to Twilio’s API."))
    raise _Trouble(refusal.words(reply))


def _sender(account: Account) -> str:
    return tidy(account.credentials.get("sender", ""))
