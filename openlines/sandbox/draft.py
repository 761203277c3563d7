"""Settings that are not saved yet, carried along in a signed field while somebody tries them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.core import signing
from django.db.models import FileField

from openlines.models import OpenLine
from openlines.policies.facts import LineSettings
from openlines.services.settings import read_settings

_SALT = "openlines.sandbox-draft"
DAY = 24 * 3600


@dataclass(frozen=True)
class Draft:
    """``values``: field → what Django's serialisation makes of it; ``texts``: "trigger language" → text (empty: the
    shipped one); ``members``: employees of the queue in order, None: as saved. ``block``: the page it comes from.
    """

    block: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    members: tuple[int, ...] | None = None

    def __bool__(self) -> bool:
        return bool(self.values or self.texts or self.members is not None)


def of(
    line: OpenLine,
    values: Mapping[str, Any],
    *,
    block: str,
    texts: Mapping[tuple[str, str], str] | None = None,
    members: list[int] | None = None,
) -> Draft:
    """What differs from the saved ``line``; pictures and canned replies are left out, nothing depends on them."""
    changed = {}
    for name, value in values.items():
        model_field = OpenLine._meta.get_field(name)
        if isinstance(model_field, FileField) or model_field.is_relation or getattr(line, name) == value:
            continue
        carrier = copy.copy(line)
        setattr(carrier, name, value)
        changed[name] = model_field.value_to_string(carrier)  # type: ignore[union-attr]
    own = {f"{trigger} {language}": text for (trigger, language), text in (texts or {}).items()}
    return Draft(block, changed, own, tuple(members) if members is not None else None)


def dump(draft: Draft) -> str:
    if not draft:
        return ""
    members = list(draft.members) if draft.members is not None else None
    return signing.dumps(
        {"block": draft.block, "values": dict(draft.values), "texts": dict(draft.texts), "members": members},
        salt=_SALT,
        compress=True,
    )


def load(signed: str) -> Draft:
    """An unreadable or old one is an empty one: then the saved settings are tried."""
    if not signed:
        return Draft()
    try:
        found = signing.loads(signed, salt=_SALT, max_age=DAY)
    except signing.BadSignature:
        return Draft()
    members = found["members"]
    return Draft(
        found["block"], found["values"], found["texts"], tuple(members) if members is not None else None
    )


def settings_of(line: OpenLine, draft: Draft) -> LineSettings:
    """The settings to try. A consent that is only switched on in the draft has no version yet: it counts as one."""
    tried = copy.copy(line)
    for name, value in draft.values.items():
        model_field = OpenLine._meta.get_field(name)
        setattr(tried, model_field.attname, model_field.to_python(value))  # type: ignore[union-attr]
    settings = read_settings(tried)
    texts = dict(settings.texts)
    for key, text in draft.texts.items():
        trigger, _space, language = key.partition(" ")
        texts.pop((trigger, language), None)
        if text.strip():
            texts[trigger, language] = text
    version = settings.consent_version
    if tried.consent_enabled and version is None:
        version = 0
    return replace(settings, texts=texts, consent_version=version)
