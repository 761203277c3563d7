"""A line's settings as policies want them: frozen, and cached in the process under (line, version).

The version is read with the row that a service locks anyway, so there is nothing to invalidate. The columns are part of
the key all the same: a transaction that raised the version may be rolled back, and the next one has the same version.
"""

from __future__ import annotations

from functools import lru_cache

from django.db.models import FileField

from openlines.models import LineText, OpenLine
from openlines.models.blocks import BLOCKS
from openlines.policies.facts import Distribution, GreetingRule, LimitLeavesOut, LineSettings

_COLUMNS = tuple(
    field.attname
    for block in BLOCKS
    for field in block._meta.local_fields
    if not isinstance(field, FileField)
)


class _Key:
    """Carries the row into the cache without being part of the key."""

    def __init__(self, line: OpenLine) -> None:
        self.line = line
        self.key = (line.pk, line.version, *(getattr(line, name) for name in _COLUMNS))

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.key == other.key


def line_settings(line: OpenLine) -> LineSettings:
    return _cached(_Key(line))


def read_settings(line: OpenLine) -> LineSettings:
    """As the given row says, saved or not."""
    texts = (
        {(t.trigger, t.language): t.text for t in LineText.objects.filter(line_id=line.pk)} if line.pk else {}
    )
    return LineSettings(
        line_id=line.pk,
        version=line.version,
        name=line.name,
        language=line.text_language,
        distribution=Distribution(line.distribution),
        idle_time=line.idle_time,
        check_availability=line.check_availability,
        limit=line.limit if line.limit_enabled else None,
        limit_leaves_out=LimitLeavesOut(line.limit_leaves_out),
        greeting=line.greeting_enabled,
        greeting_rule=GreetingRule(line.greeting_rule),
        unanswered_after=line.unanswered_after,
        unanswered_text=line.unanswered_text_enabled,
        finish_text=line.finish_text_enabled,
        wrap_up=line.wrap_up,
        auto_close_after=line.auto_close_after,
        auto_close_text=line.auto_close_text_enabled,
        confirm_finish=line.confirm_finish,
        texts=texts,
    )


@lru_cache(maxsize=1024)
def _cached(key: _Key) -> LineSettings:
    return read_settings(key.line)
