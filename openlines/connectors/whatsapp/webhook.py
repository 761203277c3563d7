"""The number at Meta: telling it where to deliver, taking that back, and asking how it does.

The address is set for the number itself (``webhook_configuration``), so several connections may share an app. Notices
about templates and the account always go to the app's own address: it is set where the app has none yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from contactcenter.lib import http
from openlines.connectors.base import Account, Finding, Health
from openlines.connectors.fields import Json, items, mapping, text
from openlines.connectors.meta import graph, subscription
from openlines.connectors.meta.payload import identifier
from openlines.connectors.whatsapp import api, errors
from openlines.connectors.whatsapp.parse import SUBJECT

FIELDS = (
    "messages",
    "smb_message_echoes",
    "account_update",
    "account_review_update",
    "account_alerts",
    "message_template_status_update",
    "message_template_quality_update",
    "template_category_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "business_capability_update",
)
"""What we read. A new business-scoped id comes with ``messages``."""

_ASKED = "id,display_phone_number,verified_name,status,quality_rating,health_status,webhook_configuration"
_NOT_REACHED = 2200


class _Trouble(Exception):
    """What is wrong, in words with what to do."""


def set_up(account: Account) -> Health:
    name = ""
    try:
        name = _name(_number(account))
        if not account.webhook_url:
            raise _Trouble(_("The address of this installation is not known. Enter it in the settings."))
        told_app = _tell_app(account)
        _ask(account, "POST", api.business(account, "subscribed_apps"))
        override = {
            "override_callback_uri": account.webhook_url,
            "verify_token": api.credential(account, "verify_token"),
        }
        _ask(account, "POST", api.number(account), json={"webhook_configuration": override})
    except _Trouble as error:
        return Health(False, str(error), name)
    if not told_app:
        return Health(
            True,
            _(
                "WhatsApp delivers the messages to %(name)s here. If none come, switch on the field “messages” in "
                "the app under WhatsApp → Configuration."
            )
            % {"name": name},
            name,
        )
    return Health(True, _("WhatsApp delivers the messages to %(name)s here.") % {"name": name}, name)


def tear_down(account: Account) -> Health:
    """The app keeps its subscription to the account: other numbers may live by it."""
    try:
        nothing = {"webhook_configuration": {"override_callback_uri": ""}}
        _ask(account, "POST", api.number(account), json=nothing)
        app = _app(account)
        if app and account.webhook_url and _address_of(account, app) == account.webhook_url:
            _answered(lambda: subscription.unsubscribe(account, **app, subject=SUBJECT))
    except _Trouble as error:
        return Health(False, str(error))
    return Health(True, _("WhatsApp delivers no more messages here."))


def check(account: Account) -> Health:
    found: list[Finding] = []
    name, step = "", _("Access token and phone number ID")
    try:
        number = _number(account)
        name = _name(number)
        found.append(Finding(step, True, name))
        step = _("The number at WhatsApp")
        _check_health(number)
        low = _low_quality(number)
        found.append(Finding(step, None if low else True, low))
        step = _("Webhook")
        _check_address(number, account)
        found.append(Finding(step, True, account.webhook_url))
        step = _("Subscription of the app")
        apps = _ask(account, "GET", api.business(account, "subscribed_apps"))
        if isinstance(apps.get("data"), list) and not apps["data"]:
            raise _Trouble(
                _("The app is not subscribed to the WhatsApp account. Set the connection up again.")
            )
        found.append(Finding(step, True))
    except _Trouble as error:
        return Health(False, str(error), name, (*found, Finding(step, False, str(error))))
    return Health(True, low or _("The number works and WhatsApp delivers here."), name, tuple(found))


def _low_quality(number: Json) -> str:
    if text(number.get("quality_rating"), limit=16).upper() != "RED":
        return ""
    return _("The number works, but its quality is low: clients block or report it. Write less advertising.")


def _tell_app(account: Account) -> bool:
    """Gives the app our address where it has none. Whether the app surely delivers to us what has no other address."""
    app = _app(account)
    if not app:
        return False
    address = _address_of(account, app)
    if address in {"", account.webhook_url}:
        _answered(
            lambda: subscription.subscribe(
                account,
                **app,
                subject=SUBJECT,
                verify_token=api.credential(account, "verify_token"),
                names=FIELDS,
            ),
            account=account,
        )
    return True


def _app(account: Account) -> dict[str, str]:
    """The app's own credentials, as far as they are known."""
    app_id, secret = api.credential(account, "app_id"), api.credential(account, "app_secret")
    return {"app_id": app_id, "app_secret": secret} if app_id and secret else {}


def _address_of(account: Account, app: dict[str, str]) -> str:
    try:
        reply = subscription.subscribed(account, **app)
    except (http.NotSent, http.MaybeSent) as error:
        raise _Trouble(_unreached(error)) from error
    if reply.fault and reply.fault.code in {101, 190}:
        raise _Trouble(
            _("The app ID and the app secret do not belong together. Copy both from App settings → Basic.")
        )
    return subscription.address_in(_good(reply), SUBJECT)


