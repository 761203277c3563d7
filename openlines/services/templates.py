"""The templates of a connection: asked of the provider, kept for some minutes, and filled in for a message.

Calls are made outside of transactions and end after ``PATIENCE``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.core.cache import cache
from django.utils.translation import gettext as _

from openlines.connectors import base, registry
from openlines.models import Connection
from openlines.policies import templates as policy
from openlines.policies.templates import Fault
from openlines.services.errors import CommandRefused
from openlines.services.patience import NoAnswer, patiently

FRESH_FOR: Final = timedelta(minutes=5)
KEPT_FOR: Final = timedelta(days=1)
"""What was read before is better than nothing while the provider does not answer."""
PATIENCE = 10.0
"""Seconds that an operator waits for the provider."""


@dataclass(frozen=True)
class Listing:
    """``problem``: why the provider's own list could not be had now, in words; then these are the ones read before."""

    templates: tuple[base.TemplateInfo, ...] = ()
    read_at: datetime | None = None
    problem: str = ""

    @property
    def usable(self) -> tuple[base.TemplateInfo, ...]:
        return tuple(one for one in self.templates if not one.unusable)

    @property
    def unusable(self) -> tuple[base.TemplateInfo, ...]:
        return tuple(one for one in self.templates if one.unusable)


@dataclass(frozen=True)
class Filled:
    """``text``: how the client reads it."""

    template: base.Template
    text: str


def has_templates(connection: Connection) -> bool:
    return registry.has(connection.kind) and isinstance(registry.get(connection.kind), base.Templated)


def listing(connection: Connection, *, now: datetime, afresh: bool = False) -> Listing:
    """``afresh``: ask the provider even if it was asked a moment ago."""
    nothing = Listing(problem=_("This channel has no templates."))
    if not registry.has(connection.kind):
        return nothing
    connector = registry.get(connection.kind)
    if not isinstance(connector, base.Templated):
        return nothing
    key = _key(connection)
    kept: Listing | None = cache.get(key)
    if kept is not None and kept.read_at is not None and not afresh and now - kept.read_at < FRESH_FOR:
        return kept
    account = connection.account()
    try:
        found = patiently(lambda: connector.templates(account), seconds=PATIENCE)
    except base.MediaUnavailable as error:
        return _before(kept, str(error))
    except NoAnswer:
        problem = _("The provider has not answered within %(seconds)d seconds. Try again in a moment.")
        return _before(kept, problem % {"seconds": PATIENCE})
    read = Listing(templates=tuple(found), read_at=now)
    cache.set(key, read, KEPT_FOR.total_seconds())
    return read


def fill(connection: Connection, *, name: str, language: str, values: Sequence[str], now: datetime) -> Filled:
    """Raises ``CommandRefused`` (``template``, ``value``) where it is not among those that can be sent, or a value is
    none that the provider takes.
    """
    found = listing(connection, now=now)
    info = next((one for one in found.usable if (one.name, one.language) == (name, language)), None)
    if info is None:
        raise CommandRefused(
            "template",
            found.problem
            or _("The template “%(name)s” cannot be sent any more. Choose another one.") % {"name": name},
        )
    if len(values) != info.parameter_count:
        raise CommandRefused("value", _("Fill in every place of the template."))
    for number, value in enumerate(values, start=1):
        fault = policy.fault(value.strip())
        if fault is not None:
            raise CommandRefused("value", _words(fault, called(info, number)))
    given = tuple(" ".join(value.split()) for value in values)
    return Filled(base.Template(name, language, given), policy.filled(info.body, given))


def called(info: base.TemplateInfo, number: int) -> str:
    """How a place is called to people: its name, else its number."""
    hint = info.hints[number - 1] if number <= len(info.hints) else ""
    return hint.replace("_", " ") or str(number)


def _words(fault: Fault, place: str) -> str:
    words = {
        Fault.EMPTY: _("Fill in “%(place)s”: WhatsApp refuses an empty value."),
        Fault.BREAK: _("“%(place)s” may have no line break and no tab. Write it in one line."),
        Fault.GAP: _("“%(place)s” may not have four spaces in a row."),
        Fault.LONG: _("“%(place)s” is too long: at most 1024 characters."),
    }
    return words[fault] % {"place": place}


def _before(kept: Listing | None, problem: str) -> Listing:
    return Listing(kept.templates if kept else (), kept.read_at if kept else None, problem)


def _key(connection: Connection) -> str:
    """Other credentials may be another account's."""
    told = json.dumps([connection.base_url, connection.credentials], sort_keys=True)
    return f"templates:{connection.pk}:{hashlib.sha256(told.encode()).hexdigest()[:16]}"
