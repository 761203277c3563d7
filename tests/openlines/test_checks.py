"""What would go wrong in silence is said at the start."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from openlines import checks
from openlines.admin.block_page import pages
from openlines.models.blocks import BLOCKS, OtherBlock, QueueBlock
from openlines.policies import texts
from openlines.policies.facts import TextTrigger


class Colliding(models.Model):
    idle_time = models.IntegerField()

    class Meta:
        abstract = True
        app_label: ClassVar = "openlines"


def test_the_product_as_it_is_passes() -> None:
    assert checks.blocks_fit(None) + checks.texts_fit(None) + checks.pages_fit(None) == []


def test_two_blocks_with_one_field_name_are_refused() -> None:
    (problem,) = checks.same_names((QueueBlock, OtherBlock, Colliding))
    assert "idle_time" in problem.msg
    assert "Colliding" in problem.msg


def test_a_missing_an_empty_and_a_broken_text_are_refused() -> None:
    key = (TextTrigger.GREETING, "pl")
    for text in ("", "   ", "Cześć #KLIENT#"):
        (problem,) = checks.bad_texts({**texts.SHIPPED, key: text})
        assert "greeting" in problem.msg
    without = {k: v for k, v in texts.SHIPPED.items() if k != key}
    assert len(checks.bad_texts(without)) == 1


def test_a_setting_that_no_page_shows_is_refused() -> None:
    shown = {page.block: page.field_names() for page in pages()}
    shown[QueueBlock] = [name for name in shown[QueueBlock] if name != "idle_time"]
    del shown[OtherBlock]
    assert {problem.id for problem in checks.uncovered(BLOCKS, shown)} == {"openlines.E003", "openlines.E004"}


def test_the_tabs_stand_in_the_order_of_the_specification() -> None:
    order = [page.block.__name__ for page in pages()]
    assert order.index("QueueBlock") < order.index("AutomaticActionsBlock") < order.index("OtherBlock")
