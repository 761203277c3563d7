"""Telling Meta's app where to deliver: ``/{app-id}/subscriptions``, signed in as the app itself.

One app has one address per kind of account (page, instagram, whatsapp_business_account): it is shared by
all accounts of that kind that the app serves.
"""

from __future__ import annotations

from collections.abc import Sequence

from openlines.connectors.base import Account
from openlines.connectors.fields import Json, items, mapping, text
from openlines.connectors.meta import graph


def subscribe(
    account: Account,
    *,
    app_id: str,
    app_secret: str,
    subject: str,
    verify_token: str,
    names: Sequence[str],
) -> graph.Reply:
    """Meta asks the address by GET before it answers: our handshake must already know ``verify_token``.

    Raises ``http.NotSent`` or ``http.MaybeSent``.
    """
    return graph.call(
        account,
        "POST",
        f"{graph.segment(app_id)}/subscriptions",
        token=app_token(app_id, app_secret),
        data={
            "object": subject,
            "callback_url": account.webhook_url,
            "verify_token": verify_token,
            "fields": ",".join(names),
            "include_values": "true",
        },
    )


def unsubscribe(account: Account, *, app_id: str, app_secret: str, subject: str) -> graph.Reply:
    """Raises ``http.NotSent`` or ``http.MaybeSent``."""
    return graph.call(
        account,
        "DELETE",
        f"{graph.segment(app_id)}/subscriptions",
        token=app_token(app_id, app_secret),
        params={"object": subject},
    )


def subscribed(account: Account, *, app_id: str, app_secret: str) -> graph.Reply:
    """What the app is subscribed to now. Raises ``http.NotSent`` or ``http.MaybeSent``."""
    return graph.call(
        account, "GET", f"{graph.segment(app_id)}/subscriptions", token=app_token(app_id, app_secret)
    )


def address_in(reply: graph.Reply, subject: str) -> str:
    """The address that ``subscribed`` tells for ``subject``; empty where there is none."""
    found: list[Json] = [mapping(item) for item in items(reply.body.get("data"))]
    return next(
        (
            text(item.get("callback_url"), limit=1000)
            for item in found
            if item.get("object") == subject and item.get("active") is not False
        ),
        "",
    )


def app_token(app_id: str, app_secret: str) -> str:
    return f"{app_id.strip()}|{app_secret.strip()}"