def _number(account: Account) -> Json:
    """What Meta tells of the number. Raises ``_Trouble``."""
    wanted = {
        "phone_number_id": _("Enter the phone number ID. Meta shows it under WhatsApp → API Setup."),
        "waba_id": _("Enter the WhatsApp Business account ID. Meta shows it under WhatsApp → API Setup."),
        "token": _("Enter the access token of a system user."),
        "app_secret": _("Enter the app secret. Meta shows it under App settings → Basic."),
    }
    for name, reason in wanted.items():
        if not api.credential(account, name):
            raise _Trouble(reason)
    return _ask(account, "GET", api.number(account), params={"fields": _ASKED})


def _check_health(number: Json) -> None:
    health = mapping(number.get("health_status"))
    if text(health.get("can_send_message"), limit=16).upper() == "BLOCKED":
        said = "; ".join(_complaints(health))
        raise _Trouble(
            _("WhatsApp does not let this number send: %(said)s.") % {"said": said.rstrip(".") or "?"}
        )
    status = text(number.get("status"), limit=32).upper()
    if status in {"DISCONNECTED", "PENDING", "DELETED", "BANNED", "UNVERIFIED"}:
        raise _Trouble(
            _(
                "The number is not connected to WhatsApp (%(status)s). Register it at Meta under WhatsApp → API Setup."
            )
            % {"status": status}
        )


def _complaints(health: Json) -> Iterator[str]:
    for one in items(health.get("entities")):
        for error in items(mapping(one).get("errors")):
            told = mapping(error)
            said = (
                text(told.get(name), limit=300).strip() for name in ("error_description", "possible_solution")
            )
            yield " ".join(filter(None, said))


def _check_subscription(account: Account) -> None:
    found = _ask(account, "GET", api.business(account, "subscribed_apps")).get("data")
    if not isinstance(found, list):
        return
    apps = {identifier(mapping(mapping(one).get("whatsapp_business_api_data")).get("id")) for one in found}
    if not found or api.credential(account, "app_id") not in {"", *apps}:
        raise _Trouble(_("The app is not subscribed to the WhatsApp account. Set the connection up again."))


def _check_address(number: Json, account: Account) -> None:
    """The number's own address counts, then the account's, then the app's (as Meta does it)."""
    told = mapping(number.get("webhook_configuration"))
    if "webhook_configuration" not in number or not account.webhook_url:
        return
    kinds = ("phone_number", "whatsapp_business_account", "application")
    address = next(filter(None, (text(told.get(kind), limit=1000) for kind in kinds)), "")
    if not address:
        raise _Trouble(_("WhatsApp does not deliver here yet. Set the connection up."))
    if not _is_ours(address, account.webhook_url):
        raise _Trouble(_("WhatsApp delivers to another address. Set the connection up again."))


def _is_ours(address: str, own: str) -> bool:
    """Our address, or that of another connection here with the same app, which passes on what is for us."""
    return address == own or address.rstrip("/").rpartition("/")[0] == own.rstrip("/").rpartition("/")[0]


def _ask(account: Account, method: str, path: str, **more: Any) -> Json:
    return _answered(lambda: api.call(account, method, path, **more), account=account).body


def _answered(call: Any, *, account: Account | None = None) -> graph.Reply:
    """The good reply of ``call``. Raises ``_Trouble``."""
    try:
        reply: graph.Reply = call()
    except (http.NotSent, http.MaybeSent) as error:
        raise _Trouble(_unreached(error)) from error
    return _good(reply, account=account)


def _good(reply: graph.Reply, *, account: Account | None = None) -> graph.Reply:
    if reply.ok:
        return reply
    fault = reply.fault
    if fault is None:
        if not reply.readable and reply.status < 500:
            raise _Trouble(_("The address does not lead to Meta’s Graph API."))
        raise _Trouble(
            _("Meta has a fault of its own (answer %(status)d). Try again later.") % {"status": reply.status}
        )
    if account is not None and (fault.code == _NOT_REACHED or "callback" in fault.said.lower()):
        raise _Trouble(
            _(
                "Meta cannot reach %(address)s. The address must be public and begin with https. Meta says: “%(said)s”."
            )
            % {"address": account.webhook_url, "said": fault.words}
        )
    outcome = errors.outcome(reply)
    raise _Trouble(getattr(outcome, "reason", fault.words))


def _unreached(error: Exception) -> str:
    return _("Meta cannot be reached: %(why)s.") % {"why": error}


def _name(number: Json) -> str:
    shown = text(number.get("display_phone_number"), limit=40)
    verified = text(number.get("verified_name"), limit=100)
    return (
        f"{verified} ({shown})" if verified and shown else shown or verified or identifier(number.get("id"))
    )
