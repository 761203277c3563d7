"""The contract of a connector: everything the product asks of a channel kind.

A connector is a folder under ``connectors/`` with one object that satisfies ``Connector``. It knows the
provider's wire format and nothing of dialogs: it turns a stored request into events, and an outgoing
message into one call with one outcome. No models, no clock, no database here: what a connector needs of
its connection comes in as a frozen ``Account``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# --- What comes in -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RawRequest:
    """A webhook call as it came: ``headers`` with lower-case names, ``body`` the very bytes (signatures are over them).

    ``received_at`` is the stored row's time: it stands in where the provider gives no time or an absurd one.
    """

    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str] = field(default_factory=dict)
    received_at: datetime | None = None


@dataclass(frozen=True)
class Account:
    """What a connector may know of its connection. ``base_url`` empty means the provider's own host."""

    connection_id: int
    kind: str
    credentials: Mapping[str, str]
    base_url: str = ""
    webhook_url: str = ""


class MediaKind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    STICKER = "sticker"
    FILE = "file"


@dataclass(frozen=True)
class Media:
    """A file that the provider holds. ``reference`` is what ``Connector.fetch`` needs; ``size`` in bytes when known."""

    kind: MediaKind
    reference: str
    name: str = ""
    mime: str = ""
    size: int | None = None


class MessageKind(StrEnum):
    TEXT = "text"
    MEDIA = "media"
    LOCATION = "location"
    CONTACT = "contact"
    STICKER = "sticker"
    BUTTON = "button"
    START = "start"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class Sender:
    """The client as the channel gives him. ``external_id`` is unique on one connection."""

    external_id: str
    name: str = ""
    username: str = ""
    language: str = ""
    phone: str = ""
    email: str = ""
    page: str = ""
    """Live chat: the page he writes from."""


@dataclass(frozen=True)
class MessageReceived:
    """A client's message (spec §11 "What is a client's message").

    ``group_key`` gathers an album into one message; ``data`` keeps what has no column: coordinates
    (``latitude``, ``longitude``), a contact (``name``, ``phone``), the unsupported type's name (``type``),
    a button's payload, a deep link's parameter, a quoted part of the message replied to (``quote``).
    """

    sender: Sender
    external_id: str
    at: datetime
    kind: MessageKind
    text: str = ""
    media: tuple[Media, ...] = ()
    reply_to: str = ""
    group_key: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MessageEdited:
    sender: Sender
    external_id: str
    at: datetime
    text: str


@dataclass(frozen=True)
class MessageDeleted:
    sender: Sender
    external_ids: tuple[str, ...]
    at: datetime


@dataclass(frozen=True)
class ReactionChanged:
    """``emojis``: the full set the client has now put under the message; empty: all taken back."""

    sender: Sender
    external_id: str
    at: datetime
    emojis: tuple[str, ...]


class DeliveryStatus(StrEnum):
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True)
class StatusChanged:
    """The provider tells what became of a message of ours. ``reason`` in words, for *failed*."""

    external_id: str
    status: DeliveryStatus
    at: datetime
    reason: str = ""


@dataclass(frozen=True)
class ReachabilityChanged:
    """The client blocked us (``reachable`` False) or let us in again."""

    sender: Sender
    at: datetime
    reachable: bool


@dataclass(frozen=True)
class NotSupported:
    """Well-formed, understood, and not for us: groups, channel posts, payments. Logged with ``reason``; no dialog."""

    reason: str


InboundItem = (
    MessageReceived
    | MessageEdited
    | MessageDeleted
    | ReactionChanged
    | StatusChanged
    | ReachabilityChanged
    | NotSupported
)


class BadSignature(Exception):
    """The request does not prove that it comes from the provider; answered 403, nothing is stored."""


class Unreadable(Exception):
    """The body is not what the provider documents; the stored row is parked with this reason."""


# --- What goes out -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OutgoingFile:
    """A file to send. ``path`` is a local path readable by the worker."""

    path: str
    name: str
    mime: str
    kind: MediaKind


