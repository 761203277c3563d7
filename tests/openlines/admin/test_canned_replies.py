"""The pages of canned replies (A10): who may open them, what is refused and how it is named, order, files, tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from contactcenter.staff.models import Employee, Scope
from openlines.models import CannedReply, OpenLine, ReplyList
from openlines.services import canned_replies, reply_lists
from tests.factories import make_employee, make_role

pytestmark = pytest.mark.django_db

Filled = Callable[..., dict[str, Any]]


@pytest.fixture
def chosen() -> ReplyList:
    return ReplyList.objects.create(name="Shop answers")


def make(chosen: ReplyList, shortcut: str, **values: Any) -> CannedReply:
    usual: dict[str, Any] = {"title": f"About {shortcut}", "text": "Text", "section": None, "by": None}
    return reply_lists.create(chosen, shortcut=shortcut, **(usual | values))


def page(chosen: ReplyList, name: str = "change") -> str:
    return reverse(f"admin:openlines_replylist_{name}", args=[chosen.pk])


def add(chosen: ReplyList) -> str:
    return f"{reverse('admin:openlines_cannedreply_add')}?list={chosen.pk}"


def change(reply: CannedReply) -> str:
    return reverse("admin:openlines_cannedreply_change", args=[reply.pk])


def order(chosen: ReplyList) -> list[str]:
    return [reply.shortcut for reply in canned_replies.in_order(chosen)]


# -- who may


@pytest.mark.parametrize("role", ["administrator", "supervisor"])
def test_administrators_and_supervisors_keep_the_lists(client: Client, chosen: ReplyList, role: str) -> None:
    client.force_login(make_employee(role=role))
    assert client.get(reverse("admin:openlines_replylist_changelist")).status_code == 200
    assert client.get(page(chosen)).status_code == 200
    client.post(add(chosen), {"shortcut": "hello", "title": "Hello", "text": "Good morning", "version": ""})
    assert order(chosen) == ["hello"]
    assert "Canned replies" in client.get(reverse("admin:index")).content.decode()


def test_a_role_with_this_right_alone_gets_to_them(client: Client, chosen: ReplyList) -> None:
    from contactcenter.staff.models import RoleBinding

    keeper = make_employee()
    RoleBinding.objects.create(role=make_role(canned_change=Scope.ALL), employee=keeper)
    client.force_login(keeper)
    assert client.get(page(chosen)).status_code == 200
    assert client.get(reverse("admin:openlines_openline_changelist")).status_code == 403


def test_operators_do_not(client: Client, chosen: ReplyList) -> None:
    reply = make(chosen, "hello")
    client.force_login(make_employee(role="operator"))
    for address in (page(chosen), page(chosen, "export"), add(chosen), change(reply)):
        assert client.get(address).status_code in (302, 403), address
        assert client.post(address, {"do": f"up:reply-{reply.pk}"}).status_code in (302, 403), address
    assert order(chosen) == ["hello"]


# -- the lists


def test_a_new_list_opens_its_own_page(client: Client, administrator: Employee) -> None:
    answer = client.post(reverse("admin:openlines_replylist_add"), {"name": "Wholesale"})
    assert answer.headers["location"] == page(ReplyList.objects.get(name="Wholesale"))


def test_the_list_of_lists_says_which_lines_use_them(
    client: Client,
    administrator: Employee,
    line: OpenLine,
    chosen: ReplyList,
    django_assert_max_num_queries: Any,
) -> None:
    OpenLine.objects.filter(pk=line.pk).update(reply_list=chosen)
    make(chosen, "hello")
    CannedReply.objects.update(use_count=41)
    for number in range(10):
        make(ReplyList.objects.create(name=f"List {number}"), "x")
    with django_assert_max_num_queries(9):
        shown = client.get(reverse("admin:openlines_replylist_changelist")).content.decode()
    row = shown[shown.index("Shop answers") :]
    assert ">41<" in row.replace(" ", "").replace("\n", "")
    assert "Shop" in row


def test_a_lists_page_costs_the_same_with_many_replies(
    client: Client, administrator: Employee, chosen: ReplyList, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        make(chosen, f"reply-{number}")
    with django_assert_max_num_queries(10):
        assert client.get(page(chosen)).status_code == 200


def test_a_taken_name_is_refused_and_what_was_typed_stays(
    client: Client, administrator: Employee, chosen: ReplyList
) -> None:
    ReplyList.objects.create(name="Wholesale")
    answer = client.post(page(chosen), {"do": "rename", "name": "wholesale"})
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "There is a list “wholesale” already." in shown
    assert 'value="wholesale"' in shown
    assert client.post(page(chosen), {"do": "rename", "name": "Retail"}).status_code == 302
    assert ReplyList.objects.filter(name="Retail").exists()


def test_a_deleted_list_leaves_the_line(
    client: Client, administrator: Employee, line: OpenLine, chosen: ReplyList
) -> None:
    OpenLine.objects.filter(pk=line.pk).update(reply_list=chosen)
    make(chosen, "hello")
    assert client.get(page(chosen, "delete")).status_code == 200
    client.post(page(chosen, "delete"), {"post": "yes"})
    assert not ReplyList.objects.exists()
    line.refresh_from_db()
    assert line.reply_list is None


# -- sections and order


def test_sections_are_added_renamed_moved_and_removed(
    client: Client, administrator: Employee, chosen: ReplyList
) -> None:
    for name in ("Beans", "Delivery"):
        client.post(page(chosen), {"do": "add-section", "name": name})
    beans, delivery = chosen.sections.all()
    make(chosen, "roast", section=beans)
    make(chosen, "parcel", section=delivery)
    client.post(page(chosen), {"do": f"up:section-{delivery.pk}"})
    client.post(page(chosen), {"do": f"rename-section:{delivery.pk}", "name": "Parcels"})
    assert [section.name for section in chosen.sections.all()] == ["Parcels", "Beans"]
    assert order(chosen) == ["parcel", "roast"]
    client.post(page(chosen), {"do": f"remove-section:{delivery.pk}", "name": "Parcels"})
    assert [section.name for section in chosen.sections.all()] == ["Beans"]
    assert order(chosen) == ["parcel", "roast"]


def test_a_script_gets_the_replies_in_their_new_order(
    client: Client, administrator: Employee, chosen: ReplyList
) -> None:
    first, _second = make(chosen, "first"), make(chosen, "second")
    answer = client.post(
        page(chosen), {"do": f"down:reply-{first.pk}"}, headers={"x-requested-with": "fetch"}
    )
    shown = answer.content.decode()
    assert shown.index("/second") < shown.index("/first")
    assert "<html" not in shown
    assert client.post(page(chosen), {"do": "down:reply-0"}).status_code == 409


def test_another_lists_section_and_reply_are_not_touched(
    client: Client, administrator: Employee, chosen: ReplyList
) -> None:
    other = ReplyList.objects.create(name="Other")
    section = reply_lists.add_section(other, "Theirs")
    reply = make(other, "theirs")
    for verb in (f"remove-section:{section.pk}", f"up:section-{section.pk}", f"up:reply-{reply.pk}"):
        assert client.post(page(chosen), {"do": verb, "name": "x"}).status_code == 409
    assert other.sections.get().name == "Theirs"


# -- a reply


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"shortcut": "HOURS"}, "The shortcut “hours” is taken by “About hours”. Choose another."),
        ({"shortcut": "two words"}, "“two words” cannot be a shortcut."),
        ({"text": "Dear #NAME# and #client#"}, "#NAME#, #client# are not known. These are: #CLIENT#,"),
        ({"text": ""}, "Write a text, or attach a file."),
    ],
)
def test_what_is_wrong_is_named_at_its_field_and_nothing_is_lost(
    client: Client, administrator: Employee, chosen: ReplyList, typed: dict[str, str], words: str
) -> None:
    make(chosen, "hours")
    entered = {"shortcut": "new", "title": "A title", "text": "A text", "version": ""} | typed
    answer = client.post(add(chosen), entered)
    assert answer.status_code == 409
    errors = answer.context["form"].errors
    assert words in str(errors[next(iter(typed))])
    assert answer.context["form"]["title"].value() == "A title"
    assert order(chosen) == ["hours"]


def test_the_page_shows_what_the_client_will_read(
    client: Client, administrator: Employee, line: OpenLine, chosen: ReplyList
) -> None:
    OpenLine.objects.filter(pk=line.pk).update(reply_list=chosen)
    reply = make(chosen, "hello", text="Hello #CLIENT#, #LINE# here. <b>#COMPANY#</b>")
    shown = client.get(change(reply)).content.decode()
    assert "Hello Maria, Shop here. &lt;b&gt;our company&lt;/b&gt;" in shown


def test_files_are_added_listed_downloaded_and_taken_away(
    client: Client, administrator: Employee, chosen: ReplyList, filled: Filled
) -> None:
    uploads = [SimpleUploadedFile(name, b"beans", "application/pdf") for name in ("a.pdf", "b.pdf")]
    client.post(add(chosen), {"shortcut": "prices", "text": "Prices", "version": "", "new_files": uploads})
    reply = chosen.replies.get()
    first, _second = reply.files.all()
    assert [file.name for file in reply.files.all()] == ["a.pdf", "b.pdf"]
    got = client.get(reverse("admin:openlines_cannedreply_file", args=[first.public_id]))
    assert b"".join(got) == b"beans"
    assert "attachment" in got["content-disposition"]
    client.post(change(reply), filled(change(reply)) | {"leaving": first.pk})
    assert [file.name for file in reply.files.all()] == ["b.pdf"]


def test_a_change_made_meanwhile_is_not_overwritten_unasked(
    client: Client, administrator: Employee, chosen: ReplyList, filled: Filled
) -> None:
    reply = make(chosen, "hello", text="First")
    mine = filled(change(reply)) | {"text": "Mine"}
    reply_lists.change(reply, shortcut="hello", title="T", text="Theirs", section=None)
    answer = client.post(change(reply), mine)
    reply.refresh_from_db()
    assert answer.status_code == 409
    assert reply.text == "Theirs"
    assert "Theirs" in answer.content.decode()
    again = mine | {"version": answer.context["form"]["version"].value()}
    assert client.post(change(reply), again).status_code == 302
    reply.refresh_from_db()
    assert reply.text == "Mine"


def test_a_deleted_reply_leads_back_to_its_list(
    client: Client, administrator: Employee, chosen: ReplyList
) -> None:
    reply = make(chosen, "hello")
    address = reverse("admin:openlines_cannedreply_delete", args=[reply.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"post": "yes"}).headers["location"] == page(chosen)
    assert not chosen.replies.exists()


# -- tables


def test_the_table_goes_out_and_comes_in(client: Client, administrator: Employee, chosen: ReplyList) -> None:
    make(chosen, "hello", text="Dzień dobry #CLIENT#")
    table = client.get(page(chosen, "export"))
    assert table["content-disposition"] == 'attachment; filename="shop-answers.csv"'
    other = ReplyList.objects.create(name="Other")
    file = SimpleUploadedFile("replies.csv", table.content, "text/csv")
    assert client.post(page(other, "import"), {"file": file}).status_code == 302
    assert other.replies.get().text == "Dzień dobry #CLIENT#"


def test_lines_that_were_left_out_are_named(
    client: Client, administrator: Employee, chosen: ReplyList
) -> None:
    table = b"shortcut,text\ngood,Fine\nbad one,No\nworse,#NOBODY#"
    file = SimpleUploadedFile("replies.csv", table, "text/csv")
    shown = client.post(page(chosen, "import"), {"file": file}).content.decode()
    assert "1 reply is new." in shown
    assert "Line 3: “bad one” cannot be a shortcut." in shown
    assert "Line 4: #NOBODY# is not known." in shown
    assert order(chosen) == ["good"]


def test_what_is_no_table_is_refused(client: Client, administrator: Employee, chosen: ReplyList) -> None:
    for file in (SimpleUploadedFile("x.csv", b"a,b\n1,2"), None):
        answer = client.post(page(chosen, "import"), {"file": file} if file else {})
        assert answer.status_code == 409
    assert not chosen.replies.exists()


def test_a_page_that_is_not_there_says_so(client: Client, administrator: Employee) -> None:
    for address in ("replylist/99999/change/", "cannedreply/99999/change/", "cannedreply/add/?list=x"):
        assert client.get(f"/admin/openlines/{address}").status_code == 404


# -- on a line's page


def test_a_line_chooses_its_list_and_the_history_tells_it_even_when_the_list_is_gone(
    client: Client, administrator: Employee, line: OpenLine, chosen: ReplyList, page_of: Any, filled: Filled
) -> None:
    address = page_of("automaticactions", line)
    assert "Shop answers" in client.get(address).content.decode()
    assert client.post(address, filled(address, reply_list=chosen.pk)).status_code == 302
    line.refresh_from_db()
    assert line.reply_list == chosen
    history = reverse("admin:openlines_openline_history", args=[line.pk])
    assert "Shop answers" in client.get(history).content.decode()
    assert client.post(address, filled(address) | {"reply_list": ""}).status_code == 302
    key = client.get(history).context["changes"][0].key
    client.post(history, {"change": key})
    line.refresh_from_db()
    assert line.reply_list == chosen, "the way back"
    client.post(page(chosen, "delete"), {"post": "yes"})
    assert "(deleted since)" in client.get(history).content.decode()
    assert client.post(history, {"change": key}).status_code == 302
    assert client.post(address, filled(address, confirm_finish="on")).status_code == 302


def test_a_new_list_is_made_where_the_line_chooses_it(
    client: Client, administrator: Employee, line: OpenLine, chosen: ReplyList, page_of: Any, filled: Filled
) -> None:
    address = page_of("automaticactions", line)
    for _again in range(2):
        assert client.post(address, filled(address, reply_list="new")).status_code == 302
    line.refresh_from_db()
    assert line.reply_list is not None
    assert line.reply_list.name == "Replies of Shop"
    assert ReplyList.objects.count() == 2, "made once"
    assert f'value="{line.reply_list_id}" selected' in client.get(address).content.decode()
    assert (
        client.post(address, filled(address, reply_list="99999")).status_code == 200
    )  # refused at its field


@pytest.mark.parametrize("choice", ["new", "", "own"])
def test_trying_the_line_with_another_list_makes_and_changes_nothing(
    client: Client,
    administrator: Employee,
    line: OpenLine,
    chosen: ReplyList,
    page_of: Any,
    filled: Filled,
    choice: str,
) -> None:
    other = ReplyList.objects.create(name="Other")
    OpenLine.objects.filter(pk=line.pk).update(reply_list=other)
    address = page_of("automaticactions", line)
    typed = {"reply_list": chosen.pk if choice == "own" else choice, "try": "1"}
    assert client.post(address, filled(address) | typed).status_code == 200
    line.refresh_from_db()
    assert line.reply_list == other
    assert ReplyList.objects.count() == 2
