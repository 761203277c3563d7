"""What the chat's page asks for. Thin: a message is one call of a service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET

from openlines.connectors import base
from openlines.live import publish, topics
from openlines.models import Attachment, Client, Connection, Dialog, Message, Offer
from openlines.services import client_messages, files, marks, short_way
from openlines.services.errors import CommandRefused
from openlines.views_files import deliver
from openlines.widget import answers, gate, limits, presenters, reading, visitors
from openlines.widget.answers import Refused, endpoint
from openlines.widget.visitors import Visitor

TEXT_LIMIT: Final = 5000
FILES_LIMIT: Final = 10
TYPED_LIMIT: Final = 500
"""Of what is shown to the operator while it is being typed."""


@endpoint("POST", newcomers=True)
def session(request: HttpRequest, chat: Connection, visitor: Visitor, now: datetime) -> HttpResponse:
    """Who he is (a new visitor, or the one of the token) and the newest page of his conversation."""
    client = visitor.client()
    talk = reading.newest(client) if client else reading.Talk(messages=[], dialog=None)
    return JsonResponse(
        {
            "token": visitor.token,
            "ticket": _ticket(client, chat, now=now) if client else None,
            "consent": gate.shown(chat, client, language=get_language() or ""),
            **presenters.talk(talk, chat=chat),
        }
    )


@endpoint("POST")
def ticket(request: HttpRequest, chat: Connection, visitor: Visitor, now: datetime) -> HttpResponse:
    """A new ticket for the event stream; null before his first message."""
    client = visitor.client()
    return JsonResponse({"ticket": _ticket(client, chat, now=now) if client else None})


@csrf_exempt
def messages(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """GET reads, POST writes."""
    return (send if request.method == "POST" else news)(request, public_id)


@endpoint("GET")
def news(request: HttpRequest, chat: Connection, visitor: Visitor, now: datetime) -> HttpResponse:
    """``?since=cursor``: what has changed; ``?before=dialog.seq``: earlier messages; neither: the newest page."""
    client = visitor.client()
    since = reading.Mark.read(request.GET.get("since", ""))
    before = reading.Mark.read(request.GET.get("before", ""))
    if client is None:
        talk = reading.Talk(messages=[], dialog=None)
    elif before:
        talk = reading.earlier(client, before)
    elif since:
        talk = reading.news(client, since)
    else:
        talk = reading.newest(client)
    return JsonResponse({**presenters.talk(talk, chat=chat), "reset": talk.is_cut or not (since or before)})


@endpoint("POST", is_message=True)
def send(request: HttpRequest, chat: Connection, visitor: Visitor, now: datetime) -> HttpResponse:
    """A message, by JSON or as a form with files. The same ``uuid`` again gives the first message."""
    gate.guard(chat, visitor)
    draft = _draft(request)
    wait = _wait_for_bytes(request, chat, visitor)
    if wait:
        return answers.much(wait)
    stored = tuple(_upload(request))
    if not draft.text.strip() and not stored:
        raise Refused(422, "empty", _("Please write something first."))
    if not stored:
        taken = short_way.take_text(
            chat.pk,
            visitor.external_id,
            uuid=draft.uuid,
            text=draft.text,
            now=now,
            page=draft.page,
            language=draft.language,
        )
        if taken is not None:
            return _stored(taken, draft, chat=chat, now=now)
    wait = limits.seconds_to_wait_for_a_dialog(request)
    if wait and not _has_open_dialog(visitor):
        return answers.much(wait)
    sender = base.Sender(external_id=visitor.external_id, language=draft.language, page=draft.page)
    received = base.MessageReceived(
        sender=sender,
        external_id="",
        at=now,
        kind=base.MessageKind.MEDIA if stored else base.MessageKind.TEXT,
        text=draft.text,
    )
    try:
        message = client_messages.receive_from(chat, received, now=now, uuid=draft.uuid, stored=stored)
    except CommandRefused as refusal:
        raise Refused(409, refusal.code, refusal.message) from None
    client = message.dialog.client
    attachments: tuple[Attachment, ...] = stored
    if message.created_at != now:  # not this one: the first with the same uuid
        attachments = tuple(message.attachments.all())
    elif message.dialog.created_at == now:
        limits.count_a_dialog(request)
    return JsonResponse(
        {
            "message": presenters.message(message, attachments, chat=chat),
            "rev": message.rev,
            "ticket": _ticket(client, chat, now=now),
        }
    )


def _stored(taken: short_way.Taken, draft: Draft, *, chat: Connection, now: datetime) -> HttpResponse:
    message = Message(
        pk=taken.message_id,
        dialog_id=taken.dialog_id,
        seq=taken.seq,
        uuid=draft.uuid,
        author=Message.Author.CLIENT,
        text=draft.text,
        created_at=now,
    )
    return JsonResponse(
        {
            "message": presenters.message(message, (), chat=chat),
            "rev": taken.rev,
            "ticket": _ticket(Client(pk=taken.client_id), chat, now=now),
        }
    )


@endpoint("POST")
def typing(request: HttpRequest, chat: Connection, visitor: Visitor, now: datetime) -> HttpResponse:
    """A11: what he is typing goes to the operator's screen as it is; nothing is kept."""
    typed = answers.text(answers.body(request).get("text"), limit=TYPED_LIMIT)
    dialog = (
        Dialog.objects.open()
        .filter(client__connection_id=visitor.connection_id, client__external_id=visitor.external_id)
        .only("pk", "line_id", "operator_id")
        .first()
    )
    if dialog is not None:
        if typed and not chat.line.live_typing:
            typed = "…"  # that he writes, but not what
        publish.signal_many(
            (topics.employee(reader), "typing", {"dialog": dialog.pk, "text": typed})
            for reader in _readers(dialog)
        )
    return HttpResponse(status=204)


