"""Texts run as their own letters do: Arabic and Hebrew from the right, whatever stands around them."""

from __future__ import annotations

from django.utils import timezone
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Customers, Desks
from tests.factories import make_employee
from tests.openlines.factories import make_client, make_connection, make_line, write

ARABIC = "مرحبا بالعالم، كم سعره."
HEBREW = "כמה זה עולה?"
ENDS = """(element) => {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let node, first = null, last = null;
  while ((node = walker.nextNode())) {
    const text = node.data.trimEnd();
    if (!text.trim()) continue;
    const left = (at) => {
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      return range.getBoundingClientRect().left;
    };
    first ??= left(text.length - text.trimStart().length);
    last = left(text.length - 1);
  }
  return [first, last];
}"""
TURNED = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  let node;
  while ((node = walker.nextNode())) {
    if (!node.parentElement.checkVisibility() || node.data.includes("\\u202e")) continue;
    const at = node.data.search(/[A-Za-z0-9]{2}/);
    if (at < 0) continue;
    const box = (from) => {
      const range = document.createRange();
      range.setStart(node, from);
      range.setEnd(node, from + 1);
      return range.getBoundingClientRect();
    };
    const [one, two] = [box(at), box(at + 1)];
    if (one.width && two.width && Math.abs(one.top - two.top) < 2 && two.left < one.left) found.push(node.data.trim());
  }
  return found;
}"""


def runs_from_the_right(element: Locator) -> bool:
    """The last sign, a full stop or a question mark, stands left of the first letter."""
    first, last = element.evaluate(ENDS)
    return bool(last < first)


def test_arabic_and_hebrew_run_from_the_right(desk: Desks, customer: Customers) -> None:
    anna = make_employee(role="operator", first_name="Anna", last_name="Nowak")
    chat = make_connection(make_line(anna, greeting_enabled=False))
    hers = desk(anna)
    carl = customer(chat).visit_the_shop().open_the_chat()
    for text in (ARABIC, HEBREW):
        carl.text.fill(text)
        assert runs_from_the_right_in(carl.text)
        carl.write(text)
        assert runs_from_the_right(carl.message(text).locator(".message__text"))
    hers.accept(HEBREW)
    for text in (ARABIC, HEBREW):
        assert runs_from_the_right(hers.bubble(text).locator(".bubble__text").first)
    assert runs_from_the_right(hers.row(HEBREW).locator(".row__words"))
    hers.text.fill(ARABIC)
    assert runs_from_the_right_in(hers.text)
    hers.write("English runs from the left.")
    expect(carl.message("English")).to_be_visible()
    assert not runs_from_the_right(carl.message("English").locator(".message__text"))
    assert not runs_from_the_right(hers.bubble("English").locator(".bubble__text").first)


def runs_from_the_right_in(field: Locator) -> bool:
    """A field's letters cannot be measured: its style says whether they follow their own direction."""
    return bool(
        field.evaluate(
            "f => { const s = getComputedStyle(f); return s.unicodeBidi === 'plaintext' || s.direction === 'rtl'; }"
        )
    )


def test_a_direction_mark_in_a_name_turns_nothing_beside_it(desk: Desks) -> None:
    anna = make_employee(role="operator", first_name="Anna", last_name="Nowak")
    chat = make_connection(make_line(anna, greeting_enabled=False))
    write(make_client(chat, name="Carl \u202egpj.exe"), "Where is my order?", now=timezone.now())
    hers = desk(anna)
    hers.accept("Where is my order?")
    hers.write("On its way.")
    assert hers.page.evaluate(TURNED) == []
