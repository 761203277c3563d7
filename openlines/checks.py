"""What would go wrong in silence, said at the start: blocks that hide one another's fields, texts that do not render,
settings that no page shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib import admin
from django.core.checks import CheckMessage, Error, register
from django.db import models

from openlines.policies import texts
from openlines.policies.facts import TextTrigger


@register
def blocks_fit(app_configs: Any, **options: Any) -> list[CheckMessage]:
    from openlines.models.blocks import BLOCKS

    return same_names(BLOCKS)


@register
def texts_fit(app_configs: Any, **options: Any) -> list[CheckMessage]:
    return bad_texts(texts.SHIPPED)


@register
def pages_fit(app_configs: Any, **options: Any) -> list[CheckMessage]:
    from openlines.models.blocks import BLOCKS

    if not admin.site._registry:  # a process without the admin
        return []
    from openlines.admin.block_page import pages

    return uncovered(BLOCKS, {page.block: page.field_names() for page in pages()})


def same_names(blocks: Iterable[type[models.Model]]) -> list[CheckMessage]:
    """Of two fields with one name Django keeps the first and says nothing."""
    owners: dict[str, type[models.Model]] = {}
    found: list[CheckMessage] = []
    for block in blocks:
        for field in block._meta.get_fields():
            first = owners.setdefault(field.name, block)
            if first is not block:
                text = f"{block.__name__} and {first.__name__} both have a field “{field.name}”; only one would count."
                found.append(Error(text, hint="Name one of them otherwise.", id="openlines.E001"))
    return found


def bad_texts(shipped: Mapping[tuple[TextTrigger, str], str]) -> list[CheckMessage]:
    """A12: every trigger has a text in every shipped language, usable as it is, without a bare macro."""
    found: list[CheckMessage] = []
    for trigger in set(TextTrigger) - set(texts.FALLBACKS):
        for language in texts.LANGUAGES:
            text = shipped.get((trigger, language), "").strip()
            rendered = texts.render(text, texts.MacroValues(), language=language)
            bare = [f"#{name}#" for name in texts.MACROS if f"#{name}#" in rendered]
            problem = (
                "is missing"
                if not text
                else "is empty once rendered"
                if not rendered
                else f"has unknown macros: {', '.join(texts.unknown_macros(text))}"
                if texts.unknown_macros(text)
                else f"shows bare macros: {', '.join(bare)}"
                if bare
                else ""
            )
            if problem:
                found.append(
                    Error(f"The shipped text “{trigger}” ({language}) {problem}.", id="openlines.E002")
                )
    return found


def uncovered(
    blocks: Iterable[type[models.Model]], pages: Mapping[type[models.Model], Iterable[str]]
) -> list[CheckMessage]:
    """Every block has a page, and the page shows each of its fields: what is not shown cannot be set."""
    found: list[CheckMessage] = []
    for block in blocks:
        if block not in pages:
            found.append(Error(f"{block.__name__} has no page in openlines/admin.", id="openlines.E003"))
            continue
        shown = set(pages[block])
        missing = [field.name for field in block._meta.get_fields() if field.name not in shown]
        if missing:
            text = f"The page of {block.__name__} does not show: {', '.join(missing)}."
            found.append(Error(text, hint="Add them to its groups.", id="openlines.E004"))
    return found
