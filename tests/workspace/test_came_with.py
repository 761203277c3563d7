"""What connectors keep of a message besides its words is shown to the operator: nothing is kept that nobody reads.

``SHOWN`` has an example of every key; the test lists what the code of the connectors writes, and what payloads give.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openlines import connectors
from openlines.connectors import registry
from openlines.connectors.base import Account, MessageReceived, RawRequest, Unreadable, WrittenOutside
from openlines.connectors.whatsapp.fake import NUMBER
from openlines.models import Message
from openlines.services import dialogs, inbound
from openlines.workspace.message_item import message_item
from tests.factories import make_employee
from tests.openlines.connectors.messenger import building as messenger
from tests.openlines.connectors.whatsapp import building as whatsapp
from tests.openlines.factories import NOW, make_client, make_connection, make_line, write
from tests.workspace.conftest import Scene, browser_of

ROOT = Path(connectors.__file__).parent
PAYLOADS = Path(__file__).resolve().parents[2].parent / "shared" / "payloads"
READERS = [
    path
    for path in sorted(ROOT.glob("*/*.py"))
    if path.name in ("content.py", "parse.py", "messaging.py", "messaging_content.py")
]

AD = {
    "source": "ad",
    "ad": "1202",
    "title": "Blue teapot",
    "body": "Only this week",
    "url": "https://fb.test/t",
}
SHOWN: dict[str, tuple[str, dict[str, Any], str]] = {
    "latitude": ("location", {"latitude": 52.5, "longitude": 13.4}, "52.5,13.4"),
    "longitude": ("location", {"latitude": 52.5, "longitude": 13.4}, "52.5,13.4"),
    "name": ("location", {"latitude": 1.0, "longitude": 2.0, "name": "The corner shop"}, "The corner shop"),
    "address": ("location", {"latitude": 1.0, "longitude": 2.0, "address": "Long Street 5"}, "Long Street 5"),
    "phone": ("contact", {"name": "Ewa", "phone": "+48600700800"}, "+48600700800"),
    "type": ("unsupported", {"type": "paid_media"}, "paid media"),
    "payload": ("start", {"payload": "spring-sale"}, "spring-sale"),
    "emoji": ("sticker", {"emoji": "👍"}, "👍"),
    "sticker": ("sticker", {"sticker": "40133"}, "40133"),
    "animated": ("sticker", {"animated": True}, "Animated sticker"),
    "quote": ("text", {"quote": "Blue teapot"}, "Blue teapot"),
    "forwarded": ("text", {"forwarded": True}, "Forwarded"),
    "forwarded_from": ("text", {"forwarded_from": "Zoe of Sales"}, "Forwarded from Zoe of Sales"),
    "replies_to": ("text", {"replies_to": "Teapots"}, "Replies to a message of Teapots"),
    "replies_to_story": ("text", {"replies_to_story": True}, "Replies to a story"),
    "via_bot": ("text", {"via_bot": "@gif"}, "@gif"),
    "referral": ("text", {"referral": AD}, "Came by the advertisement “Blue teapot” · Only this week · 1202"),
    "source": ("text", {"referral": {"source": "post", "ad": "88"}}, "Came by the post 88"),
    "ad": ("text", {"referral": {"ad": "1202"}}, "Came by the advertisement 1202"),
    "title": ("text", {"referral": {"title": "Blue teapot"}}, "“Blue teapot”"),
    "body": ("text", {"referral": AD}, "Only this week"),
    "url": ("text", {"referral": AD}, 'href="https://fb.test/t"'),
    "ref": ("text", {"referral": {"ref": "spring"}}, "Came by the link “spring”"),
    "product": ("text", {"product": "TEA-1"}, "About the product TEA-1"),
    "source_type": ("text", {"referral": {"source_type": "ad", "headline": "Tea"}}, "advertisement “Tea”"),
    "source_id": ("text", {"referral": {"source_type": "ad", "source_id": "9"}}, "advertisement 9"),
    "source_url": (
        "text",
        {"referral": {"source_id": "9", "source_url": "https://x.test/"}},
        'href="https://x.test/"',
    ),
    "headline": ("text", {"referral": {"headline": "Tea"}}, "“Tea”"),
    "shared": ("text", {"shared": "story_mention"}, "Mentions us in a story"),
    "link": ("text", {"shared": "reel", "link": "https://ig.test/r"}, 'href="https://ig.test/r"'),
    "form": ("text", {"form": "Appointment"}, "Filled in the form “Appointment”"),
    "unproven": ("text", {"unproven": True}, "may have forged the sender"),
    "standby": ("text", {"standby": True}, "Another app of the page"),
    "subject": ("text", {"subject": "About my order"}, "About my order"),
    "from": ("text", {"from": "bea@client.test"}, "bea@client.test"),
    "to": ("text", {"to": ["bea@client.test"]}, "bea@client.test"),
    "cc": ("text", {"cc": ["bea@client.test"]}, "bea@client.test"),
    "html": ("text", {"html": "<p>Hello</p>"}, "/mail/"),
    "quoted": ("text", {"quoted": "> Shall we?"}, "Shall we?"),
}
UNSEEN = {
    "message_id": "threads mails; programs read it",
    "story": "the story's number; the story itself is among the files, and it is said that it is replied to",
}
MAIL = {"subject", "from", "to", "cc", "html", "quoted"}


def written_keys() -> Iterator[tuple[str, str]]:
    """(key, where) of each literal key in what the readers hand on as ``data``."""
    for path in READERS:
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                for node in _handed_on(function):
                    for key in node.keys:
                        if isinstance(key, ast.Constant) and isinstance(key.value, str):
                            yield key.value, f"{path.parent.name}/{path.name}:{node.lineno}"


_LOOK_UPS = {"notices", "kinds", "names", "by_field", "usual", "readers"}


def _handed_on(function: ast.FunctionDef) -> Iterator[ast.Dict]:
    """The dictionaries of a function but those that it looks up in, and the words for a translated text."""
    aside: set[int] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id in _LOOK_UPS for target in targets):
                aside |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            aside.add(id(node.right))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            aside |= {id(inner) for inner in ast.walk(node.func.value)}
    for node in ast.walk(function):
        if isinstance(node, ast.Dict) and id(node) not in aside:
            yield node


def test_every_key_that_the_code_writes_is_shown() -> None:
    missing = {(key, where) for key, where in written_keys() if key not in SHOWN and key not in UNSEEN}
    assert not missing


def told() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every payload of every kind through its parser, and the ``data`` that comes of it."""
    for folder in sorted(one for one in PAYLOADS.iterdir() if one.is_dir()):
        kind = folder.name
        if not registry.has(kind):
            continue
        account = Account(connection_id=1, kind=kind, credentials={})
        for path in sorted(folder.rglob("*")):
            if not path.is_file():
                continue
            try:
                items = registry.get(kind).parse(RawRequest({}, path.read_bytes(), received_at=NOW), account)
            except Unreadable:
                continue
            for item in items:
                if isinstance(item, MessageReceived | WrittenOutside):
                    yield str(path), dict(item.data)


@pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the shared payloads are not here")
def test_every_key_that_payloads_give_is_shown() -> None:
    missing = set()
    for where, data in told():
        referral = data.get("referral")
        keys = [*data, *(referral if isinstance(referral, dict) else ())]
        missing |= {(key, where) for key in keys if key not in SHOWN and key not in UNSEEN}
    assert not missing


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", sorted(SHOWN))
def test_it_stands_at_the_message(scene: Scene, key: str) -> None:
    kind, extra, words = SHOWN[key]
    client = scene.client
    if key in MAIL:
        box = make_connection(scene.line, "email", credentials={"address": "support@example.test"})
        client = make_client(box, "carl@client.test", email="carl@client.test")
    message = write(client, "How much?")
    Message.objects.filter(pk=message.pk).update(kind=kind, extra=extra)
    dialogs.accept(message.dialog_id, by=scene.anna, now=NOW)
    page = browser_of(scene.anna).get(f"/desk/{message.dialog_id}/pane/").content.decode()
    item = page.split(f'data-uuid="{message.uuid}"')[1].split("</li>")[0]
    assert words in item


@pytest.mark.django_db(transaction=True)
def test_what_was_taken_back_takes_along_what_came_with_it(scene: Scene) -> None:
    message = write(scene.client, "How much?")
    message.extra, message.kind, message.deleted_at = (
        {**AD, "forwarded": True, "type": "x"},
        "unsupported",
        NOW,
    )
    item = message_item(message, message.dialog, me=scene.anna)
    assert (item.along, item.note_text, item.text) == ((), "", "")