def _readers(dialog: Dialog) -> list[int]:
    """Who may see a text before it is sent: who holds the dialog, else who it is offered to. Not the whole line."""
    if dialog.operator_id:
        return [dialog.operator_id]
    offers = Offer.objects.filter(dialog=dialog, ended_at__isnull=True)
    return list(offers.values_list("employee_id", flat=True))


@endpoint("POST")
def seen(request: HttpRequest, chat: Connection, visitor: Visitor, now: datetime) -> HttpResponse:
    """His page has our messages of ``dialog`` up to ``seq``; ``read``: and he has them before his eyes."""
    content = answers.body(request)
    dialog = (
        Dialog.objects.filter(
            pk=answers.number(content.get("dialog")),
            client__connection_id=visitor.connection_id,
            client__external_id=visitor.external_id,
        )
        .values_list("pk", flat=True)
        .first()
    )
    if dialog is not None:
        up_to = answers.number(content.get("seq"))
        marks.receipts(dialog, up_to_seq=up_to, read=content.get("read") is True, now=now)
    return HttpResponse(status=204)


@require_GET
def file(request: HttpRequest, public_id: UUID, attachment: UUID) -> HttpResponseBase:
    """A file of his conversation, by the key in its address or by his token. 404 alike for lost and not his."""
    try:
        chat = answers.open_chat(public_id)
    except Refused as refusal:
        return answers.error(refusal.status, refusal.code, refusal.message)
    wanted = Attachment.objects.filter(
        public_id=attachment,
        state=Attachment.State.STORED,
        message__dialog__client__connection=chat,
        message__is_note=False,
        message__deleted_at__isnull=True,
    )
    if not visitors.file_key_is_good(attachment, request.GET.get("key", "")):
        visitor = visitors.read(request.headers.get(answers.TOKEN_HEADER, ""), chat)
        if visitor is None:
            raise Http404
        wanted = wanted.filter(message__dialog__client__external_id=visitor.external_id)
    found = wanted.first()
    if found is None:
        raise Http404
    return deliver(found, download="download" in request.GET)


# -- what was sent --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Draft:
    uuid: UUID
    text: str
    language: str
    page: str


def _draft(request: HttpRequest) -> Draft:
    try:
        is_form = (request.content_type or "").startswith("multipart/")
        content = request.POST.dict() if is_form else answers.body(request)
    except RequestDataTooBig:
        raise Refused(413, "too_long", _too_long()) from None
    except TooManyFilesSent:
        raise Refused(413, "too_many_files", _too_many()) from None
    text = answers.text(content.get("text"), limit=TEXT_LIMIT + 1)
    if len(text) > TEXT_LIMIT:
        raise Refused(413, "too_long", _too_long())
    try:
        uuid = UUID(str(content.get("uuid")))
    except ValueError:
        raise Refused(400, "unreadable", _("This request cannot be read.")) from None
    return Draft(
        uuid=uuid,
        text=text,
        language=visitors.language_tag(answers.text(content.get("language"), limit=10)),
        page=visitors.page_address(answers.text(content.get("page"), limit=visitors.PAGE_LIMIT)),
    )


def _wait_for_bytes(request: HttpRequest, chat: Connection, visitor: Visitor) -> int:
    size = sum(one.size or 0 for one in request.FILES.getlist("files"))
    if size > limits.BYTES_OF_A_MESSAGE:
        raise Refused(413, "files_too_large", answers.files_too_large())
    if not size:
        return 0
    return limits.seconds_to_wait_for_bytes(request, visitor=visitor.external_id, chat_id=chat.pk, size=size)


def _has_open_dialog(visitor: Visitor) -> bool:
    mine = Dialog.objects.open().filter(
        client__connection_id=visitor.connection_id, client__external_id=visitor.external_id
    )
    return mine.exists()


def _upload(request: HttpRequest) -> list[Attachment]:
    sent = request.FILES.getlist("files")
    if len(sent) > FILES_LIMIT:
        raise Refused(413, "too_many_files", _too_many())
    try:
        return [files.upload(one) for one in sent]
    except CommandRefused as refusal:
        raise Refused(413 if refusal.code == "too_large" else 422, refusal.code, refusal.message) from None


def _ticket(client: Client, chat: Connection, *, now: datetime) -> str:
    topic = topics.client(client.pk)
    return topics.issue_ticket(holder=topic, topics=[topic], now=now, through=[topics.connection(chat.pk)])


def _too_long() -> str:
    return _("The message is longer than %(limit)s characters. Please send it in parts.") % {
        "limit": TEXT_LIMIT
    }


def _too_many() -> str:
    return _("Please send at most %(limit)s files at a time.") % {"limit": FILES_LIMIT}
