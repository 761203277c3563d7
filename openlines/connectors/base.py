"""The contract of a connector: everything the product asks of a channel kind.

A connector is a folder under ``connectors/`` with one object that satisfies ``Connector``. It knows the
provider's wire format and nothing of dialogs: it turns a stored request into events, and an outgoing
message into one call with one outcome. No models, no clock, no database here: what a connector needs of
its connection comes in as a frozen ``Account``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
    query_string: str = ""
    """As it stood in the address, for signatures over the whole of it."""
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
    content: bytes | None = None
    """Where the delivery itself holds the file (a mail's part): stored with the message, never fetched."""
    content_id: str = ""
    """An inline image of a mail: what ``cid:`` addresses in its HTML name."""


class MessageKind(StrEnum):
    TEXT = "text"
    MEDIA = "media"
    LOCATION = "location"
    CONTACT = "contact"
    STICKER = "sticker"
    BUTTON = "button"
    START = "start"
    OPENED = "opened"
    """The client has only opened the chat: no client's message (§11)."""
    OPT_OUT = "opt_out"
    """A word that the channel itself obeys (STOP): no client's message (§11)."""
    OPT_IN = "opt_in"
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
    aliases: tuple[str, ...] = ()
    """Other ids of the same person on this connection (WhatsApp: his phone beside the business-scoped id).

    Whoever is known by one of them is this client; two clients that turn out to be one are joined (§11).
    """


@dataclass(frozen=True)
class MessageReceived:
    """A client's message (spec §11 "What is a client's message").

    ``group_key`` gathers an album into one message; ``data`` keeps what has no column: coordinates
    (``latitude``, ``longitude``), a contact (``name``, ``phone``), the unsupported type's name (``type``),
    a button's ``payload`` (as we sent it with ``Button.payload``), a deep link's parameter, a quoted part of the
    message replied to (``quote``), a mail's ``subject``, ``html`` (as it came, cleaned when it is shown), ``quoted``
    (the folded part of the text) and ``from`` where another address than the client's wrote it.
    """

    sender: Sender
    external_id: str
    at: datetime
    kind: MessageKind
    text: str = ""
    media: tuple[Media, ...] = ()
    reply_to: str = ""
    """The channel's id of the one message quoted or replied to."""
    refers_to: tuple[str, ...] = ()
    """E-mail: ids or tokens of messages of ours that this one goes back to, best first: they tell whose it is."""
    group_key: str = ""
    is_automatic: bool = False
    """Written by a machine (out of office, a shop's notice, a bounce): shown, but no automatic text answers it."""
    is_answer: bool = False
    """With ``is_automatic``: a machine's answer (out of office, a receipt, an opt-out word). Where it answers something
    of ours it is no client's message (§11): ``services/uncounted.py``."""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class WrittenOutside:
    """Our side wrote to ``client`` in the provider's own app (§11 "written outside").

    ``uuid``: it is the echo of this message of ours; then it makes no message, but proves that one was taken.
    """

    client: Sender
    external_id: str
    at: datetime
    kind: MessageKind = MessageKind.TEXT
    text: str = ""
    media: tuple[Media, ...] = ()
    uuid: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    must_be_shown: bool = False
    """Where there is no open dialog to show it in, the delivery is parked: it may be no echo at all (e-mail)."""
    needs_proof: bool = False
    """Anybody can write our address into From: it counts as our reply only where it answers a mail of the dialog."""
    refers_to: tuple[str, ...] = ()
    """As in ``MessageReceived``."""


@dataclass(frozen=True)
class MessageEdited:
    """``by_us``: in the provider's own app, by one of us; ``sender`` is then the client written to."""

    sender: Sender
    external_id: str
    at: datetime
    text: str
    by_us: bool = False


@dataclass(frozen=True)
class MessageDeleted:
    """``by_us``: as in ``MessageEdited``."""

    sender: Sender
    external_ids: tuple[str, ...]
    at: datetime
    by_us: bool = False


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
    """The provider tells what became of a message of ours. ``reason`` in words, for *failed*, with what to do.

    May come before our own commit of the id: kept, and applied when the id is saved. ``uuid``: ours, where the
    provider echoes it. ``unreachable``: the failure says that the client cannot be written to at all.
    """

    external_id: str
    status: DeliveryStatus
    at: datetime
    reason: str = ""
    uuid: str = ""
    unreachable: bool = False


@dataclass(frozen=True)
class StatusUpTo:
    """A watermark: everything sent to ``client`` up to ``at`` has this status (Messenger).

    ``at`` is by the provider's clock, to the millisecond. ``external_ids``: messages that it names besides; they have
    the status whatever the clocks say.
    """

    client: Sender
    status: DeliveryStatus
    at: datetime
    external_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class IdentityChanged:
    """The client has a new id on the connection: he stays the same client (WhatsApp: a changed number)."""

    previous: str
    current: Sender
    at: datetime


@dataclass(frozen=True)
class AccountNotice:
    """The provider says something about our account (a template refused, quality lowered, a bare error).

    Shown with the connection; ``is_error``: as its last error.
    """

    text: str
    at: datetime
    is_error: bool = False


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


@dataclass(frozen=True)
class Malformed:
    """One element of a delivery that cannot be read: the delivery is parked with ``reason``, its neighbours are taken."""

    reason: str


InboundItem = (
    MessageReceived
    | MessageEdited
    | MessageDeleted
    | ReactionChanged
    | StatusChanged
    | StatusUpTo
    | WrittenOutside
    | IdentityChanged
    | AccountNotice
    | ReachabilityChanged
    | NotSupported
    | Malformed
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
    url: str = ""
    """A signed public address of the file, for channels that fetch it themselves; empty where we have none."""


@dataclass(frozen=True)
class Button:
    """What the client can press. ``payload`` comes back with the answer (``MessageReceived.data["payload"]``)."""

    text: str
    payload: str


@dataclass(frozen=True)
class Template:
    """A message the provider has approved beforehand; ``parameters`` fill its placeholders in order."""

    name: str
    language: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True)
class TemplateInfo:
    """A template as the provider lists it: ``body`` with ``{{1}}``, ``{{2}}`` … for parameters."""

    name: str
    language: str
    body: str
    parameter_count: int = 0
    hints: tuple[str, ...] = ()
    """For each parameter, where the provider tells: its name; empty where it has a number only."""
    examples: tuple[str, ...] = ()
    """For each parameter, as it was shown to the provider for its approval; empty where there is none."""
    buttons: tuple[str, ...] = ()
    """What the client can press below it."""
    unusable: StrOrPromise = ""
    """Why it cannot be sent from here; empty where it can. It is listed, so that nobody looks for it in vain."""


@dataclass(frozen=True)
class Thread:
    """E-mail: what the message goes back to. ``token`` is the dialog's own and cannot be guessed."""

    subject: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    token: str = ""


@dataclass(frozen=True)
class OutgoingMessage:
    """One message to one client. ``uuid`` is ours: connectors put it where the channel echoes it back."""

    uuid: str
    recipient: str
    text: str = ""
    files: tuple[OutgoingFile, ...] = ()
    reply_to: str = ""
    buttons: tuple[Button, ...] = ()
    """Only where ``Features.buttons``."""
    template: Template | None = None
    """In the place of ``text``, where the window is over."""
    sender_name: str = ""
    """Q6: who the client sees, for channels that can show a sender (mail's From, Viber's sender). May be empty."""
    sender_photo: str = ""
    """A public address, or empty."""
    signature: str = ""
    """E-mail: the line's signature, plain text."""
    is_automatic: bool = False
    """No person wrote it: never sent as a human agent's; a mail says ``Auto-Submitted``."""
    late: bool = False
    """The channel's window is over, but a person writes within ``Features.late_window`` (HUMAN_AGENT)."""
    thread: Thread | None = None
    part: int = 0
    """How many ids the accepted calls of this message have given (long text, several files): send from here."""


@dataclass(frozen=True)
class Sent:
    """Accepted. ``external_ids``: the provider's id of each part, the first is the message's own."""

    external_ids: tuple[str, ...]
    recipient: Sender | None = field(default=None, compare=False)
    """Whom the provider says it went to, where that is another id than we asked for: the client's, too, from here."""


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
class Finding:
    """One thing that a check looked at. ``ok`` None: worth a look, but no fault. ``detail`` in words."""

    what: str
    ok: bool | None
    detail: str = ""


@dataclass(frozen=True)
class Health:
    """Result of a check of the credentials and the webhook. ``detail`` in words, with what to do when not ok.

    ``findings``: what was looked at one by one, in order, as far as the check came.
    """

    ok: bool
    detail: str
    account_name: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Features:
    """What the channel can do: screens and automatic texts ask this instead of the kind's name."""

    max_text: int
    """In the channel's own measure; the connector splits by it."""
    files: bool = True
    edits: bool = False
    """Our own messages can be edited: the connector is ``Editing``."""
    deletes: bool = False
    receipts: bool = False
    buttons: bool = False
    max_buttons: int = 0
    """How many buttons a message takes; with more, the texts ask for a typed answer."""
    typing_preview: bool = False
    shows_sender: bool = False
    """The channel shows a sender of its own: no name before the text (Q6)."""
    window: timedelta | None = None
    """How long after the client's last message we may write freely; None: always."""
    late_window: timedelta | None = None
    """How long a person (no automatic text) may still write after that (HUMAN_AGENT: 7 days)."""
    templates: bool = False
    """After the window a template can be sent: the connector is ``Templated``."""
    can_start: bool = False
    """Anybody with an address can be written to first (e-mail, SMS; WhatsApp by template)."""
    automatic_an_hour: int | None = None
    """The most automatic texts one client gets within an hour, where the other side may be a machine that does not say
    so (e-mail); None: no limit."""
    joins_texts: bool = False
    """Texts due at the same moment go as one message (e-mail, SMS)."""
    has_phone: bool = True
    """C3: clients of this channel have a phone; where not, the e-mail counts."""
    media_by_url: bool = False
    """The provider fetches our files itself: they need a signed public address."""
    per_second: float = 0
    """Calls a second that the provider allows a connection; 0: no limit known."""
    chat_pause: timedelta | None = None
    """How long what waits for one client stays behind each message that he got: the provider's limit a chat."""
    read_marks: bool = False
    """``Courteous.mark_read`` tells the client that his messages were read."""
    typing_reads: bool = False
    """``Courteous.show_typing`` marks them as read, too (WhatsApp)."""
    address: str = ""
    """What a client's address is when a dialog is started: ``email``, ``phone`` or empty."""
    repeats: bool = False
    """The receiver knows a repeated call of ``send`` by its id: one that was cut off is made again (the custom channel)."""


@dataclass(frozen=True)
class CredentialField:
    """One thing to paste on the set-up page. ``secret``: stored encrypted and never shown again."""

    name: str
    label: StrOrPromise
    help_text: StrOrPromise = ""
    secret: bool = False
    required: bool = True
    generated: bool = False
    """Made by us where nothing is entered (a webhook's secret, a verify token); ``secret`` or shown to be copied."""
    make: Callable[[], str] | None = None
    """How a generated value is made where the channel wants it in a form of its own; None: any random text."""
    choices: tuple[tuple[str, StrOrPromise], ...] = ()
    default: str = ""
    when: str = ""
    """``other=value``: asked for only where another field of the connection has this value."""
    advanced: bool = False
    """Few need it: under “Advanced” on the page."""
    leads: bool = False
    """Says where secrets are sent, or how safely: with another value they are asked for again."""


class Connector(Protocol):
    kind: ClassVar[str]
    label: ClassVar[StrOrPromise]
    features: ClassVar[Features]
    credential_fields: ClassVar[tuple[CredentialField, ...]]
    allowed_media_hosts: ClassVar[tuple[str, ...]]
    guide: ClassVar[tuple[StrOrPromise, ...]]
    """The set-up page's steps: what to create at the provider, what to paste here, what happens then."""
    registers_webhook: ClassVar[bool]
    """``set_up`` tells the provider our address; where not, a person copies it (the guide says where)."""

    def verify(self, request: RawRequest, account: Account) -> None:
        """Raise ``BadSignature`` unless the request is the provider's own (constant-time, over the raw bytes)."""

    def key(self, request: RawRequest) -> str:
        """The unique key of this delivery on its connection: the second delivery of the same has the same key.

        Never raises: what cannot be read has the hash of its body as key.
        """

    def parse(self, request: RawRequest, account: Account) -> list[InboundItem]:
        """Everything in the request, in order. Raises ``Unreadable``; unknown kinds are not errors."""

    def send(self, message: OutgoingMessage, account: Account) -> Outcome:
        """One attempt. Never raises for what the network or the provider does.

        Whatever the provider may act upon goes through ``contactcenter.lib.http`` or is announced by
        ``contactcenter.lib.calls.begin``: what dies or fails before that is known not to be sent, and is sent again.
        Between parts it says ``calls.taken``.
        """

    def fetch(self, media: Media, account: Account, *, max_bytes: int) -> bytes:
        """The file's bytes. Raises ``MediaUnavailable`` with a reason in words."""

    def set_up(self, account: Account) -> Health:
        """Register the webhook at the provider."""

    def tear_down(self, account: Account) -> Health:
        """Remove the webhook at the provider."""

    def check(self, account: Account) -> Health:
        """Are the credentials good and does the provider reach us?"""


@runtime_checkable
class Proven(Protocol):
    """What ``verify`` goes by, in words: the journey of a message tells it."""

    proof: ClassVar[StrOrPromise]


@runtime_checkable
class Acknowledging(Protocol):
    """A connector whose provider waits for more than the webhook's 200 (a pressed button keeps spinning)."""

    def awaits(self, request: RawRequest) -> bool:
        """Whether this delivery waits for more. Cheap, never raises."""

    def acknowledge(self, request: RawRequest, account: Account) -> None:
        """Called once by a task after the commit of a delivery that ``awaits``. Never raises; failing loses nothing."""


@runtime_checkable
class Handshaking(Protocol):
    """The provider asks by GET whether the address is ours (Meta)."""

    def handshake(self, query: Mapping[str, str], account: Account) -> str:
        """What to answer, as plain text. Raises ``BadSignature``."""


@runtime_checkable
class Holding(Protocol):
    """The provider keeps what it could not deliver and brings it later (Telegram: for a day)."""

    def drop_held(self, account: Account) -> Health:
        """Forget what is kept for us (L5: nothing of the off time comes in)."""


@runtime_checkable
class Shared(Protocol):
    """One webhook of the provider can carry deliveries of several accounts (Meta: one app, many pages)."""

    def account_key(self, credentials: Mapping[str, str]) -> str:
        """The provider's id of this connection's account, as deliveries name it; empty: not known."""

    def account_keys(self, request: RawRequest) -> tuple[str, ...]:
        """The accounts that the delivery has something for. Never raises. ``parse`` reads only its own account's part."""


@runtime_checkable
class Answering(Protocol):
    """The provider wants something else than our usual 200 (Twilio: TwiML; Viber: a welcome)."""

    def answer(self, request: RawRequest, account: Account) -> tuple[str, str]:
        """(content type, body) of the 200. Without credentials (switched off) it says nothing to the client. Never raises."""


@runtime_checkable
class Editing(Protocol):
    """Messages of ours can be changed or taken back; ``features`` say which of the two.

    ``external_ids``: of all its parts (texts and files), the message's own first, in the order in which they were
    sent; some may be gone. One attempt, never raises. The outcome is the change's, not the message's: ``Failed``
    leaves the message as it was. After ``TryLater`` the same is asked again, so doing it twice must do no harm (what
    is so already is ``Sent``).
    """

    def edit(self, external_ids: tuple[str, ...], message: OutgoingMessage, account: Account) -> Outcome:
        """``message.text`` is the new whole, with the name before it where the channel has that; its files are those
        sent with it; ``part`` is 0. ``Sent`` names the ids of all parts that there are now.
        """

    def delete(self, external_ids: tuple[str, ...], recipient: str, account: Account) -> Outcome:
        """At the client's, too. What is gone already is ``Sent``."""


@runtime_checkable
class Courteous(Protocol):
    """Typing and read marks; nothing is lost when they fail, so they never raise and have no outcome."""

    def show_typing(self, recipient: str, account: Account, *, last_external_id: str = "") -> None: ...

    def mark_read(self, recipient: str, external_id: str, account: Account) -> None: ...


@runtime_checkable
class Profiled(Protocol):
    """Deliveries name the client by his id alone (Meta): his name has to be asked for."""

    def profile(self, external_id: str, account: Account) -> Sender | None:
        """None where it cannot be had (now). One call, never raises."""


@runtime_checkable
class Renewing(Protocol):
    """The access expires unless it is renewed (Instagram: 60 days)."""

    renew_every: ClassVar[timedelta]

    def renew(self, account: Account) -> Mapping[str, str] | None:
        """The credentials that changed, to be stored; None: nothing to renew.

        Raises ``CredentialsRefused``, or ``MediaUnavailable`` (temporary) as ``Polling.poll``.
        """


@runtime_checkable
class Templated(Protocol):
    def templates(self, account: Account) -> list[TemplateInfo]:
        """Approved ones. Raises ``MediaUnavailable`` where they cannot be had now. No database: it runs in a thread."""


@runtime_checkable
class Addressable(Protocol):
    """Anybody with an address can be written to first (``Features.can_start``)."""

    def sender_for(self, address: str, account: Account) -> Sender:
        """Whom a person means by ``address``, under the id that his own deliveries would have.

        Raises ``ValueError``, with words for who typed it.
        """


@dataclass(frozen=True)
class Polled:
    """One thing fetched. ``cursor``: where to go on once this is committed; ``request`` None: only the cursor moves."""

    request: RawRequest | None
    cursor: Mapping[str, Any]


class CredentialsRefused(Exception):
    """The provider does not let us in: the connection is paused with this reason."""


@runtime_checkable
class Polling(Protocol):
    """Nobody delivers: we ask (IMAP). ``poll`` yields in order; each is stored and committed with its cursor."""

    poll_every: ClassVar[timedelta]

    def poll(self, account: Account, cursor: Mapping[str, Any], *, max_bytes: int) -> Iterator[Polled]:
        """Raises ``CredentialsRefused``, or ``MediaUnavailable`` (temporary) where the provider cannot be reached."""

    def skip_to_now(self, account: Account) -> Mapping[str, Any]:
        """The cursor behind everything that is there now (L5: nothing of the off time comes in). Raises as ``poll``."""


@runtime_checkable
class Reconciling(Protocol):
    """Deliveries can get lost on the way (Twilio tries few times): the provider's own list is asked now and then."""

    def missed(self, account: Account, since: datetime) -> list[RawRequest]:
        """Everything that came in since, oldest first, as deliveries of the same keys: those known change nothing.

        Needs no ``verify``. Raises ``CredentialsRefused``, or ``MediaUnavailable`` (temporary) as ``Polling.poll``.
        """


class MediaUnavailable(Exception):
    """A file could not be fetched: gone, too large, from a host that is not allowed. The text says which.

    ``temporary``: it may be had later (no connection, the provider is busy).
    """

    def __init__(self, reason: str, *, temporary: bool = False) -> None:
        super().__init__(reason)
        self.temporary = temporary
