"""The two ways to an Instagram account: log-in with Instagram, or through the Facebook page linked to it."""

from __future__ import annotations

from openlines.connectors.base import Account
from openlines.connectors.meta import graph
from openlines.connectors.meta.messaging_send import INSTAGRAM_LIMIT, INSTAGRAM_TYPES, Channel

INSTAGRAM, FACEBOOK = "instagram", "facebook"

INSTAGRAM_HOST = "https://graph.instagram.com"

MAX_IMAGE = 8 * 1024 * 1024

PROFILE = ("name", "username")


def login(account: Account) -> str:
    return FACEBOOK if account.credentials.get("login", "").strip() == FACEBOOK else INSTAGRAM


def own_id(account: Account) -> str:
    """The Instagram account as deliveries name it."""
    return account.credentials.get("ig_id", "").strip()


def secrets(account: Account) -> tuple[str, ...]:
    """Instagram's log-in signs with a secret of its own; which one was pasted where is easily mistaken."""
    names = ("instagram_app_secret", "app_secret")
    return tuple(account.credentials.get(name, "").strip() for name in names)


def channel(account: Account) -> Channel:
    """Calls name "me": with Instagram's log-in an account has two ids, and only the token surely knows its own."""
    limit, measure = INSTAGRAM_LIMIT
    by_instagram = login(account) == INSTAGRAM
    page = "" if by_instagram else account.credentials.get("page_id", "").strip()
    return Channel(
        name="Instagram",
        node=page or "me",
        limit=limit,
        measure=measure,
        types=INSTAGRAM_TYPES,
        max_image=MAX_IMAGE,
        host=INSTAGRAM_HOST if by_instagram else graph.HOST,
        by_url=True,
        proves_secret=not by_instagram,
    )
