"""What an administrator sets up of a live chat; kept in ``Connection.options``. Pure.

Keys: ``title``, ``colour`` ("#2459cc"), ``position`` ("right" or "left"), ``allowed_domains`` (a list of host names,
``*.`` before one for all below it; empty: any page may show the chat), ``schedule`` (weekday from "0" → intervals as
text, W7; empty: the line's hours), ``only_open`` (show it only in working hours). Whatever is wrong in there is passed over:
a chat with the usual colour is better than none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from openlines.policies import worktime

POSITIONS: Final = ("right", "left")
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_DOMAIN: Final = re.compile(r"(https?://)?(\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
DARK_TEXT: Final = "#101216"
LIGHT_TEXT: Final = "#ffffff"


@dataclass(frozen=True)
class LiveChatOptions:
    title: str = ""
    """Shown to clients; empty: the line's name."""
    colour: str = ""
    """Empty: the product's own."""
    position: str = "right"
    allowed_domains: tuple[str, ...] = ()
    schedule: tuple[tuple[worktime.Interval, ...], ...] = ()
    """W7: of each weekday, Monday first; empty: no schedule of its own."""
    only_open: bool = False

    @property
    def text_on_colour(self) -> str:
        return readable_on(self.colour) if self.colour else ""

    @property
    def frame_ancestors(self) -> str:
        """Of the Content-Security-Policy: who may show the chat in a frame."""
        return " ".join(("'self'", *self.allowed_domains)) if self.allowed_domains else "*"


def read(options: Mapping[str, Any]) -> LiveChatOptions:
    title = options.get("title")
    colour = options.get("colour")
    position = options.get("position")
    domains = options.get("allowed_domains")
    return LiveChatOptions(
        title=title.strip()[:100] if isinstance(title, str) else "",
        colour=colour if isinstance(colour, str) and is_colour(colour) else "",
        position=position if position in POSITIONS else "right",
        allowed_domains=tuple(filter(None, map(domain, domains)))
        if isinstance(domains, list | tuple)
        else (),
        schedule=schedule(options.get("schedule")),
        only_open=options.get("only_open") is True,
    )


def schedule(value: object) -> tuple[tuple[worktime.Interval, ...], ...]:
    """W7: what reads as a week; else none."""
    if not isinstance(value, Mapping) or not value:
        return ()
    try:
        return tuple(worktime.parse_intervals(str(value.get(str(day), ""))) for day in range(7))
    except worktime.BadItem:
        return ()


def working_time(week: tuple[tuple[worktime.Interval, ...], ...], *, zone: str) -> worktime.WorkingTime:
    return worktime.WorkingTime(zone=zone, week=week, days_off=frozenset(), holidays=())


def is_colour(value: str) -> bool:
    return _COLOUR.fullmatch(value) is not None


def domain(value: object) -> str:
    """As a Content-Security-Policy wants it; empty for what is no host name."""
    tidy = value.strip().lower().rstrip("/") if isinstance(value, str) else ""
    return tidy if _DOMAIN.fullmatch(tidy) else ""


def readable_on(colour: str) -> str:
    """Dark or light text, whichever stands out more from ``colour`` (WCAG contrast)."""
    light = _luminance(colour)
    on_light_text = 1.05 / (light + 0.05)
    on_dark_text = (light + 0.05) / (_luminance(DARK_TEXT) + 0.05)
    return LIGHT_TEXT if on_light_text >= on_dark_text else DARK_TEXT


def _luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
