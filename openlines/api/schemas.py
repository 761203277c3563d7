"""Bodies of the REST interface. What they allow, ``connectors/api/parse.py`` reads."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Literal, Self

from ninja import Field, Schema
from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from openlines.connectors.api.content import MAX_ATTACHMENTS, MAX_TEXT
from openlines.connectors.api.parse import MAX_ALIASES, MAX_EMOJIS, MAX_ID


def _not_blank(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("blank", "This field is empty.")
    return value


def _base64(value: str) -> str:
    try:
        base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise PydanticCustomError("base64", "This is not base64.") from error
    return value


Id = Annotated[str, Field(max_length=MAX_ID), AfterValidator(_not_blank)]
Text = Annotated[str, Field(max_length=MAX_TEXT)]


class Body(BaseModel):
    """Not ninja's ``Schema``: that one reads the attributes of any object, and takes a text for an empty contact."""

    model_config = ConfigDict(coerce_numbers_to_str=True)


class Contact(Body):
    """Who wrote. Everything but the id may be left out; what comes is kept."""

    external_id: Id = Field(description="Your own, lasting id of this person.", examples=["user-42"])
    name: str = Field("", max_length=200)
    username: str = Field("", max_length=64)
    language: str = Field("", max_length=10, examples=["pl"])
    phone: str = Field("", max_length=40, examples=["+48600700800"])
    email: str = Field("", max_length=254)
    page: str = Field(
        "", max_length=500, description="Where the person writes from, for example a page's address."
    )
    aliases: list[Id] = Field([], max_length=MAX_ALIASES, description="Other ids of the same person.")


class File(Body):
    """A file: its address, from which it is fetched at once, or its bytes."""

    url: str = Field("", max_length=2000, description="http or https, not in a private network.")
    content_b64: Annotated[str, AfterValidator(_base64)] = Field("", description="The bytes in base64.")
    name: str = Field("", max_length=200)
    mime: str = Field("", max_length=100)
    kind: Literal["", "image", "video", "audio", "voice", "sticker", "file"] = ""

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if not self.url.strip() and not self.content_b64:
            raise PydanticCustomError("no_file", "Give url or content_b64.")
        return self


class Location(Body):
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    name: str = Field("", max_length=200)
    address: str = Field("", max_length=500)


class Card(Body):
    """Somebody's contact data that the client shares."""

    name: str = Field("", max_length=200)
    phone: str = Field("", max_length=40)


class Pressed(Body):
    """A button of ours that the client pressed: payload as it came with the button."""

    payload: str = Field(max_length=1000)
    text: str = Field("", max_length=200)


class Start(Body):
    """The client opens the conversation without a word. payload: for example what led here."""

    payload: str = Field("", max_length=1000)


class Event(Body):
    at: datetime | int | None = Field(
        None, description="When it happened: ISO 8601 or Unix seconds. Default: now."
    )


class Message(Event):
    contact: Contact
    external_id: Id = Field(description="Your own id of the message: a repeated one changes nothing.")
    text: Text = ""
    attachments: list[File] = Field([], max_length=MAX_ATTACHMENTS)
    location: Location | None = None
    card: Card | None = None
    button: Pressed | None = None
    start: Start | None = None
    reply_to: str = Field("", max_length=MAX_ID, description="The id of the message replied to.")
    quote: Text = Field("", description="The part of it that is quoted.")
    group: str = Field(
        "", max_length=100, description="Messages with the same group are shown as one (an album)."
    )
    automatic: bool = Field(False, description="Written by a machine: no automatic text answers it.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (
            self.text.strip() or self.attachments or self.location or self.card or self.button or self.start
        ):
            raise PydanticCustomError(
                "empty_message",
                "The message is empty: give text, attachments, location, card, button or start.",
            )
        return self


class Edit(Event):
    contact: Contact
    external_id: Id
    text: Text


class Deletion(Event):
    contact: Contact
    external_ids: list[Id] = Field(min_length=1, max_length=100)


class Reaction(Event):
    contact: Contact
    external_id: Id = Field(description="The message under which it stands: yours, or the id you gave ours.")
    emojis: list[Annotated[str, Field(max_length=32)]] = Field(
        max_length=MAX_EMOJIS, description="All that the client has now put there; empty: taken back."
    )


class Status(Event):
    external_id: str = Field(
        "", max_length=MAX_ID, description="The id you answered our webhook with, or its uuid."
    )
    uuid: str = Field("", max_length=64, description="The uuid that our webhook gave.")
    status: Literal["sent", "delivered", "read", "failed"]
    reason: str = Field("", max_length=500, description="For failed: what happened and what to do.")
    unreachable: bool = Field(False, description="For failed: this person cannot be written to at all.")

    @model_validator(mode="after")
    def _names_a_message(self) -> Self:
        if not self.external_id.strip() and not self.uuid.strip():
            raise PydanticCustomError("no_message", "Give external_id or uuid.")
        return self


class Reachability(Event):
    contact: Contact
    reachable: bool = Field(description="false: the person has blocked you; true: you are let in again.")


class Taken(Schema):
    """The delivery is stored. repeated: it had been here before, nothing was done again."""

    ok: bool = True
    kept: bool = Field(description="false: the connection is switched off, nothing is kept.")
    repeated: bool = False
    understood: bool = Field(True, description="false: stored, but unreadable; the administrator sees why.")


class Wrong(Schema):
    field: str = Field(examples=["contact.external_id"])
    message: str


class Refusal(Schema):
    error: str = Field(examples=["invalid"])
    message: str
    fields: list[Wrong] = []


class Connected(Schema):
    name: str
    active: bool
    paused_because: str
