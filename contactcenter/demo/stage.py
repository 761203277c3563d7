"""Doors into the product for the history's customers, and the deeds of its operators: all of them the services'."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile

from contactcenter.demo import pictures
from contactcenter.demo.talks import Customer
from contactcenter.demo.world import World
from contactcenter.staff.models import Employee
from openlines.connectors import base
from openlines.connectors.telegram.fake import FakeTelegram
from openlines.models import Client, Connection, Dialog, Message, Offer
from openlines.services import client_messages, clients, dialogs, files, inbound, marks, queue_members
from openlines.services.dialogs import Reply

FIRST_CHAT = 770_000_000
"""Numbers of the customers' chats with the bots."""


@dataclass
class Guest:
    """A customer on one connection: ``number`` is his for ever."""

    customer: Customer
    line: str
    number: int
    on_telegram: bool
    page: str = ""


class Stage:
    def __init__(self, world: World, telegram: FakeTelegram, *, dice: Random) -> None:
        self.world = world
        self.dice = dice
        self._telegram = telegram

    # -- customers ------------------------------------------------------------------------------------------------

    def connection(self, guest: Guest) -> Connection:
        return (self.world.bots if guest.on_telegram else self.world.chats)[guest.line]

    def write(self, guest: Guest, text: str, *, at: datetime, photo: bool = False) -> int:
        """He writes; the number of the dialog it went to."""
        if guest.on_telegram:
            self._write_telegram(guest, text, at=at, photo=photo)
        else:
            self._write_chat(guest, text, at=at, photo=photo)
        client = Client.objects.get(connection=self.connection(guest), external_id=self._external_id(guest))
        return int(Dialog.objects.filter(client=client).latest("pk").pk)

    def edit(self, guest: Guest, text: str, *, at: datetime) -> None:
        """He corrects his last message (Telegram)."""
        token = self._token(guest)
        chat = self._telegram.bot(token).chats[FIRST_CHAT + guest.number]
        message = next(one for one in reversed(chat.messages) if one["from"]["id"] == chat.id)
        edited = {**message, "text": text, "date": int(at.timestamp()) - 20, "edit_date": int(at.timestamp())}
        self._deliver(guest, "edited_message", edited, at=at)

    def thumbs_up(self, guest: Guest, *, at: datetime) -> None:
        """He puts a thumb under the last answer (Telegram)."""
        bot = self._telegram.bot(self._token(guest))
        chat = bot.chats[FIRST_CHAT + guest.number]
        answer = next((one for one in reversed(chat.messages) if one["from"]["id"] == bot.id), None)
        if answer is None:
            return
        change = {"chat": chat.as_chat(), "message_id": answer["message_id"], "user": chat.as_user()}
        change |= {"date": int(at.timestamp()), "old_reaction": []}
        thumb = [{"type": "emoji", "emoji": "👍"}]
        self._deliver(guest, "message_reaction", change | {"new_reaction": thumb}, at=at)

    def block(self, guest: Guest) -> None:
        """From now on the bot cannot write to him."""
        self._telegram.bot(self._token(guest)).chats[FIRST_CHAT + guest.number].has_blocked = True

    def reads(self, guest: Guest, dialog: int, *, at: datetime) -> None:
        """His page shows all that came (live chat; Telegram's bots do not learn it)."""
        if not guest.on_telegram:
            last = Dialog.objects.values_list("last_seq", flat=True).get(pk=dialog)
            marks.receipts(dialog, up_to_seq=last, read=True, now=at)

    def _write_chat(self, guest: Guest, text: str, *, at: datetime, photo: bool) -> None:
        connection = self.connection(guest)
        language = guest.customer.language
        sender = base.Sender(
            external_id=self._external_id(guest), name=guest.customer.name, language=language
        )
        client = clients.find_or_create(connection, sender, now=at)
        Client.objects.filter(pk=client.pk).update(page_url=guest.page)
        upload = SimpleUploadedFile("IMG_2024.png", pictures.parcel(), "image/png") if photo else None
        received = base.MessageReceived(
            sender=sender,
            external_id="",
            at=at,
            kind=base.MessageKind.TEXT if text else base.MessageKind.MEDIA,
            text=text,
        )
        stored = (files.upload(upload),) if upload else ()
        client_messages.receive(client, connection, received, now=at, uuid=self._uuid(), stored=stored)

    def _write_telegram(self, guest: Guest, text: str, *, at: datetime, photo: bool) -> None:
        token, chat, customer = self._token(guest), FIRST_CHAT + guest.number, guest.customer
        found = self._telegram.customer(chat, customer.name, language=customer.language, token=token)
        found.username = customer.username
        if photo:
            picture = {"name": "photo.png", "mime": "image/png", "caption": text}
            message = self._telegram.send_file(chat, pictures.parcel(), token=token, **picture)
        else:
            message = self._telegram.write(chat, text, token=token)
        self._deliver(guest, "message", {**message, "date": int(at.timestamp())}, at=at)

    def _deliver(self, guest: Guest, kind: str, content: dict[str, Any], *, at: datetime) -> None:
        update = {"update_id": next(self._telegram.bot(self._token(guest)).update_ids), kind: content}
        headers = {"content-type": "application/json", "user-agent": "fake-telegram"}
        request = base.RawRequest(headers=headers, body=json.dumps(update).encode(), received_at=at)
        delivery = inbound.receive(self.connection(guest), request, now=at)
        if delivery.parked:
            raise RuntimeError(f"The delivery was parked: {update}")

    def _token(self, guest: Guest) -> str:
        return str(self.connection(guest).credentials["token"])

    def _external_id(self, guest: Guest) -> str:
        return str(FIRST_CHAT + guest.number) if guest.on_telegram else f"demo-visitor-{guest.number}"

    def _uuid(self) -> UUID:
        return UUID(int=self.dice.getrandbits(128), version=4)

    # -- operators ------------------------------------------------------------------------------------------------

    def dialog(self, number: int) -> Dialog:
        return Dialog.objects.select_related("operator", "line").get(pk=number)

    def accept(self, number: int, *, at: datetime, by: Employee | None = None) -> Employee:
        """Somebody to whom it is offered takes it; else somebody of the queue. ``by``: he, if it is his to take."""
        dialog = self.dialog(number)
        if dialog.operator is not None:
            return dialog.operator
        offered = list(
            Offer.objects.filter(dialog=dialog, ended_at__isnull=True).values_list("employee_id", flat=True)
        )
        ready = sorted(offered or queue_members.employee_ids(dialog.line_id))
        employee = by if by and by.pk in ready else Employee.objects.get(pk=self.dice.choice(ready))
        dialogs.accept(number, by=employee, now=at)
        dialogs.mark_seen(self.dialog(number), by=employee, now=at)
        return employee

    def offered_to(self, number: int) -> Employee | None:
        offer = (
            Offer.objects.filter(dialog_id=number, ended_at__isnull=True).select_related("employee").first()
        )
        return offer.employee if offer else None

    def reply(self, number: int, text: str, *, by: Employee, at: datetime, note: bool = False) -> Message:
        message = dialogs.reply(number, Reply(uuid=self._uuid(), text=text, is_note=note), by=by, now=at)
        dialogs.mark_seen(self.dialog(number), by=by, now=at)
        return message
