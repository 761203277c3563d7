"""What Meta says about the account: shown with the connection, in words with what to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils.translation import gettext as _

from openlines.connectors.base import AccountNotice
from openlines.connectors.fields import Json, integer, items, mapping, text
from openlines.connectors.meta.payload import flat
from openlines.connectors.whatsapp import errors

_Told = tuple[str, bool]
"""The words, and whether it is an error."""


def is_notice(field: str) -> bool:
    return field in _READERS


def notice(field: str, value: Json, *, at: datetime) -> AccountNotice:
    words, is_error = _READERS[field](value)
    return AccountNotice(words, at, is_error=is_error)


def bare_error(error: Json, *, at: datetime) -> AccountNotice:
    """An error that belongs to no message."""
    code = integer(error.get("code")) or 0
    details = text(mapping(error.get("error_data")).get("details"), limit=300)
    said = details or text(error.get("message"), limit=300) or text(error.get("title"), limit=300)
    return AccountNotice(errors.words(code, said), at, is_error=True)


def _account(value: Json) -> _Told:
    event = text(value.get("event"), limit=64)
    ban = mapping(value.get("ban_info"))
    if event == "DISABLED_UPDATE":
        return _ban(text(ban.get("waba_ban_state"), limit=64), text(ban.get("waba_ban_date"), limit=64))
    if event == "ACCOUNT_VIOLATION":
        kind = text(mapping(value.get("violation_info")).get("violation_type"), limit=100)
        return (
            _("Meta found a breach of its rules (%(kind)s). Look in WhatsApp Manager at what to do.")
            % {"kind": kind or "?"},
            True,
        )
    if event == "ACCOUNT_RESTRICTION":
        kinds = [
            text(mapping(one).get("restriction_type"), limit=100)
            for one in items(value.get("restriction_info"))
        ]
        return (
            _("Meta has restricted the account: %(kinds)s. Look in WhatsApp Manager at what to do.")
            % {"kinds": ", ".join(filter(None, kinds)) or "?"},
            True,
        )
    if event in {"ACCOUNT_DELETED", "PARTNER_REMOVED", "ACCOUNT_OFFBOARDED", "PARTNER_APP_UNINSTALLED"}:
        return _("This app no longer has access to the WhatsApp account. Connect it again."), True
    if event == "ACCOUNT_RECONNECTED":
        return _("The WhatsApp account is connected again."), False
    if event == "VERIFIED_ACCOUNT":
        return _("Meta has verified the WhatsApp account."), False
    return _about_account(event), False


def _ban(state: str, date: str) -> _Told:
    if state == "REINSTATE":
        return _("Meta has switched the WhatsApp account on again."), False
    if state == "SCHEDULE_FOR_DISABLE":
        return (
            _(
                "Meta will switch the WhatsApp account off on %(date)s. Look in WhatsApp Manager at what to do."
            )
            % {"date": date or "?"},
            True,
        )
    return _("Meta has switched the WhatsApp account off. Look in WhatsApp Manager at what to do."), True


def _review(value: Json) -> _Told:
    decision = text(value.get("decision"), limit=64)
    return _("Meta’s review of the WhatsApp account: %(decision)s.") % {"decision": decision or "?"}, (
        decision == "REJECTED"
    )


def _alert(value: Json) -> _Told:
    alert = mapping(value.get("alert_info"))
    said = flat(alert.get("alert_type"), alert.get("alert_description"), value.get("alert_description"))
    severity = text(alert.get("alert_severity"), limit=32) or text(value.get("alert_severity"), limit=32)
    return _("Meta warns about the account: %(said)s.") % {"said": said or "?"}, severity == "CRITICAL"


def _template_status(value: Json) -> _Told:
    event = text(value.get("event"), limit=64)
    reason = text(value.get("reason"), limit=300)
    why = f" ({reason})" if reason and reason != "NONE" else ""
    named = _template(value)
    match event:
        case "APPROVED":
            words = _("The template %(template)s is approved and can be sent.")
        case "REJECTED":
            words = _("Meta has rejected the template %(template)s%(why)s. Change it in WhatsApp Manager.")
        case "PAUSED" | "DISABLED" | "FLAGGED":
            words = _(
                "The template %(template)s is in danger or stopped, as clients did not like it%(why)s. Use another one."
            )
        case _:
            words = _("The template %(template)s: %(event)s%(why)s.")
    return words % {"template": named, "event": event or "?", "why": why}, False


def _template_quality(value: Json) -> _Told:
    return (
        _("The quality of the template %(template)s is now %(quality)s.")
        % {"template": _template(value), "quality": text(value.get("new_quality_score"), limit=64) or "?"},
        False,
    )


def _template_category(value: Json) -> _Told:
    category = text(value.get("new_category"), limit=64) or text(value.get("correct_category"), limit=64)
    return (
        _("Meta counts the template %(template)s as %(category)s now; that may change its price.")
        % {"template": _template(value), "category": category or "?"},
        False,
    )


def _template_text(value: Json) -> _Told:
    return _("The text of the template %(template)s was changed.") % {"template": _template(value)}, False


def _name(value: Json) -> _Told:
    return (
        _("Meta’s decision on the number’s name “%(name)s”: %(decision)s.")
        % {
            "name": text(value.get("requested_verified_name"), limit=200),
            "decision": flat(value.get("decision"), value.get("rejection_reason")) or "?",
        },
        False,
    )


def _quality(value: Json) -> _Told:
    event = text(value.get("event"), limit=64)
    limit = text(value.get("current_limit"), limit=64) or text(
        value.get("max_daily_conversations_per_business"), limit=64
    )
    if event in {"FLAGGED", "DOWNGRADE"}:
        words = _("The quality of the number has fallen; the limit of messages is %(limit)s.")
    elif event in {"UNFLAGGED", "UPGRADE"}:
        words = _("The quality of the number is better; the limit of messages is %(limit)s.")
    else:
        words = _("The number’s limit of messages is %(limit)s.")
    return words % {"limit": limit or "?"}, False


def _username(value: Json) -> _Told:
    return (
        _("Your WhatsApp user name %(name)s: %(status)s.")
        % {
            "name": text(value.get("username"), limit=64),
            "status": text(value.get("status"), limit=64) or "?",
        },
        False,
    )


def _security(value: Json) -> _Told:
    return _about_account(text(value.get("event"), limit=64)), False


def _about_account(event: str) -> str:
    return _("Meta reports about the WhatsApp account: %(event)s.") % {"event": event or "?"}


def _template(value: Json) -> str:
    language = text(value.get("message_template_language"), limit=16)
    return f"“{text(value.get('message_template_name'), limit=200) or '?'}” ({language or '?'})"


_READERS: dict[str, Callable[[Json], _Told]] = {
    "account_update": _account,
    "account_review_update": _review,
    "account_alerts": _alert,
    "message_template_status_update": _template_status,
    "message_template_quality_update": _template_quality,
    "message_template_components_update": _template_text,
    "template_category_update": _template_category,
    "phone_number_name_update": _name,
    "phone_number_quality_update": _quality,
    "business_capability_update": _quality,
    "business_username_update": _username,
    "business_status_update": _security,
    "account_settings_update": _security,
    "security": _security,
}
