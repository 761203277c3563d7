"""The fake against a second opinion: python-telegram-bot drives it and reads what it delivers."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import telegram as ptb
from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter

from openlines.connectors.base import Account, MessageEdited, MessageReceived, RawRequest
from openlines.connectors.telegram.fake import FakeTelegram, too_many
from openlines.connectors.telegram.fake.server import TOKEN
from tests.fakes.telegram import Receiver
from tests.openlines.connectors.telegram.building import connector

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def reached(telegram: FakeTelegram, account: Account, receiver: Receiver) -> Account:
    found = replace(account, webhook_url=receiver.url)
    assert connector.set_up(found).ok
    return found


def _bot(fake: FakeTelegram, token: str = TOKEN) -> ptb.Bot:
    return ptb.Bot(token, base_url=f"{fake.url}/bot", base_file_url=f"{fake.url}/file/bot")


def test_another_library_can_use_it(telegram: FakeTelegram) -> None:
    telegram.customer(456, "Anna Bell")

    async def use() -> None:
        async with _bot(telegram) as bot:
            assert (await bot.get_me()).username == telegram.bot().username
            said = await bot.send_message(
                456, "Hello 😀", reply_parameters=ptb.ReplyParameters(3, allow_sending_without_reply=True)
            )
            assert said.chat.first_name == "Anna"
            assert (await bot.edit_message_text("Better", 456, said.message_id)).text == "Better"  # type: ignore[union-attr]
            sent = await bot.send_photo(456, PNG, caption="Look")
            document = await bot.send_document(456, b"%PDF", filename="żółw.pdf")
            assert document.document
            assert document.document.file_name == "żółw.pdf"
            held = await bot.get_file(sent.photo[-1].file_id)
            assert await held.download_as_bytearray() == PNG
            assert await bot.delete_message(456, said.message_id)
            assert await bot.set_webhook(
                "http://127.0.0.1:9/", secret_token="abc", allowed_updates=["message"]
            )
            info = await bot.get_webhook_info()
            assert (info.url, list(info.allowed_updates)) == ("http://127.0.0.1:9/", ["message"])
            assert await bot.delete_webhook()

    asyncio.run(use())


def test_another_library_changes_and_deletes_and_sends_albums_and_buttons(telegram: FakeTelegram) -> None:
    telegram.customer(456, "Anna Bell")
    keyboard = ptb.InlineKeyboardMarkup([[ptb.InlineKeyboardButton("Yes", callback_data="1")]])

    async def use() -> None:
        async with _bot(telegram) as bot:
            asked = await bot.send_message(456, "Well?", reply_markup=keyboard)
            assert asked.reply_markup == keyboard
            better = await bot.edit_message_text("Well, well?", 456, asked.message_id, reply_markup=keyboard)
            assert isinstance(better, ptb.Message)
            assert (better.text, better.reply_markup) == ("Well, well?", keyboard)
            assert better.edit_date
            bare = await bot.edit_message_text("Well.", 456, asked.message_id)
            assert isinstance(bare, ptb.Message)
            assert bare.reply_markup is None
            album = await bot.send_media_group(
                456,
                [ptb.InputMediaPhoto(PNG), ptb.InputMediaVideo(b"mp4", filename="film.mp4")],
                caption="Look",
                reply_parameters=ptb.ReplyParameters(asked.message_id),
            )
            assert len({one.media_group_id for one in album}) == 1
            assert [(bool(one.photo), bool(one.video), one.caption) for one in album] == [
                (True, False, "Look"),
                (False, True, None),
            ]
            assert all(one.reply_to_message for one in album)
            seen = await bot.edit_message_caption(456, album[0].message_id, caption="See")
            assert isinstance(seen, ptb.Message)
            assert seen.caption == "See"
            assert await bot.send_chat_action(456, "typing")
            assert await bot.delete_messages(456, [one.message_id for one in album])
            assert await bot.delete_message(456, asked.message_id)

    asyncio.run(use())
    assert telegram.answers(456) == []


def test_it_refuses_changes_and_albums_in_telegrams_words(telegram: FakeTelegram) -> None:
    telegram.customer(456)
    theirs = telegram.write(456, "Mine")["message_id"]
    long = ptb.InlineKeyboardMarkup([[ptb.InlineKeyboardButton("Yes", callback_data="ą" * 33)]])
    photo, pdf = ptb.InputMediaPhoto(PNG), ptb.InputMediaDocument(b"%PDF")

    async def use() -> None:
        async with _bot(telegram) as bot:
            ours = (await bot.send_message(456, "Ours")).message_id
            file = (await bot.send_document(456, b"%PDF")).message_id
            refused: list[tuple[Callable[[], Awaitable[object]], str]] = [
                (lambda: bot.send_message(456, "x", reply_markup=long), "(?i)button_data_invalid"),
                (lambda: bot.edit_message_text("x", 456, 3), "(?i)message to edit not found"),
                (lambda: bot.edit_message_text("x", 456, theirs), "(?i)message can't be edited"),
                (lambda: bot.edit_message_text("Ours", 456, ours), "(?i)message is not modified"),
                (lambda: bot.edit_message_text(" ", 456, ours), "(?i)text is empty"),
                (lambda: bot.edit_message_text("😀" * 2049, 456, ours), "(?i)message_too_long"),
                (
                    lambda: bot.edit_message_text("x", 456, file),
                    "(?i)there is no text in the message to edit",
                ),
                (lambda: bot.edit_message_caption(456, ours, caption="x"), "(?i)there is no caption"),
                (lambda: bot.edit_message_caption(456, file, caption="😀" * 513), "(?i)caption is too long"),
                (lambda: bot.delete_message(456, 3), "(?i)message to delete not found"),
                (
                    lambda: bot.send_media_group(456, [photo] * 11),
                    "(?i)too many messages to send as an album",
                ),
                (
                    lambda: bot.send_media_group(456, [photo, pdf]),
                    "(?i)document can't be mixed with other media",
                ),
                (lambda: bot.send_media_group(456, [photo], caption="x" * 1025), "(?i)caption is too long"),
                (lambda: bot.send_chat_action(456, "dancing"), "(?i)wrong parameter action"),
                (lambda: bot.answer_callback_query("77"), "(?i)query is too old"),
            ]
            for asked, said in refused:
                with pytest.raises(BadRequest, match=said):
                    await asked()
            telegram.age(456, hours=49)
            for number in (ours, theirs):
                with pytest.raises(BadRequest, match=r"(?i)message can't be deleted"):
                    await bot.delete_message(456, number)
            late = await bot.edit_message_text("Ours, still", 456, ours)
            assert isinstance(late, ptb.Message)

    asyncio.run(use())
    assert len(telegram.answers(456)) == 2


def test_it_refuses_in_telegrams_words(telegram: FakeTelegram) -> None:
    telegram.customer(456)
    telegram.customer(457)
    telegram.block(457)

    async def use() -> None:
        async with _bot(telegram) as bot:
            for text, said in (("x" * 4097, "too long"), ("😀" * 2049, "too long"), (" ", "empty")):
                with pytest.raises(BadRequest, match=said):
                    await bot.send_message(456, text)
            with pytest.raises(BadRequest, match=r"[Cc]hat not found"):
                await bot.send_message(999, "x")
            with pytest.raises(BadRequest, match="replied not found"):
                await bot.send_message(456, "x", reply_parameters=ptb.ReplyParameters(3))
            with pytest.raises(BadRequest, match="caption"):
                await bot.send_photo(456, PNG, caption="x" * 1025)
            with pytest.raises(Forbidden, match="blocked"):
                await bot.send_message(457, "x")
            telegram.plan("sendMessage", too_many(14))
            with pytest.raises(RetryAfter):
                await bot.send_message(456, "x")
        with pytest.raises(InvalidToken):
            async with _bot(telegram, "9:other"):
                pass

    asyncio.run(use())
    assert telegram.answers(456) == []


@pytest.mark.usefixtures("reached")
def test_updates_come_as_both_readers_understand_them(
    telegram: FakeTelegram, account: Account, receiver: Receiver
) -> None:
    telegram.customer(456, "Anna Bell", language="pl")
    first = telegram.write(456, "Dzień dobry 😀")
    telegram.write(456, "Again", reply_to=first["message_id"])
    telegram.send_file(456, PNG, caption="Look", media_group_id="7")
    telegram.send_file(456, b"%PDF", name="a.pdf", mime="application/pdf", kind="document")
    telegram.send_file(456, b"Ogg", name="v.ogg", mime="audio/ogg", kind="voice")
    telegram.say(456, location={"latitude": 1.5, "longitude": 2})
    telegram.edit(456, first["message_id"], "Good morning")
    telegram.block(456)
    telegram.block(456, blocked=False)
    telegram.settle()

    bodies = [body for _headers, body in receiver.received]
    assert len(bodies) == 9
    for body in bodies:
        read = ptb.Update.de_json(json.loads(body), None)
        (item,) = connector.parse(RawRequest({}, body), account)
        other = read.effective_message
        if isinstance(item, MessageReceived | MessageEdited):
            assert other
            assert item.external_id == f"{other.chat.id}:{other.message_id}"
            assert item.text == (other.text or other.caption or "")
            assert other.from_user
            assert item.sender.name == other.from_user.full_name
        if isinstance(item, MessageReceived):
            assert other
            assert item.at == other.date
            assert item.group_key == (other.media_group_id or "")
            assert bool(item.reply_to) == bool(other.reply_to_message)
            attachment = other.effective_attachment
            last = attachment[-1] if isinstance(attachment, tuple) else attachment
            assert [media.reference for media in item.media] == (
                [last.file_id] if isinstance(last, ptb.PhotoSize | ptb.Document | ptb.Voice) else []
            )
        else:
            assert read.edited_message or read.my_chat_member


@pytest.mark.usefixtures("reached")
def test_presses_and_reactions_come_too(telegram: FakeTelegram, account: Account, receiver: Receiver) -> None:
    telegram.customer(456)
    markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": "1"}]]}
    url = f"{telegram.url}/bot{TOKEN}/sendMessage"
    raw = json.dumps({"chat_id": 456, "text": "Well?", "reply_markup": markup}).encode()
    urllib.request.urlopen(urllib.request.Request(url, raw, {"Content-Type": "application/json"})).close()
    (asked,) = telegram.answers(456)
    telegram.press(456, asked["message_id"], "1")
    telegram.react(456, asked["message_id"], "👍")
    telegram.settle()
    read = [ptb.Update.de_json(json.loads(body), None) for _headers, body in receiver.received]
    assert {bool(update.callback_query) for update in read} == {True, False}
    assert {bool(update.message_reaction) for update in read} == {True, False}


def test_the_secret_comes_along_and_failed_deliveries_come_again_in_order(
    telegram: FakeTelegram, reached: Account, receiver: Receiver
) -> None:
    receiver.statuses = [500, 503, 404]
    for text in ("one", "two", "three"):
        telegram.write(456, text)
    telegram.settle()
    texts = [json.loads(body)["message"]["text"] for _headers, body in receiver.received]
    assert texts == ["one", "one", "one", "one", "two", "three"]
    for headers, body in receiver.received:
        connector.verify(RawRequest(headers, body), reached)


def test_updates_wait_for_a_webhook_and_reactions_for_being_named(
    telegram: FakeTelegram, account: Account, receiver: Receiver
) -> None:
    telegram.write(456, "Anybody there?")
    assert receiver.received == []
    url = f"{telegram.url}/bot{TOKEN}/setWebhook?url={receiver.url}"
    urllib.request.urlopen(url, data=b"").close()
    telegram.settle()
    assert len(receiver.received) == 1
    telegram.react(456, 1, "👍")
    telegram.settle()
    assert len(receiver.received) == 1


@pytest.mark.usefixtures("reached")
def test_the_page_shows_and_writes(telegram: FakeTelegram, receiver: Receiver) -> None:
    def get(path: str) -> bytes:
        with urllib.request.urlopen(telegram.url + path) as answer:
            return bytes(answer.read())

    assert b"</html>" in get("/")
    raw = json.dumps({"name": "Maria Nowak", "text": "Hello", "chat": 5}).encode()
    asked = urllib.request.Request(
        f"{telegram.url}/customers/write", raw, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked) as answer:
        assert json.load(answer)["result"] == {"bot": telegram.bot().id, "chat": 5}
    telegram.send_file(5, PNG, mime="image/png")
    telegram.settle()
    assert len(receiver.received) == 2
    (bot,) = json.loads(get("/customers"))["bots"]
    (chat,) = bot["chats"]
    assert (chat["name"], [message["text"] for message in chat["messages"]]) == ("Maria Nowak", ["Hello", ""])
    assert get(chat["messages"][1]["files"][0]["url"]) == PNG


def test_the_page_shows_what_was_changed_taken_back_and_pressed(telegram: FakeTelegram) -> None:
    def act(action: str, **told: object) -> None:
        asked = urllib.request.Request(
            f"{telegram.url}/customers/{action}",
            json.dumps(told).encode(),
            {"Content-Type": "application/json"},
        )
        urllib.request.urlopen(asked).close()

    def shown() -> list[dict[str, object]]:
        with urllib.request.urlopen(f"{telegram.url}/customers") as answer:
            chat = json.load(answer)["bots"][0]["chats"][0]
        assert isinstance(chat["typing"], bool)
        return list(chat["messages"])

    telegram.customer(456, "Anna")
    markup = ptb.InlineKeyboardMarkup([[ptb.InlineKeyboardButton("Yes", callback_data="1")]])

    async def use() -> None:
        async with _bot(telegram) as bot:
            asked = await bot.send_message(456, "Well?", reply_markup=markup)
            await bot.send_media_group(456, [ptb.InputMediaPhoto(PNG), ptb.InputMediaPhoto(PNG)])
            oops = await bot.send_message(456, "Oops")
            await bot.edit_message_text("Well, well?", 456, asked.message_id, reply_markup=markup)
            await bot.delete_message(456, oops.message_id)
            await bot.send_chat_action(456, "typing")

    asyncio.run(use())
    question, first, second, gone = shown()
    assert (question["text"], question["edited"]) == ("Well, well?", True)
    assert question["buttons"] == [[{"text": "Yes", "callback_data": "1"}]]
    assert first["album"] == second["album"] != ""
    assert (gone["deleted"], gone["text"]) == (True, "")
    act("press", chat=456, message=question["id"], data="1")
    assert len(telegram.bot().pressed) == 1


def test_it_runs_as_a_program_without_django_and_ends_at_once() -> None:
    root = Path(__file__).resolve().parents[4]
    code = "import sys; from openlines.connectors.telegram.fake.__main__ import main; "
    code += "assert 'django' not in sys.modules; sys.argv = ['fake', '--port', '0']; main()"
    started = subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True)
    try:
        assert started.stdout
        url = started.stdout.readline().split()[-1]
        with urllib.request.urlopen(f"{url}/bot{TOKEN}/getMe") as answer:
            assert json.load(answer)["ok"]
    finally:
        started.terminate()
        assert started.wait(10) == 0
