"""Bots, their private chats, messages and files, as Telegram keeps them."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

# Numbers go on from the clock, so that a fake started anew does not repeat those of the last run: the product
# would take its messages for second deliveries.
_BIRTH = int(time.time()) - 1_700_000_000


@dataclass
class Upload:
    """A file that came or went. ``path`` is what getFile tells."""

    file_id: str
    path: str
    name: str
    mime: str
    content: bytes


@dataclass(frozen=True)
class Call:
    """A call as it was asked, whatever came of it. ``files``: field → what was uploaded."""

    method: str
    params: Json
    files: Mapping[str, Upload] = field(default_factory=dict)


@dataclass
class Chat:
    """A customer's chat with a bot; ``messages`` are Telegram's own objects, oldest first."""

    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    language_code: str = "en"
    has_blocked: bool = False
    messages: list[Json] = field(default_factory=list)
    deleted: list[Json] = field(default_factory=list)
    """What the bot took back: gone for the customer, shown on the demo's page as gone."""
    reactions: dict[int, list[str]] = field(default_factory=dict)
    typing_until: float = 0
    """Until when "… is typing" stands above the chat, in seconds of the clock."""

    def as_chat(self) -> Json:
        names = {"first_name": self.first_name, "last_name": self.last_name, "username": self.username}
        return {"id": self.id, "type": "private"} | {name: value for name, value in names.items() if value}

    def as_user(self) -> Json:
        user = {**self.as_chat(), "is_bot": False, "language_code": self.language_code}
        del user["type"]
        return user

    def message(self, number: int) -> Json | None:
        return next((message for message in self.messages if message["message_id"] == number), None)


@dataclass
class Webhook:
    url: str
    secret_token: str = ""
    allowed_updates: tuple[str, ...] = ()
    max_connections: int = 40
    last_error_date: int = 0
    last_error_message: str = ""

    def wants(self, kind: str) -> bool:
        """Reactions come only when they are named."""
        return (
            kind in self.allowed_updates if self.allowed_updates else not kind.startswith("message_reaction")
        )


@dataclass
class Bot:
    token: str
    username: str = "demo_bot"
    name: str = "Demo bot"
    is_revoked: bool = False
    webhook: Webhook | None = None
    chats: dict[int, Chat] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)
    pressed: list[str] = field(default_factory=list)
    """Button presses, and ``answered``: those that the bot has answered, so that they spin no more."""
    answered: list[str] = field(default_factory=list)
    message_ids: Any = field(default_factory=lambda: itertools.count(_BIRTH * 4))
    update_ids: Any = field(default_factory=lambda: itertools.count(_BIRTH * 1000))

    @property
    def id(self) -> int:
        return int(self.token.partition(":")[0])

    def as_user(self) -> Json:
        return {"id": self.id, "is_bot": True, "first_name": self.name, "username": self.username}

    def add_file(self, *, name: str, mime: str, content: bytes, folder: str) -> Upload:
        file_id = f"fake-{secrets.token_urlsafe(24)}"
        suffix = name.rpartition(".")[2] if "." in name else "bin"
        upload = Upload(file_id, f"{folder}/file_{len(self.files)}.{suffix}", name, mime, content)
        self.files[file_id] = upload
        return upload

    def add_message(self, chat: Chat, *, sender: Json, **content: Any) -> Json:
        message = {
            "message_id": next(self.message_ids),
            "from": sender,
            "chat": chat.as_chat(),
            "date": int(time.time()),
            **content,
        }
        chat.messages.append(message)
        return message

    def attach(self, *, field_name: str, upload: Upload) -> Json:
        """The part of a message that tells of a file, by the kind of message."""
        told: Json = {
            "file_id": upload.file_id,
            "file_unique_id": upload.file_id[-12:],
            "file_size": len(upload.content),
        }
        if field_name == "photo":
            small = {**told, "width": 90, "height": 67}
            return {"photo": [small, {**told, "width": 1280, "height": 960}]}
        told["mime_type"] = upload.mime
        if field_name not in {"voice", "video_note"}:
            told["file_name"] = upload.name
        if field_name in {"audio", "voice", "video", "animation"}:
            told["duration"] = 3
        if field_name in {"video", "animation"}:
            told |= {"width": 640, "height": 480}
        found = {field_name: told}
        if field_name == "animation":
            found["document"] = told
        return found
