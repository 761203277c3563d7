"""A visitor's page, as far as the server sees it: it keeps the token and speaks the API."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.test import Client as Http
from django.urls import reverse

from openlines.models import Connection


class Page:
    def __init__(self, chat: Connection, *, token: str = "") -> None:
        self.chat = chat
        self.http = Http(enforce_csrf_checks=True)
        self.token = token
        self.cursor = ""

    def ask(
        self,
        name: str,
        method: str = "POST",
        *,
        query: str = "",
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> Any:
        headers = {**(headers or {}), **({"X-Chat-Token": self.token} if self.token else {})}
        address = reverse(f"widget:{name}", args=[self.chat.public_id]) + query
        return getattr(self.http, method.lower())(address, headers=headers, **options)

    def post(self, name: str, **values: Any) -> Any:
        return self.ask(name, data=values, content_type="application/json")

    def open(self) -> Any:
        answer = self.post("session").json()
        self.token, self.cursor = answer["token"], answer["cursor"]
        return answer

    def write(self, text: str = "Hello?", **values: Any) -> Any:
        return self.post("messages", **{"uuid": str(uuid4()), "text": text, **values})

    def look(self, query: str | None = None) -> Any:
        answer = self.ask("messages", "get", query=query or f"?since={self.cursor}").json()
        self.cursor = answer["cursor"] or self.cursor
        return answer


def opened(chat: Connection) -> Page:
    page = Page(chat)
    page.open()
    return page
