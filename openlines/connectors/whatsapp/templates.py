"""Templates: the messages that Meta has approved, and that alone may be sent when the window is over.

Those that need more than words for their text are listed with the reason why they cannot be sent from here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contactcenter.lib import http
from openlines.connectors.base import Account, MediaUnavailable, Template, TemplateInfo
from openlines.connectors.fields import Json, items, mapping, text
from openlines.connectors.meta.payload import identifier
from openlines.connectors.whatsapp import api, errors

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_PLACE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_PAGES = 20
_PLAIN_BUTTONS = frozenset({"QUICK_REPLY", "PHONE_NUMBER", "URL"})
_CODE = gettext_lazy("It sends a one-time code, which is no message of a person.")
_MEDIA = gettext_lazy("It needs a picture, a video or a document above its text.")
_HEADER = gettext_lazy("Its heading has a place to fill in.")
_BUTTON = gettext_lazy("It has a button that needs a value of its own.")
_PARTS = gettext_lazy("It has parts that cannot be filled in here.")


def listed(account: Account) -> list[TemplateInfo]:
    """The approved ones. Raises ``MediaUnavailable``."""
    found: dict[tuple[str, str], TemplateInfo] = {}
    after = ""
    for _page in range(_PAGES):
        params = {
            "fields": "name,language,status,category,components",
            "status": "APPROVED",
            "limit": "100",
            **({"after": after} if after else {}),
        }
        body = _ask(account, params)
        for one in items(body.get("data")):
            info = told(mapping(one))
            if info is not None:
                found[info.name, info.language] = info
        after = _next(body, after)
        if not after:
            break
    return sorted(found.values(), key=lambda info: (info.name, info.language))


def told(template: Json) -> TemplateInfo | None:
    """None for one that is not approved."""
    name, language = text(template.get("name"), limit=512), text(template.get("language"), limit=16)
    if text(template.get("status")).upper() != "APPROVED" or not name or not language:
        return None
    parts: dict[str, str] = {}
    names: list[str] = []
    buttons: list[str] = []
    examples: tuple[str, ...] = ()
    why: StrOrPromise = ""
    if text(template.get("category")).upper() == "AUTHENTICATION":
        why = _CODE
    for one in items(template.get("components")):
        component = mapping(one)
        said = text(component.get("text"), limit=2000)
        match text(component.get("type"), limit=32).upper():
            case "BODY":
                names = places(said)
                examples = _examples(component, names)
                parts["BODY"], _count = numbered(said)
            case "HEADER":
                parts["HEADER"] = said
                why = why or _why_not_header(component, said)
            case "FOOTER":
                parts["FOOTER"] = said
            case "BUTTONS":
                buttons = [
                    text(mapping(button).get("text"), limit=60) for button in items(component.get("buttons"))
                ]
                why = why or ("" if _are_plain(component) else _BUTTON)
            case _:
                why = why or _PARTS
    whole = "\n\n".join(parts[part] for part in ("HEADER", "BODY", "FOOTER") if parts.get(part))
    return TemplateInfo(
        name,
        language,
        whole,
        len(names),
        hints=tuple("" if name.isdecimal() else name for name in names),
        examples=examples,
        buttons=tuple(filter(None, buttons)),
        unusable=why,
    )


def _why_not_header(component: Json, said: str) -> StrOrPromise:
    if text(component.get("format"), limit=32).upper() != "TEXT":
        return _MEDIA
    return _HEADER if _PLACE.search(said) else ""


def _examples(component: Json, names: list[str]) -> tuple[str, ...]:
    """Meta keeps them as one row of values, or by name."""
    example = mapping(component.get("example"))
    named = {
        text(mapping(one).get("param_name"), limit=100): text(mapping(one).get("example"), limit=200)
        for one in items(example.get("body_text_named_params"))
    }
    if named:
        return tuple(named.get(name, "") for name in names)
    rows = items(example.get("body_text"))
    row = [text(value, limit=200) for value in (items(rows[0]) if rows else [])]
    return tuple((*row, *[""] * len(names))[: len(names)]) if row else ()


def numbered(body: str) -> tuple[str, int]:
    """With ``{{1}}``, ``{{2}}`` … in the place of names, and how many values it takes."""
    names = places(body)
    order = {name: str(index) for index, name in enumerate(names, start=1)}
    return _PLACE.sub(lambda found: f"{{{{{order[found[1]]}}}}}", body), len(names)


def places(body: str) -> list[str]:
    """The placeholders' names: numbers by their value, names as they first come."""
    names = list(dict.fromkeys(_PLACE.findall(body)))
    return sorted(names, key=int) if all(name.isdecimal() for name in names) else names


def as_body(template: Template, *, names: tuple[str, ...] = ()) -> dict[str, Any]:
    """The call's ``template``. ``names``: of the placeholders, where the template has names and not numbers."""
    body: dict[str, Any] = {"name": template.name, "language": {"code": template.language}}
    if template.parameters:
        given: list[dict[str, str]] = [
            # Meta refuses line breaks and long gaps in a value.
            {"type": "text", "text": " ".join(value.split()) or "-"}
            for value in template.parameters
        ]
        for value, name in zip(given, names, strict=False):
            value["parameter_name"] = name
        body["components"] = [{"type": "body", "parameters": given}]
    return body


def names_of(template: Template, account: Account) -> tuple[str, ...]:
    """The names of the template's placeholders; empty where it has numbers, or where Meta does not tell."""
    params = {"fields": "name,language,components", "name": template.name, "limit": "100"}
    try:
        body = _ask(account, params)
    except MediaUnavailable:
        return ()
    for one in items(body.get("data")):
        found = mapping(one)
        if (found.get("name"), found.get("language")) != (template.name, template.language):
            continue
        for part in items(found.get("components")):
            if text(mapping(part).get("type")).upper() == "BODY":
                names = places(text(mapping(part).get("text")))
                return () if all(name.isdecimal() for name in names) else tuple(names)
    return ()


def _are_plain(component: Json) -> bool:
    """Buttons that need no value when the template is sent."""
    buttons = [mapping(button) for button in items(component.get("buttons"))]
    return all(
        text(button.get("type")).upper() in _PLAIN_BUTTONS and "{{" not in text(button.get("url"))
        for button in buttons
    )


def _next(body: Json, before: str) -> str:
    paging = mapping(body.get("paging"))
    after = identifier(mapping(paging.get("cursors")).get("after"), limit=500)
    return after if paging.get("next") and after != before else ""


def _ask(account: Account, params: dict[str, str]) -> Json:
    if not api.credential(account, "waba_id"):
        raise MediaUnavailable(
            _("Enter the WhatsApp Business account ID in the connection to see its templates.")
        )
    try:
        reply = api.call(account, "GET", api.business(account, "message_templates"), params=params)
    except (http.NotSent, http.MaybeSent) as error:
        raise MediaUnavailable(_("WhatsApp cannot be reached."), temporary=True) from error
    if reply.ok:
        return reply.body
    outcome = errors.outcome(reply)
    reason = getattr(outcome, "reason", "")
    raise MediaUnavailable(reason, temporary=reply.status == 429 or reply.status >= 500 or not reply.readable)