@pytest.mark.django_db(transaction=True)
def test_an_address_that_is_no_web_address_is_no_link(scene: Scene) -> None:
    message = write(scene.client, "How much?")
    message.extra = {
        "referral": {"title": "Tea", "url": "javascript:alert(1)"},
        "shared": "reel",
        "link": "data:x",
    }
    assert [one.url for one in message_item(message, message.dialog, me=scene.anna).along] == ["", ""]


# -- the whole way --------------------------------------------------------------------------------------------------


def shown(kind: str, body: dict[str, Any], **fields: Any) -> str:
    anna = make_employee("anna", role="operator", first_name="Anna")
    connection = make_connection(make_line(anna, greeting_enabled=False), kind, **fields)
    inbound.receive(connection, RawRequest({}, json.dumps(body).encode()), now=NOW)
    message = Message.objects.get(author="client")
    dialogs.accept(message.dialog_id, by=anna, now=NOW)
    return str(browser_of(anna).get(f"/desk/{message.dialog_id}/pane/").content.decode())


@pytest.mark.django_db(transaction=True)
def test_the_advertisement_of_a_whatsapp_client() -> None:
    referral = {"source_type": "ad", "source_id": "1202", "headline": "Blue teapot", "body": "This week"}
    body = whatsapp.delivery(whatsapp.value(messages=[whatsapp.message(referral=referral)]))
    page = shown("whatsapp", body, account_key=NUMBER, credentials=whatsapp.CREDENTIALS)
    assert "Came by the advertisement “Blue teapot” · This week" in page


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["messenger", "instagram"])
def test_the_advertisement_of_a_client_of_meta(kind: str) -> None:
    ad = {
        "source": "ADS",
        "type": "OPEN_THREAD",
        "ad_id": "7",
        "ads_context_data": {"ad_title": "Blue teapot"},
    }
    body = messenger.delivery(messenger.said(text="How much?", referral=ad), kind=kind)
    name = "page_id" if kind == "messenger" else "ig_id"
    page = shown(kind, body, account_key=messenger.ACCOUNT, credentials={name: messenger.ACCOUNT})
    assert "Came by the advertisement “Blue teapot”" in page


WHO = {"id": 77, "is_bot": False, "first_name": "Carl"}
ORIGINS = {
    "user": {"type": "user", "date": 1, "sender_user": {"id": 9, "is_bot": False, "first_name": "Zoe"}},
    "hidden": {"type": "hidden_user", "date": 1, "sender_user_name": "Zoe"},
    "chat": {"type": "chat", "date": 1, "sender_chat": {"id": -1, "type": "group", "title": "Zoe"}},
    "channel": {"type": "channel", "date": 1, "chat": {"id": -1, "type": "channel", "title": "Zoe"}},
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("origin", ORIGINS.values(), ids=ORIGINS.keys())
@pytest.mark.parametrize(
    ("place", "words"),
    [("forward_origin", "Forwarded from Zoe"), ("external_reply", "Replies to a message of Zoe")],
)
def test_whose_words_a_telegram_client_passes_on_or_answers(
    origin: dict[str, Any], place: str, words: str
) -> None:
    more = {place: {"origin": origin} if place == "external_reply" else origin}
    message = {
        "message_id": 3,
        "from": WHO,
        "chat": {**WHO, "type": "private"},
        "date": 1772445600,
        "text": "Hi",
        **more,
    }
    page = shown(
        "telegram", {"update_id": 5, "message": message}, credentials={"token": "1:x", "secret_token": "s"}
    )
    assert words in page
