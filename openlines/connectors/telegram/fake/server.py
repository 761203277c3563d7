"""The fake itself: its HTTP server, what tests and the page do as customers, and the record of all calls."""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from openlines.connectors.telegram.fake import methods
from openlines.connectors.telegram.fake.behaviour import Behaviour
from openlines.connectors.telegram.fake.delivery import Courier
from openlines.connectors.telegram.fake.http import Handler
from openlines.connectors.telegram.fake.world import Bot, Call, Chat, Json, Upload

TOKEN = "100200300:fake-token-for-tests-and-the-demo"  # noqa: S105 - it opens nothing

KEPT_CALLS = 5000
"""A demo may run for days."""

_TOKEN = re.compile(r"[0-9]{1,15}:[A-Za-z0-9_-]{3,}")


class FakeTelegram:
    """Knows the bots of ``tokens``; with ``any_token`` every token that looks like one makes a bot.

    ``any_chat``: bots may write to chats it has never seen (a demo's customers outlive the fake).
    ``second``: seconds of real time that a second of a webhook's retry takes.
    Methods that act for a customer take ``token`` where there are several bots.
    """

    def __init__(
        self,
        *,
        tokens: Iterable[str] = (TOKEN,),
        host: str = "127.0.0.1",
        port: int = 0,
        any_token: bool = False,
        any_chat: bool = False,
        second: float = 1.0,
    ) -> None:
        self.calls: list[Call] = []
        self.bots: dict[str, Bot] = {}
        self.any_token = any_token
        self.any_chat = any_chat
        self.rev = 0
        self.stopping = threading.Event()
        self._second = second
        self._couriers: dict[str, Courier] = {}
        self._planned: defaultdict[str, deque[Behaviour]] = defaultdict(deque)
        self._lock = threading.RLock()
        for token in tokens:
            self.add_bot(token)
        self._server = _Server((host, port), Handler, fake=self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    # --- its life ---

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        self.stopping.set()
        for courier in self._couriers.values():
            courier.stop()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- bots ---

    def add_bot(self, token: str, *, username: str = "", name: str = "") -> Bot:
        number = token.partition(":")[0]
        bot = Bot(token, username or f"demo_{number}_bot", name or f"Demo bot {number}")
        self.bots[token] = bot
        self._couriers[token] = Courier(bot, second=self._second)
        return bot

    def bot(self, token: str = "") -> Bot:
        return self.bots[token] if token else next(iter(self.bots.values()))

    def revoke(self, token: str = "") -> None:
        self.bot(token).is_revoked = True

    # --- for the Bot API ---

    def plan(self, method: str, *behaviours: Behaviour) -> None:
        """The next calls of ``method`` go like this, one each; then well again."""
        with self._lock:
            self._planned[method].extend(behaviours)

    def planned(self, method: str) -> Behaviour:
        with self._lock:
            queue = self._planned[method]
            return queue.popleft() if queue else Behaviour(does_it=True)

    def known_bot(self, token: str) -> Bot | None:
        with self._lock:
            if token not in self.bots and self.any_token and _TOKEN.fullmatch(token):
                self.add_bot(token)
            bot = self.bots.get(token)
            return bot if bot and not bot.is_revoked else None

    def run(self, bot: Bot, method: str, params: Json, files: Mapping[str, Upload]) -> Any:
        """Raises ``methods.Refusal``."""
        courier = self._couriers[bot.token]
        if method == "getWebhookInfo":
            return _webhook_info(bot, courier)
        with self._lock:
            self.rev += 1
            result = methods.run(bot, method, params, files, any_chat=self.any_chat)
        if params.get("drop_pending_updates") in (True, "true", "True"):
            courier.drop()
        courier.wake()
        return result

    def record(self, call: Call) -> None:
        with self._lock:
            self.calls.append(call)
            del self.calls[:-KEPT_CALLS]

    def called(self, method: str) -> list[Call]:
        with self._lock:
            return [call for call in self.calls if call.method == method]

    # --- customers ---

    def customer(
        self, chat: int, name: str = "Anna", *, username: str = "", language: str = "en", token: str = ""
    ) -> Chat:
        """The customer ``chat``, made where there is none. A name may be two words."""
        with self._lock:
            first, _, last = name.partition(" ")
            found = self.bot(token).chats.setdefault(chat, Chat(chat, first, last, username, language))
            self.rev += 1
            return found

    def write(
        self, chat: int, text: str, *, reply_to: int | None = None, token: str = "", **more: Any
    ) -> Json:
        """The customer writes; returns the message. ``more``: further fields, as Telegram names them."""
        return self.say(chat, token=token, reply_to=reply_to, text=text, **more)

    def say(self, chat: int, *, token: str = "", reply_to: int | None = None, **content: Any) -> Json:
        """A message with any content. Who had blocked the bot has let it in again by then."""
        bot, customer = self._customer(chat, token)
        if customer.has_blocked:
            self.block(chat, blocked=False, token=token)
        with self._lock:
            target = customer.message(reply_to) if reply_to else None
            if target:
                content["reply_to_message"] = {
                    name: value for name, value in target.items() if name != "reply_to_message"
                }
            message = bot.add_message(customer, sender=customer.as_user(), **content)
        self._deliver(bot, "message", chat, message)
        return message

    def send_file(
        self,
        chat: int,
        content: bytes,
        *,
        name: str = "photo.jpg",
        mime: str = "image/jpeg",
        kind: str = "photo",
        caption: str = "",
        token: str = "",
        **more: Any,
    ) -> Json:
        """``kind``: photo, document, video, audio, voice, video_note or animation."""
        bot, _ = self._customer(chat, token)
        with self._lock:
            upload = bot.add_file(name=name, mime=mime, content=content, folder=f"{kind}s")
            told = bot.attach(field_name=kind, upload=upload)
        content_of: Json = {**told, **({"caption": caption} if caption else {}), **more}
        return self.say(chat, token=token, **content_of)

    def edit(self, chat: int, number: int, text: str, *, token: str = "") -> None:
        bot, customer = self._customer(chat, token)
        message = customer.message(number)
        if message is None:
            raise LookupError(number)
        with self._lock:
            message["caption" if "caption" in message else "text"] = text
            message["edit_date"] = int(time.time())
        self._deliver(bot, "edited_message", chat, message)

    def react(self, chat: int, number: int, *emojis: str, token: str = "") -> None:
        bot, customer = self._customer(chat, token)
        old, customer.reactions[number] = customer.reactions.get(number, []), list(emojis)
        change = {
            "chat": customer.as_chat(),
            "message_id": number,
            "user": customer.as_user(),
            "date": int(time.time()),
            "old_reaction": [{"type": "emoji", "emoji": emoji} for emoji in old],
            "new_reaction": [{"type": "emoji", "emoji": emoji} for emoji in emojis],
        }
        self._deliver(bot, "message_reaction", chat, change)

    def press(self, chat: int, number: int, data: str, *, token: str = "") -> str:
        """The customer presses a button under a message of the bot's; returns the press's id."""
        bot, customer = self._customer(chat, token)
        press = {
            "id": str(time.time_ns()),
            "from": customer.as_user(),
            "message": customer.message(number),
            "chat_instance": str(chat),
            "data": data,
        }
        with self._lock:
            bot.pressed.append(str(press["id"]))
        self._deliver(bot, "callback_query", chat, press)
        return str(press["id"])

    def block(self, chat: int, *, blocked: bool = True, token: str = "") -> None:
        bot, customer = self._customer(chat, token)
        customer.has_blocked = blocked
        statuses = ("member", "kicked") if blocked else ("kicked", "member")
        old, new = (
            {"user": bot.as_user(), "status": status} | ({"until_date": 0} if status == "kicked" else {})
            for status in statuses
        )
        change = {
            "chat": customer.as_chat(),
            "from": customer.as_user(),
            "date": int(time.time()),
            "old_chat_member": old,
            "new_chat_member": new,
        }
        self._deliver(bot, "my_chat_member", chat, change)

    def age(self, chat: int, *, hours: float, token: str = "") -> None:
        """Everything in the chat was said so long before (Telegram takes messages back for two days only)."""
        _bot, customer = self._customer(chat, token)
        with self._lock:
            for message in customer.messages:
                message["date"] -= int(hours * 3600)

    def answers(self, chat: int, *, token: str = "") -> list[Json]:
        """What the bot has written to the customer."""
        bot, customer = self._customer(chat, token)
        with self._lock:
            return [message for message in customer.messages if message["from"]["id"] == bot.id]

    def settle(self, timeout: float = 10) -> None:
        """Waits till every update is delivered; raises TimeoutError."""
        for courier in self._couriers.values():
            if not courier.settle(timeout):
                raise TimeoutError("updates are still waiting for delivery")

    def _customer(self, chat: int, token: str) -> tuple[Bot, Chat]:
        bot = self.bot(token)
        return bot, bot.chats.get(chat) or self.customer(chat, token=token)

    def _deliver(self, bot: Bot, kind: str, chat: int, content: Json) -> None:
        with self._lock:
            self.rev += 1
            update = {"update_id": next(bot.update_ids), kind: dict(content)}
        queue = kind if kind in {"callback_query", "message_reaction"} else "messages"
        self._couriers[bot.token].enqueue(update, queue=(queue, chat))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[Handler], *, fake: FakeTelegram) -> None:
        self.fake = fake
        super().__init__(address, handler)


def _webhook_info(bot: Bot, courier: Courier) -> Json:
    told: Json = {
        "url": bot.webhook.url if bot.webhook else "",
        "has_custom_certificate": False,
        "pending_update_count": courier.pending,
    }
    if bot.webhook:
        told["max_connections"] = bot.webhook.max_connections
        if bot.webhook.allowed_updates:
            told["allowed_updates"] = list(bot.webhook.allowed_updates)
        if bot.webhook.last_error_message:
            told["last_error_date"] = bot.webhook.last_error_date
            told["last_error_message"] = bot.webhook.last_error_message
    return told
