"""What the fake is asked and how it says no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Upload:
    name: str
    mime: str
    content: bytes


@dataclass(frozen=True)
class Call:
    """``path`` without the version; ``params``: the query and the body, JSON or form."""

    method: str
    path: str
    params: Json
    uploads: Mapping[str, Upload]
    token: str
    is_json: bool = False

    @property
    def pieces(self) -> list[str]:
        return [piece for piece in self.path.split("/") if piece]


class Refusal(Exception):
    """An error of the Graph API; ``status`` is HTTP's."""

    def __init__(
        self,
        code: int,
        said: str,
        *,
        status: int = 400,
        subcode: int = 0,
        details: str = "",
        is_transient: bool = False,
    ) -> None:
        super().__init__(said)
        self.code, self.said, self.status = code, said, status
        self.subcode, self.details, self.is_transient = subcode, details, is_transient

    def body(self) -> Json:
        error: Json = {
            "message": f"(#{self.code}) {self.said}",
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": "FakeTrace",
        }
        if self.subcode:
            error["error_subcode"] = self.subcode
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.is_transient:
            error["is_transient"] = True
        return {"error": error}


@dataclass
class Subscription:
    """Where the app delivers one kind of account."""

    callback_url: str
    verify_token: str
    fields: list[str] = field(default_factory=list)