@dataclass(frozen=True)
class OutgoingMessage:
    """One message to one client. ``uuid`` is ours: connectors put it where the channel echoes it back."""

    uuid: str
    recipient: str
    text: str = ""
    files: tuple[OutgoingFile, ...] = ()
    reply_to: str = ""
    part: int = 0
    """How many provider calls of this message were already accepted (long text, several files): send from here."""


@dataclass(frozen=True)
class Sent:
    """Accepted. ``external_ids``: the provider's id of each part, the first is the message's own."""

    external_ids: tuple[str, ...]


@dataclass(frozen=True)
class TryLater:
    """Nothing was taken; try again after ``after`` (the channel's own wish, else None: our back-off).

    ``whole_connection``: the limit binds every message of the connection (429), not this one alone.
    """

    reason: str
    after: timedelta | None = None
    whole_connection: bool = False
    external_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failed:
    """Refused for good. ``reason`` says what happened and what to do; ``unreachable``: mark the client so."""

    reason: str
    unreachable: bool = False
    external_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Broken:
    """The connection itself does not work (credentials): pause it, keep the queue, tell the administrator."""

    reason: str
    external_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unknown:
    """The call ended after the request may have been taken: shown as such, never sent twice by itself."""

    reason: str
    external_ids: tuple[str, ...] = ()


Outcome = Sent | TryLater | Failed | Broken | Unknown


@dataclass(frozen=True)
class Health:
    """Result of a check of the credentials and the webhook. ``detail`` in words, with what to do when not ok."""

    ok: bool
    detail: str
    account_name: str = ""


@dataclass(frozen=True)
class Features:
    """What the channel can do: screens and automatic texts ask this instead of the kind's name."""

    max_text: int
    files: bool = True
    edits: bool = False
    deletes: bool = False
    receipts: bool = False
    buttons: bool = False
    typing_preview: bool = False
    shows_sender: bool = False


@dataclass(frozen=True)
class CredentialField:
    """One thing to paste on the set-up page. ``secret``: stored encrypted and never shown again."""

    name: str
    label: StrOrPromise
    help_text: StrOrPromise = ""
    secret: bool = False
    required: bool = True


class Connector(Protocol):
    kind: ClassVar[str]
    label: ClassVar[StrOrPromise]
    features: ClassVar[Features]
    credential_fields: ClassVar[tuple[CredentialField, ...]]
    allowed_media_hosts: ClassVar[tuple[str, ...]]

    def verify(self, request: RawRequest, account: Account) -> None:
        """Raise ``BadSignature`` unless the request is the provider's own (constant-time, over the raw bytes)."""

    def key(self, request: RawRequest) -> str:
        """The unique key of this delivery on its connection: the second delivery of the same has the same key.

        Never raises: what cannot be read has the hash of its body as key.
        """

    def parse(self, request: RawRequest, account: Account) -> list[InboundItem]:
        """Everything in the request, in order. Raises ``Unreadable``; unknown kinds are not errors."""

    def send(self, message: OutgoingMessage, account: Account) -> Outcome:
        """One attempt. Never raises for what the network or the provider does."""

    def fetch(self, media: Media, account: Account, *, max_bytes: int) -> bytes:
        """The file's bytes. Raises ``MediaUnavailable`` with a reason in words."""

    def set_up(self, account: Account) -> Health:
        """Register the webhook at the provider."""

    def tear_down(self, account: Account) -> Health:
        """Remove the webhook at the provider."""

    def check(self, account: Account) -> Health:
        """Are the credentials good and does the provider reach us?"""


@runtime_checkable
class Acknowledging(Protocol):
    """A connector whose provider waits for more than the webhook's 200 (a pressed button keeps spinning)."""

    def awaits(self, request: RawRequest) -> bool:
        """Whether this delivery waits for more. Cheap, never raises."""

    def acknowledge(self, request: RawRequest, account: Account) -> None:
        """Called once by a task after the commit of a delivery that ``awaits``. Never raises; failing loses nothing."""


class MediaUnavailable(Exception):
    """A file could not be fetched: gone, too large, from a host that is not allowed. The text says which.

    ``temporary``: it may be had later (no connection, the provider is busy).
    """

    def __init__(self, reason: str, *, temporary: bool = False) -> None:
        super().__init__(reason)
        self.temporary = temporary
