"""What the Cloud API refuses, in its codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from openlines.connectors.meta.fake.world import Json, Refusal, Upload

TEXT, CAPTION, BUTTONS, LABEL, PAYLOAD, ECHOED = 4096, 1024, 3, 20, 256, 512
_MB = 1024 * 1024
MEDIA_LIMITS = {
    "image": 5 * _MB,
    "video": 16 * _MB,
    "audio": 16 * _MB,
    "sticker": 500 * 1024,
    "document": 100 * _MB,
}
_PICTURES = {"image/jpeg", "image/png"}
_VIDEOS = {"video/mp4", "video/3gpp"}
_SOUNDS = {"audio/aac", "audio/mp4", "audio/mpeg", "audio/amr", "audio/ogg", "audio/opus"}
_OFFICE = "application/vnd.openxmlformats-officedocument"
UPLOADED = (
    _PICTURES
    | _VIDEOS
    | _SOUNDS
    | {
        "image/webp",
        "text/plain",
        "application/pdf",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        f"{_OFFICE}.wordprocessingml.document",
        f"{_OFFICE}.spreadsheetml.sheet",
        f"{_OFFICE}.presentationml.presentation",
    }
)
_FITTING = {"image": _PICTURES, "video": _VIDEOS, "audio": _SOUNDS, "sticker": {"image/webp"}}
_RECIPIENT = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]+")


def require(condition: object, said: str, *, code: int = 100, details: str = "") -> None:
    if not condition:
        raise Refusal(code, said, details=details or said)


def upload(params: Mapping[str, Any], file: Upload | None) -> Upload:
    """The file, if it is good."""
    require(params.get("messaging_product") == "whatsapp", "The parameter messaging_product is required.")
    if file is None:
        raise Refusal(100, "The parameter file is required.")
    mime = file.mime.partition(";")[0].strip()
    require(
        mime in UPLOADED,
        f"Param file must be a file with one of the following types: … Received file of type '{mime}'.",
    )
    require(params.get("type"), "The parameter type is required.")
    require(file.content, "The file is empty.", code=131053)
    return file


def recipient(params: Mapping[str, Any]) -> str:
    """Whom the message goes to."""
    phone, scoped = params.get("to"), params.get("recipient")
    require(phone or scoped, "The parameter to is required.", code=131008)
    if phone:
        require(re.fullmatch(r"\+?[0-9]{5,20}", str(phone)), "Parameter value is not valid: to", code=131009)
        return str(phone).lstrip("+")
    require(_RECIPIENT.fullmatch(str(scoped)), "Parameter value is not valid: recipient", code=131009)
    return str(scoped)


def message(params: Mapping[str, Any], media: Mapping[str, Upload], templates: list[Json]) -> None:
    """Everything about a message but its recipient. Raises ``Refusal``."""
    require(params.get("messaging_product") == "whatsapp", "The parameter messaging_product is required.")
    require(params.get("recipient_type", "individual") == "individual", "Unexpected recipient_type")
    require(
        len(str(params.get("biz_opaque_callback_data", ""))) <= ECHOED, "biz_opaque_callback_data is too long"
    )
    kind = params.get("type", "text")
    body = params.get(str(kind))
    if not isinstance(body, dict):
        raise Refusal(131008, f"The parameter {kind} is required.")
    match kind:
        case "text":
            _length(body.get("body"), TEXT, "text.body")
        case "image" | "video" | "audio" | "sticker" | "document":
            _media(str(kind), body, media)
        case "interactive":
            _interactive(body)
        case "template":
            _template(body, templates)
        case _:
            raise Refusal(131009, f"Parameter value is not valid: type {kind}")


def _length(value: object, limit: int, name: str) -> None:
    require(isinstance(value, str) and value.strip(), f"The parameter {name} is required.", code=131008)
    units = len(str(value).encode("utf-16-le")) // 2
    require(units <= limit, f"Param {name} must be at most {limit} characters long.")


def _media(kind: str, body: Json, media: Mapping[str, Upload]) -> None:
    require(("id" in body) != ("link" in body), "Exactly one of id and link is required.")
    if "caption" in body:
        require(kind in {"image", "video", "document"}, f"Unexpected key caption on param {kind}")
        _length(body["caption"], CAPTION, "caption")
    if "filename" in body:
        require(kind == "document", f"Unexpected key filename on param {kind}")
    if "id" not in body:
        return
    file = media.get(str(body["id"]))
    if file is None:
        raise Refusal(131009, "Media object with the ID does not exist.")
    mime = file.mime.partition(";")[0].strip()
    require(mime in _FITTING.get(kind, {mime}), "Media upload error", code=131053)
    require(len(file.content) <= MEDIA_LIMITS[kind], "Media upload error", code=131053)


def _interactive(body: Json) -> None:
    require(body.get("type") == "button", "Unexpected interactive type")
    _length((body.get("body") or {}).get("text"), CAPTION, "interactive.body.text")
    buttons = (body.get("action") or {}).get("buttons") or []
    require(
        1 <= len(buttons) <= BUTTONS,
        "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3",
        code=131009,
    )
    replies = [button.get("reply") or {} for button in buttons]
    for reply in replies:
        _length(reply.get("title"), LABEL, "button title")
        _length(reply.get("id"), PAYLOAD, "button id")
    require(len({reply["title"] for reply in replies}) == len(replies), "Duplicated title", code=131009)
    require(len({reply["id"] for reply in replies}) == len(replies), "Duplicated id", code=131009)


def _template(body: Json, templates: list[Json]) -> None:
    language = (body.get("language") or {}).get("code")
    require(body.get("name") and language, "The parameter template.language is required.", code=131008)
    found = [one for one in templates if (one["name"], one["language"]) == (body["name"], language)]
    require(
        found and found[0]["status"] == "APPROVED",
        "Template name does not exist in the translation",
        code=132001,
    )
    text = next(part["text"] for part in found[0]["components"] if part["type"] == "BODY")
    wanted = list(dict.fromkeys(re.findall(r"\{\{(\w+)\}\}", text)))
    given = [
        value for part in body.get("components", []) if part["type"] == "body" for value in part["parameters"]
    ]
    require(
        len(given) == len(wanted),
        "Number of parameters does not match the expected number of params",
        code=132000,
        details=f"body: number of localizable_params ({len(given)}) does not match ({len(wanted)})",
    )
    for value in given:
        require(
            value.get("type") == "text" and value.get("text"), "Parameter format does not match", code=132012
        )
        require(
            "\n" not in value["text"] and "    " not in value["text"],
            "Parameter format does not match",
            code=132012,
        )
    if any(not name.isdecimal() for name in wanted):
        named = [value.get("parameter_name") for value in given]
        require(
            named == wanted,
            "Parameter name is missing or empty",
            code=100,
            details="Parameter name is missing or empty",
        )
