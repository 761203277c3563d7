"""The rules of canned replies (A10): searching, shortcuts, variables, order, import and export."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from openlines.models import CannedReply, OpenLine, ReplyList
from openlines.models.blocks import QueueBlock
from openlines.policies import reply_search
from openlines.policies.reply_search import Candidate
from openlines.services import canned_replies, reply_lists
from openlines.services.errors import CommandRefused
from tests.openlines.factories import at, make_client, make_connection, make_line, make_operator, write


def candidate(shortcut: str, title: str = "", text: str = "", **more: Any) -> Candidate:
    values: Any = {"key": 0, "section": "", "uses": 0, "place": 0} | more
    return Candidate(shortcut=shortcut, title=title, text=text, **values)


def found(query: str, *candidates: Candidate) -> list[str]:
    return [one.shortcut for one in reply_search.rank(query, candidates)]


# -- searching


def test_the_shortcut_comes_before_the_title_and_the_title_before_the_text() -> None:
    in_text = candidate("c", "Thanks", "Our hours are long", uses=90)
    in_title = candidate("b", "Opening hours", uses=50)
    begun = candidate("hours-sunday", uses=5)
    exact = candidate("hours")
    assert found("hours", in_text, in_title, begun, exact) == ["hours", "hours-sunday", "b", "c"]


def test_of_equally_good_ones_the_more_used_is_first_then_the_lists_order() -> None:
    assert found(
        "h", candidate("ha", place=2), candidate("hb", place=1), candidate("hc", uses=3, place=3)
    ) == ["hc", "hb", "ha"]


def test_every_word_must_be_there_in_any_order_without_marks_and_case() -> None:
    reply = candidate("x", "Godziny otwarcia", "Sklep w Łodzi: żółta brama")
    assert found("ZOLTA lodz", reply) == ["x"]
    assert found("otw godz", reply) == ["x"]
    assert found("zolta warszawa", reply) == []


def test_short_words_are_not_looked_for_within_words() -> None:
    assert found("ho", candidate("x", "The shop")) == []
    assert found("hop", candidate("x", "The shop")) == ["x"]


def test_an_empty_query_finds_all_in_order() -> None:
    assert found("/", candidate("b", place=1, uses=9), candidate("a", place=0)) == ["a", "b"]


# -- shortcuts and variables


@pytest.mark.parametrize("good", ["hours", "godz-św", "a.1", "x_y", "7dni"])
def test_a_shortcut_is_one_word(good: str) -> None:
    assert reply_search.is_shortcut(good)


@pytest.mark.parametrize("bad", ["", "two words", "a/b", "-x", "#x", "x" * 51, "a\nb"])
def test_what_cannot_be_typed_after_the_stroke_is_no_shortcut(bad: str) -> None:
    assert not reply_search.is_shortcut(bad)


@pytest.mark.parametrize(
    ("text", "taken", "shortcut"),
    [
        ("Opening hours: 9 to 17", [], "opening-hours"),
        ("Opening hours: 9 to 17", ["Opening-Hours", "opening-hours-2"], "opening-hours-3"),
        ("Dzień dobry, #CLIENT#!", [], "dzien-dobry"),
        ("123", [], "reply"),
        ("", [], "reply"),
    ],
)
def test_a_free_shortcut_is_suggested(text: str, taken: list[str], shortcut: str) -> None:
    assert reply_search.free_shortcut(text, taken) == shortcut
    assert reply_search.is_shortcut(shortcut)


def test_a_title_is_the_first_sentence_cut_at_a_word() -> None:
    assert reply_search.title_of("Hello! How are you?") == "Hello!"
    assert reply_search.title_of("Hello #CLIENT#, it is open.\nUntil 17") == "Hello, it is open."
    assert reply_search.title_of("#CLIENT#, hello") == "hello"
    long = reply_search.title_of("word " * 40)
    assert long.endswith("word…")
    assert len(long) <= 61


def test_unknown_variables_are_named_as_written() -> None:
    assert reply_search.unknown_macros("#CLIENT# #NAME# #NAME# #line# #DOCUMENT# # 5#6") == [
        "#NAME#",
        "#line#",
        "#DOCUMENT#",
    ]


# -- in a dialog


@pytest.mark.django_db
def test_the_writer_is_named_as_the_lines_clients_know_him() -> None:
    anna, bert = make_operator("Anna"), make_operator("Bert")
    line = make_line(anna, identity=QueueBlock.Identity.INFORMATION, identity_first_name=True)
    dialog = write(make_client(make_connection(line), name="Maria Curie")).dialog
    said = canned_replies.render("#CLIENT#, here is #OPERATOR# of #LINE#", dialog, me=bert)
    assert said == f"Maria Curie, here is Bert of {line.name}", "who writes, not who holds the dialog"
    line.identity_first_name = False
    dialog.line = line
    assert canned_replies.render("Yours, #OPERATOR#", dialog, me=bert) == "Yours, our team"


@pytest.mark.django_db
def test_whole_names_become_variables_again() -> None:
    anna = make_operator("Anna")
    dialog = write(make_client(make_connection(make_line(anna)), name="Ann")).dialog
    text = f"Ann, the Annual sale is on. Dialog No. {dialog.pk}. Anna Test"
    assert canned_replies.with_macros(text, dialog, me=anna) == (
        "#CLIENT#, the Annual sale is on. Dialog No. #DIALOG#. #OPERATOR#"
    )


# -- keeping a list


@pytest.fixture
def chosen(db: None) -> ReplyList:
    return ReplyList.objects.create(name="Shop")


def make(chosen: ReplyList, shortcut: str, section: Any = None, text: str = "Text") -> CannedReply:
    return reply_lists.create(chosen, shortcut=shortcut, title="", text=text, section=section, by=None)


def order(chosen: ReplyList) -> list[str]:
    return [
        f"{reply.section.name if reply.section else '-'}/{reply.shortcut}"
        for reply in canned_replies.in_order(chosen)
    ]


def test_a_reply_moves_within_its_section_and_over_its_edge(chosen: ReplyList) -> None:
    first, second = (reply_lists.add_section(chosen, name) for name in ("A", "B"))
    moving = make(chosen, "x")
    make(chosen, "y")
    make(chosen, "a", first)
    make(chosen, "b", second)
    assert order(chosen) == ["-/x", "-/y", "A/a", "B/b"]
    seen = []
    while reply_lists.move_reply(moving, by=1):
        seen.append(order(chosen))
    assert seen == [
        ["-/y", "-/x", "A/a", "B/b"],
        ["-/y", "A/x", "A/a", "B/b"],
        ["-/y", "A/a", "A/x", "B/b"],
        ["-/y", "A/a", "B/x", "B/b"],
        ["-/y", "A/a", "B/b", "B/x"],
    ]
    while reply_lists.move_reply(moving, by=-1):
        pass
    assert order(chosen) == ["-/x", "-/y", "A/a", "B/b"]


def test_sections_move_and_leave_their_replies_behind(chosen: ReplyList) -> None:
    first, second = (reply_lists.add_section(chosen, name) for name in ("A", "B"))
    make(chosen, "a", first)
    make(chosen, "b", second)
    assert reply_lists.move_section(second, by=-1)
    assert not reply_lists.move_section(second, by=-1)
    assert order(chosen) == ["B/b", "A/a"]
    reply_lists.remove_section(second)
    assert order(chosen) == ["-/b", "A/a"]


def test_a_section_of_the_same_name_is_refused(chosen: ReplyList) -> None:
    reply_lists.add_section(chosen, "Delivery")
    with pytest.raises(CommandRefused, match="already has a section “delivery”"):
        reply_lists.add_section(chosen, "delivery ")


def test_a_shortcut_is_free_again_in_another_list_and_for_the_reply_itself(chosen: ReplyList) -> None:
    reply = make(chosen, "hours")
    make(ReplyList.objects.create(name="Other"), "HOURS")
    reply_lists.change(reply, shortcut="Hours", title="T", text="New", section=None)
    reply.refresh_from_db()
    assert (reply.shortcut, reply.text) == ("Hours", "New")


def test_what_is_imported_is_what_was_exported(chosen: ReplyList) -> None:
    section = reply_lists.add_section(chosen, "Delivery; abroad")
    make(chosen, "hello", text="Hello,\n“#CLIENT#”; =SUM(1)")
    make(chosen, "sum", section, text="=2+2 is what it is")
    table = reply_lists.export(chosen)
    assert "'=2+2" in table, "no formula for a spreadsheet"
    other = ReplyList.objects.create(name="Other")
    done = reply_lists.import_csv(other, table.encode("utf-8-sig"), by=None)
    assert (done.added, done.changed, done.refused) == (2, 0, [])
    assert reply_lists.export(other) == table
    again = reply_lists.import_csv(other, table.encode(), by=None)
    assert (again.added, again.changed) == (0, 2)
    assert reply_lists.export(other) == table


def test_what_is_wrong_in_an_import_is_named_by_its_line_and_the_rest_comes_in(chosen: ReplyList) -> None:
    table = "shortcut;title;text\nhello;;Hello\ntwo words;;Text\nbad;;Dear #NAME#\nempty;;\nlast;;Last"
    done = reply_lists.import_csv(chosen, table.encode(), by=None)
    assert done.added == 2
    assert [number for number, _words in done.refused] == [3, 4, 5]
    assert "“two words”" in done.refused[0][1]
    assert "#NAME#" in done.refused[1][1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\x00", "not in UTF-8"),
        (b"", "missing: shortcut, text"),
        (b"name,text\na,b", "missing: shortcut"),
    ],
)
def test_what_is_no_such_table_is_refused_as_a_whole(chosen: ReplyList, content: bytes, words: str) -> None:
    with pytest.raises(CommandRefused, match=words):
        reply_lists.import_csv(chosen, content, by=None)
    assert not chosen.replies.exists()


@pytest.mark.django_db(transaction=True)
def test_files_leave_the_disk_with_their_reply_and_list() -> None:
    chosen = ReplyList.objects.create(name="Shop")
    uploads = [reply_lists.upload(SimpleUploadedFile(name, b"x", "text/plain")) for name in ("a", "b")]
    values = {"title": "", "text": "", "section": None, "by": None}
    reply = reply_lists.create(chosen, shortcut="files", new_files=uploads, **values)  # type: ignore[arg-type]
    first, second = reply.files.all()
    with pytest.raises(CommandRefused):  # neither a text nor a file would be left
        reply_lists.change(
            reply, shortcut="files", title="", text="", section=None, without=[first.pk, second.pk]
        )
    assert first.file.storage.exists(first.file.name or "")
    reply_lists.change(reply, shortcut="files", title="", text="", section=None, without=[first.pk])
    assert not first.file.storage.exists(first.file.name or "")
    reply_lists.delete(chosen)
    assert not second.file.storage.exists(second.file.name or "")
    assert not CannedReply.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_uses_are_counted_by_many_at_once_without_loss_or_deadlock() -> None:
    chosen = ReplyList.objects.create(name="Shop")
    pks = [make(chosen, f"r{number}").pk for number in range(3)]

    def work(wanted: list[int]) -> None:
        from django.db import transaction

        try:
            for _round in range(10):
                with transaction.atomic():
                    canned_replies.count_uses(wanted, now=at(5))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[wanted]) for wanted in (pks, pks[::-1], pks[1:])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert [reply.use_count for reply in chosen.replies.order_by("pk")] == [20, 30, 30]
    assert chosen.replies.filter(last_used_at=at(5)).count() == 3


@pytest.mark.django_db
def test_a_list_that_is_deleted_leaves_its_lines(chosen: ReplyList) -> None:
    line = make_line()
    OpenLine.objects.filter(pk=line.pk).update(reply_list=chosen)
    reply_lists.delete(chosen)
    line.refresh_from_db()
    assert line.reply_list is None
