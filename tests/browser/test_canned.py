"""Canned replies at the desk with the keyboard alone, and with a finger (A10)."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.files.uploadedfile import SimpleUploadedFile
from playwright.sync_api import Page, Route, expect

from contactcenter.staff.models import Employee, RoleBinding, Scope
from openlines.models import CannedReply, Dialog, Message, OpenLine, ReplyList
from openlines.services import dialogs, reply_lists
from tests.browser.conftest import Desks
from tests.browser.people import Desk
from tests.browser.test_accessibility import THE_FRAME_OF_UNFOLD
from tests.factories import make_employee, make_role
from tests.openlines.factories import NOW, make_client, make_connection, make_line, write


class Scene:
    """Anna holds a dialog with Maria on a line with replies."""

    def __init__(self, name: str, *, with_list: bool = True, **reply_texts: str) -> None:
        self.anna = make_employee(role="operator", first_name="Anna", last_name="Nowak")
        self.line = make_line(self.anna, name=f"Shop {name}")
        self.list = ReplyList.objects.create(name=f"Replies {name} {uuid4()}")
        if with_list:
            OpenLine.objects.filter(pk=self.line.pk).update(reply_list=self.list)
        client = make_client(make_connection(self.line), name="Maria Curie")
        self.dialog: Dialog = write(client, "When are you open?").dialog
        dialogs.accept(self.dialog.pk, by=self.anna, now=NOW, may_take_over=True)

    def reply(
        self, shortcut: str, text: str, *, section: str = "", uses: int = 0, files: tuple[str, ...] = ()
    ) -> CannedReply:
        found = None
        if section:
            found = self.list.sections.filter(name=section).first() or reply_lists.add_section(
                self.list, section
            )
        made = reply_lists.create(
            self.list,
            shortcut=shortcut,
            title=text.split(".")[0][:60],
            text=text,
            section=found,
            by=None,
            new_files=[
                reply_lists.upload(SimpleUploadedFile(name, b"%PDF beans", "application/pdf"))
                for name in files
            ],
        )
        CannedReply.objects.filter(pk=made.pk).update(use_count=uses)
        return made

    def usual(self) -> Scene:
        self.reply("hello", "Good morning #CLIENT#, this is #OPERATOR#.")
        self.reply(
            "hours", "We are open from 9 to 17.\nOn Saturdays from 10 to 14.", section="The shop", uses=2
        )
        self.reply("house-blend", "The house blend is from Ethiopia.", section="The shop", uses=7)
        self.reply("prices", "Here are our prices.", section="The shop", files=("prices.pdf",))
        self.reply("parcel", "Your parcel is on its way; żółć is not a word.", section="Delivery")
        return self


def options(desk: Desk) -> list[str]:
    return desk.page.locator("[data-canned] [role=option]:visible .canned__shortcut").all_inner_texts()


def active(desk: Desk) -> str:
    """What a screen reader is told to be the active option."""
    pk = desk.text.get_attribute("aria-activedescendant")
    assert pk is not None
    option = desk.page.locator(f"#{pk}")
    expect(option).to_have_attribute("aria-selected", "true")
    return option.locator(".canned__shortcut").inner_text()


def test_a_reply_is_found_inserted_and_sent_with_the_keyboard_alone(desk: Desks) -> None:
    scene = Scene("keys").usual()
    hers = desk(scene.anna).open(scene.dialog.pk)
    keys = hers.page.keyboard
    box = hers.page.locator("[data-canned]")
    asked: list[str] = []
    hers.page.on("request", lambda request: asked.append(request.url) if "/canned/" in request.url else None)

    keys.press("r")
    expect(hers.text).to_be_focused()
    keys.type("See below: ")
    keys.press("/")
    expect(box.get_by_role("listbox", name="Canned replies")).to_be_visible()
    expect(box.get_by_role("group", name="The shop")).to_be_visible()
    assert options(hers) == ["/hello", "/hours", "/house-blend", "/prices", "/parcel"], "the list's own order"
    assert active(hers) == "/hello"
    expect(box.locator("[data-canned-preview]")).to_have_text("Good morning Maria Curie, this is Anna Nowak.")

    keys.type("ho")
    expect(box.get_by_role("option")).to_have_count(2)
    assert options(hers) == ["/house-blend", "/hours"], "the more used of two equals is first"
    keys.press("ArrowDown")
    assert active(hers) == "/hours"
    expect(hers.text).to_be_focused()
    keys.press("Enter")
    expect(box).to_be_hidden()
    expect(hers.text).to_have_value("See below: We are open from 9 to 17.\nOn Saturdays from 10 to 14.")
    keys.type(" See you!")  # the caret stands at the end

    keys.type(" /zolc")  # found by its text, without its marks
    expect(box.get_by_role("option")).to_have_count(1)
    keys.press("Escape")
    expect(box).to_be_hidden()
    expect(hers.text).to_be_focused()
    for _letter in " /zolc":
        keys.press("Backspace")
    keys.press("Control+Enter")
    expect(hers.bubble("See you!").locator(".delivery")).to_be_attached()
    assert len(asked) == 1, "no request a key stroke"
    counted = {one.shortcut: one.use_count for one in scene.list.replies.all()}
    assert (counted["hours"], counted["parcel"]) == (3, 0)


def test_tab_inserts_with_the_files_and_both_are_sent(desk: Desks) -> None:
    scene = Scene("files").usual()
    hers = desk(scene.anna).open(scene.dialog.pk)
    keys = hers.page.keyboard
    keys.press("r")
    keys.type("/prices")
    expect(hers.page.locator("[data-canned-preview]")).to_contain_text("prices.pdf")
    keys.press("Tab")
    expect(hers.text).to_have_value("Here are our prices.")
    expect(hers.talk.get_by_role("button", name="Remove prices.pdf")).to_be_visible()
    keys.press("Control+Enter")
    expect(hers.bubble("Here are our prices.").get_by_role("link", name="prices.pdf")).to_be_visible()
    sent = Message.objects.get(dialog=scene.dialog, text="Here are our prices.")
    assert [file.name for file in sent.attachments.all()] == ["prices.pdf"]


def test_who_is_quicker_than_the_first_answer_gets_what_he_meant(desk: Desks) -> None:
    scene = Scene("quick").usual()
    hers = desk(scene.anna).open(scene.dialog.pk)
    held: list[Route] = []
    hers.page.route("**/canned/**", lambda route: held.append(route))
    hers.text.press("/")
    hers.text.press_sequentially("hours")
    hers.text.press("Enter")
    expect(hers.page.locator("[data-canned]")).to_have_text("Looking for canned replies…")
    expect(hers.text).to_have_value("/hours")
    held[0].continue_()
    expect(hers.text).to_have_value("We are open from 9 to 17.\nOn Saturdays from 10 to 14.")


def test_a_stroke_within_a_word_or_a_text_that_matches_nothing_is_left_alone(desk: Desks) -> None:
    scene = Scene("strokes").usual()
    hers = desk(scene.anna).open(scene.dialog.pk)
    keys = hers.page.keyboard
    box = hers.page.locator("[data-canned]")
    keys.press("r")
    keys.type("and/or")
    expect(box).to_be_hidden()
    keys.type(" 5 / 3")
    expect(box).to_be_hidden()
    keys.type(" /xyzzy")
    expect(box).to_contain_text("No reply is found.")
    keys.press("Enter")
    keys.type("next line")
    expect(box).to_be_hidden()
    expect(hers.text).to_have_value("and/or 5 / 3 /xyzzy\nnext line")


def test_a_draft_keeps_the_count_over_a_reload(desk: Desks) -> None:
    scene = Scene("draft").usual()
    hers = desk(scene.anna).open(scene.dialog.pk)
    hers.page.keyboard.press("r")
    hers.page.keyboard.type("/hours")
    expect(hers.page.get_by_role("option")).to_have_count(1)
    hers.page.keyboard.press("Enter")
    hers.page.reload()
    hers.is_live()
    hers.text.press("Control+Enter")
    expect(hers.bubble("On Saturdays").locator(".delivery")).to_be_attached()
    assert scene.list.replies.get(shortcut="hours").use_count == 3


def test_with_a_finger_the_button_opens_it(logged_in: Callable[..., Page]) -> None:
    scene = Scene("finger").usual()
    page = logged_in(scene.anna, viewport={"width": 390, "height": 844}, has_touch=True)
    hers = Desk(page, scene.anna).open(scene.dialog.pk)
    hers.text.fill("Dear Maria, ")
    button = hers.talk.get_by_role("button", name="Canned replies")
    button.tap()
    expect(button).to_have_attribute("aria-expanded", "true")
    page.get_by_role("option", name="The house blend").tap()
    expect(hers.text).to_have_value("Dear Maria, The house blend is from Ethiopia.")
    expect(page.locator("[data-canned]")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_line_without_a_list_says_so(desk: Desks) -> None:
    scene = Scene("none", with_list=False)
    hers = desk(scene.anna).open(scene.dialog.pk)
    hers.page.keyboard.press("r")
    hers.page.keyboard.type("/")
    expect(hers.page.locator("[data-canned]")).to_contain_text("has no canned replies. An administrator can")
    hers.page.keyboard.type("path")
    expect(hers.page.locator("[data-canned]")).to_be_hidden()
    expect(hers.text).to_have_value("/path")


def test_a_message_is_saved_as_a_reply_and_found_at_once(desk: Desks) -> None:
    scene = Scene("saved").usual()
    RoleBinding.objects.create(role=make_role(canned_change=Scope.ALL), employee=scene.anna)
    anna = Employee.objects.get(pk=scene.anna.pk)
    hers = desk(anna).open(scene.dialog.pk)
    hers.page.keyboard.press("r")
    hers.page.keyboard.type("/hours")
    expect(hers.page.get_by_role("option")).to_have_count(1)
    hers.page.keyboard.press("Escape")
    hers.text.fill("Grinding is free for you, Maria Curie.")
    hers.page.keyboard.press("Control+Enter")
    hers.bubble("Grinding").hover()
    hers.bubble("Grinding").get_by_role("button", name="Save as a canned reply").click()
    window = hers.page.get_by_role("dialog")
    expect(window.get_by_label("Text")).to_have_value("Grinding is free for you, #CLIENT#.")
    window.get_by_label("Shortcut").fill("hours")
    window.get_by_role("button", name="Save").click()
    expect(window.get_by_role("alert")).to_contain_text("is taken by")
    window.get_by_label("Shortcut").fill("grinding")
    window.get_by_role("button", name="Save").click()
    expect(hers.toasts).to_contain_text("Type /grinding to use it.")
    hers.text.press("/")
    hers.text.press_sequentially("grin")
    expect(hers.page.get_by_role("option", name="/grinding")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_in_the_open_list(logged_in: Callable[..., Page], scheme: str, width: int) -> None:
    scene = Scene(f"axe {scheme} {width}").usual()
    page = logged_in(scene.anna, viewport={"width": width, "height": 844}, color_scheme=scheme)
    hers = Desk(page, scene.anna).open(scene.dialog.pk)
    hers.text.press("/")
    expect(page.get_by_role("listbox")).to_be_visible()
    found = Axe().run(page).response["violations"]
    assert not found, found


def in_order(page: Page) -> list[str]:
    return page.locator(".ol-reply__shortcut").all_inner_texts()


def test_the_lists_page_is_put_in_order_with_the_keyboard_alone(logged_in: Callable[..., Page]) -> None:
    scene = Scene("order").usual()
    page = logged_in(make_employee(role="supervisor"))
    page.goto(f"/admin/openlines/replylist/{scene.list.pk}/change/")
    assert in_order(page) == ["/hello", "/hours", "/house-blend", "/prices", "/parcel"]
    down = page.get_by_role("button", name="Down: We are open")
    down.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-said]")).to_have_text("We are open from 9 to 17 was moved")
    expect(down).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".ol-reply__shortcut").nth(3)).to_have_text("/hours")
    page.keyboard.press("Enter")  # over the edge, into the next section
    expect(page.get_by_role("region", name="Delivery").locator(".ol-reply").first).to_contain_text("/hours")
    expect(down).to_be_focused()
    page.get_by_role("button", name="Up: Delivery").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-said]")).to_have_text("Delivery was moved")
    page.reload()
    assert in_order(page) == ["/hello", "/hours", "/parcel", "/house-blend", "/prices"]


def test_a_reply_written_in_the_admin_shows_what_the_client_will_read(
    logged_in: Callable[..., Page], desk: Desks
) -> None:
    scene = Scene("written")
    page = logged_in(make_employee(role="supervisor"))
    page.goto(f"/admin/openlines/replylist/{scene.list.pk}/change/")
    page.get_by_role("link", name="New reply").first.click()
    page.get_by_label("Shortcut").fill("thanks")
    page.get_by_label("Text", exact=True).fill("Thank you, #NAME#!")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("#NAME# is not known.")).to_be_visible()
    page.get_by_label("Text", exact=True).fill("Thank you, #CLIENT#!")
    expect(page.locator("[data-preview]")).to_have_text("Thank you, Maria!")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".ol-reply")).to_contain_text("/thanks")
    hers = desk(scene.anna).open(scene.dialog.pk)
    hers.text.press("/")
    hers.text.press_sequentially("tha")
    hers.text.press("Enter")
    expect(hers.text).to_have_value("Thank you, Maria Curie!")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing_in_the_admin(logged_in: Callable[..., Page], scheme: str, width: int) -> None:
    scene = Scene(f"admin {scheme}").usual()
    page = logged_in(
        make_employee(role="supervisor"),
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    reply = scene.list.replies.get(shortcut="prices")
    off = {"rules": {rule: {"enabled": False} for rule in THE_FRAME_OF_UNFOLD}}
    for address in (f"replylist/{scene.list.pk}", f"cannedreply/{reply.pk}"):
        page.goto(f"/admin/openlines/{address}/change/")
        expect(page.locator("#content-main")).to_be_visible()
        found = Axe().run(page, options=off).response["violations"]
        assert not found, found
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_an_inserted_reply_can_be_undone_like_typing(desk: Desks) -> None:
    scene = Scene("undo").usual()
    hers = desk(scene.anna).open(scene.dialog.pk)
    hers.text.press("/")
    hers.text.press_sequentially("parcel")
    expect(hers.page.get_by_role("option")).to_have_count(1)
    hers.text.press("Enter")
    expect(hers.text).to_have_value("Your parcel is on its way; żółć is not a word.")
    hers.text.press("Control+z")
    expect(hers.text).to_have_value("/parcel")


def test_a_list_too_long_to_be_sent_whole_is_searched_by_the_server(desk: Desks) -> None:
    scene = Scene("long")
    CannedReply.objects.bulk_create(
        CannedReply(
            list=scene.list, shortcut=f"number-{n}", title=f"Number {n}", text=f"Text {n}", position=n
        )
        for n in range(310)
    )
    scene.reply("needle", "Found in the haystack.")
    hers = desk(scene.anna).open(scene.dialog.pk)
    hers.text.press("/")
    expect(hers.page.get_by_role("option")).to_have_count(50)
    hers.text.press_sequentially("haystack")
    hers.text.press("Enter")  # before the answer: not what stood there for another question
    expect(hers.text).to_have_value("Found in the haystack.")
