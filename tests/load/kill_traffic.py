"""Visitors, webhooks and operators' replies for ``kills.py``, each repeated until it is answered 2xx, as pages and providers
do; and the comparison of what was answered with what there is.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx
from django.db import close_old_connections
from django.test import Client as Browser

from openlines.connectors.telegram.fake import FakeTelegram
from openlines.connectors.telegram.fake import server as fake
from openlines.connectors.telegram.fake.server import TOKEN
from openlines.models import Client, Message, OutboxItem
from openlines.services import dialogs
from tests.openlines.factories import make_connection, make_line, make_operator, write

CHATS = 6
"""Of each kind, at the same time."""
SECRET = "kills"


class Traffic:
    """Runs from ``__enter__`` to ``end``. ``arrived``: reply → when the provider had it."""

    def __init__(self, address: str) -> None:
        from django.utils import timezone

        self.address = address
        fake.KEPT_CALLS = 10**6
        self.telegram = FakeTelegram(any_chat=True, second=0.05)
        self.visitor_said: dict[str, list[str]] = defaultdict(list)
        """Chat → the texts that were answered 2xx, in order."""
        self.hook_said: dict[str, list[str]] = defaultdict(list)
        self.replied: dict[str, list[str]] = defaultdict(list)
        self.written: dict[str, float] = {}
        self.visits: list[float] = []
        self.refused: list[str] = []
        self._own = threading.local()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self.operator = make_operator("Anna", is_superuser=True, is_staff=True)
        line = make_line(
            self.operator, greeting_enabled=False, finish_text_enabled=False, name_before_text=False
        )
        self.bot = make_connection(
            line,
            "telegram",
            credentials={"token": TOKEN, "secret_token": SECRET},
            base_url=self.telegram.url,
        )
        self.chat = make_connection(line, "livechat")
        self.dialogs: dict[str, int] = {}
        for number in range(CHATS):
            name = str(5000 + number)
            client = Client.objects.create(
                connection=self.bot, external_id=name, name=name, created_at=timezone.now()
            )
            dialog = write(client, "first", now=timezone.now(), external_id=f"{name}:1").dialog
            dialogs.accept(dialog.pk, by=self.operator, now=timezone.now())
            self.dialogs[name] = dialog.pk
        browser = Browser()
        browser.force_login(self.operator)
        self._cookies = {name: morsel.value for name, morsel in browser.cookies.items()} | {
            "csrftoken": "k" * 32
        }

    @property
    def port(self) -> int:
        return int(self.telegram.url.rpartition(":")[2])

    @property
    def arrived(self) -> dict[str, float]:
        """When the provider took each text for the first time, by this process's clock."""
        with self._lock:
            return dict(self._arrived)

    # -- its life ---------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._arrived: dict[str, float] = {}
        self.telegram.start()
        for number in range(CHATS):
            self._run(self._visitor, number)
            self._run(self._hook, str(5000 + number))
            self._run(self._operator, str(5000 + number))
        self._run(self._watch)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._stop.set()
        self.telegram.stop()

    def end(self) -> None:
        """Everybody finishes what they have begun."""
        self._stop.set()
        for thread in self._threads[:-1]:
            thread.join(90)

    def replies_again(self, at: float, longest: float) -> float:
        """Seconds from ``at`` until a reply that was written after it was at the provider."""
        return self._first(
            lambda: [when for text, when in self.arrived.items() if self.written[text] > at], at, longest
        )

    def visitors_again(self, at: float, longest: float) -> float:
        return self._first(lambda: [when for when in list(self.visits) if when > at], at, longest)

    def _first(self, times: Callable[[], list[float]], at: float, longest: float) -> float:
        while not (found := times()):
            if time.monotonic() - at > longest:
                return float("inf")
            time.sleep(0.05)
        return min(found) - at

    def _run(self, work: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    # -- people -----------------------------------------------------------------------------------------------

    def _until_taken(self, path: str, *, headers: dict[str, str], **sent: Any) -> httpx.Response | None:
        """The same again until it is answered 2xx; None where it never was. What is refused for good raises."""
        for _try in range(300):
            try:
                answer = self._http().post(path, headers=headers, **sent)
            except httpx.TransportError:
                time.sleep(0.2)
                continue
            where = answer.headers.get("location", "")
            if answer.status_code < 300 or where.startswith("/desk/"):  # back to the dialog: it was taken
                return answer
            if answer.status_code < 500 and answer.status_code not in (408, 425, 429):
                self.refused.append(f"{path}: {answer.status_code} {where} {answer.text[:200]}")
                return None
            time.sleep(0.2)
        return None

    def _http(self) -> httpx.Client:
        """One a thread: making one takes longer than a call."""
        found: httpx.Client | None = getattr(self._own, "http", None)
        if found is None:
            found = self._own.http = httpx.Client(
                base_url=self.address, timeout=10, cookies=self._cookies, verify=False
            )
        return found

    def _visitor(self, number: int) -> None:
        base = f"/chat/{self.chat.public_id}"
        session = self._until_taken(f"{base}/session/", headers={}, json={})
        assert session is not None
        token = session.json()["token"]
        for turn in itertools.count():
            if self._stop.wait(0.2):
                return
            said = {"uuid": str(uuid4()), "text": f"v{number}-{turn}"}
            if self._until_taken(f"{base}/messages/", headers={"X-Chat-Token": token}, json=said):
                self.visitor_said[f"v{number}"].append(said["text"])
                self.visits.append(time.monotonic())

    def _hook(self, chat: str) -> None:
        """Each update once more now and then, as providers do."""
        path = f"/hooks/telegram/{self.bot.public_id}/"
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        person = {"id": int(chat), "first_name": "Carl", "is_bot": False}
        for turn in itertools.count(2):
            if self._stop.wait(0.3):
                return
            message = {
                "message_id": turn,
                "date": int(time.time()),
                "chat": {"id": int(chat), "type": "private"},
                "from": person,
                "text": f"h{chat}-{turn}",
            }
            update = {"update_id": int(chat) * 1_000_000 + turn, "message": message}
            for _again in range(2 if turn % 5 == 0 else 1):
                taken = self._until_taken(path, headers=headers, json=update)
            if taken:
                self.hook_said[chat].append(f"h{chat}-{turn}")

    def _operator(self, chat: str) -> None:
        path = f"/desk/{self.dialogs[chat]}/reply/"
        headers = {"X-CSRFToken": "k" * 32, "HX-Request": "true"}
        for turn in itertools.count():
            if self._stop.wait(2.5):  # Telegram allows about a message a second in one chat
                return
            form = {"uuid": str(uuid4()), "text": f"r{chat}-{turn}"}
            self.written[form["text"]] = time.monotonic()
            if self._until_taken(path, headers=headers, data=form):
                self.replied[chat].append(form["text"])

    def _watch(self) -> None:
        seen = 0
        while True:
            until = len(self.telegram.calls)
            for call in self.telegram.calls[seen:until]:
                if call.method == "sendMessage":
                    with self._lock:
                        self._arrived.setdefault(str(call.params.get("text", "")), time.monotonic())
            seen = until
            time.sleep(0.05)


def check(traffic: Traffic, *, tell: Callable[[str], None]) -> list[str]:
    """What is wrong, in words: what was answered 2xx is there once and in order, at us and at the provider."""
    close_old_connections()
    end = time.monotonic() + 120
    while OutboxItem.objects.exclude(state="done").exists() and time.monotonic() < end:
        time.sleep(0.2)
    wrong = traffic.refused[:5]
    wrong += [f"still in the outbox: {item}" for item in OutboxItem.objects.exclude(state="done")[:5]]
    there = Message.objects.filter(author=Message.Author.CLIENT)
    wrong += _compare(
        "visitor",
        traffic.visitor_said,
        list(
            there.filter(dialog__connection=traffic.chat)
            .order_by("dialog", "seq")
            .values_list("text", flat=True)
        ),
        lambda text: text.partition("-")[0],
    )
    wrong += _compare(
        "webhook",
        traffic.hook_said,
        list(
            there.filter(dialog__connection=traffic.bot)
            .exclude(text="first")
            .order_by("dialog", "seq")
            .values_list("text", flat=True)
        ),
        lambda text: text.partition("-")[0][1:],
    )
    replies = Message.objects.filter(author=Message.Author.OPERATOR, dialog__connection=traffic.bot)
    stored = list(replies.order_by("dialog", "seq").values_list("text", flat=True))
    wrong += _compare("reply", traffic.replied, stored, lambda text: text.partition("-")[0][1:])
    delivery = dict(replies.values_list("text", "delivery"))
    sent = [str(call.params.get("text")) for call in traffic.telegram.called("sendMessage")]
    counted = Counter(sent)
    wrong += [f"{text} was sent {number} times" for text, number in counted.items() if number > 1]
    wrong += [
        f"{text} is {state} and never left"
        for text, state in delivery.items()
        if state == "sent" and not counted[text]
    ]
    wrong += [f"{text} is {state}" for text, state in delivery.items() if state not in ("sent", "unknown")]
    for chat in traffic.replied:
        order = [int(text.partition("-")[2]) for text in sent if text.startswith(f"r{chat}-")]
        if order != sorted(order):
            wrong.append(f"replies of chat {chat} left out of order")
    unknown = [text for text, state in delivery.items() if state == "unknown"]
    tell(
        f"{sum(map(len, traffic.visitor_said.values()))} of visitors, {sum(map(len, traffic.hook_said.values()))} webhooks, "
        f"{len(stored)} replies; unknown: {len(unknown)}, of which {sum(not counted[text] for text in unknown)} never left"
    )
    return wrong


def _compare(
    what: str, said: dict[str, list[str]], there: list[str], chat_of: Callable[[str], str]
) -> list[str]:
    wrong = []
    counted = Counter(there)
    wrong += [f"{what} {text} is there {number} times" for text, number in counted.items() if number > 1]
    for chat, texts in said.items():
        wrong += [f"{what} {text} was answered 2xx and is lost" for text in texts if not counted[text]]
        own = [text for text in there if chat_of(text) == chat]
        if own != sorted(own, key=lambda text: int(text.rpartition("-")[2])):
            wrong.append(f"{what}s of {chat} are out of order")
    return wrong
