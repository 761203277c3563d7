"""An Instagram on loopback, by either log-in: one professional account, its app and its customers."""

from __future__ import annotations

from typing import Any

from openlines.connectors.instagram.webhook import FIELDS
from openlines.connectors.meta.fake import Call, Refusal
from openlines.connectors.meta.messaging_fake import FakeMessaging
from openlines.connectors.telegram.split import octets

ACCOUNT = "17841400000000001"
PAGE = "104001002003005"
SCOPED_ID = "28978671838402975"
"""The account's other id: what "me" calls ``id``, and no delivery ever names."""


class FakeInstagram(FakeMessaging):
    """``page_id``: by Facebook's log-in, through that page. ``field_names`` then are the page's own."""

    subject = "instagram"
    text_limit = 1000
    measure = octets
    takes_uploads = False
    window_refusal = (403, 2534022)
    field_names = frozenset({*FIELDS, "comments"})

    def __init__(
        self,
        account_id: str = ACCOUNT,
        *,
        username: str = "demo.shop",
        page_id: str = "",
        is_linked: bool = True,
        **more: Any,
    ) -> None:
        super().__init__(account_id, name=username, **more)
        self.username, self.page_id, self.is_linked = username, page_id, is_linked
        self.renewals = 0

    def answer(self, call: Call) -> Any:
        if call.pieces == ["refresh_access_token"] and not self.page_id:
            return self._renewed(call)
        if self.page_id and call.pieces[:1] == [self.page_id]:
            path = "/".join(["", "me", *call.pieces[1:]])
            call = Call(call.method, path, call.params, call.uploads, call.token, is_json=call.is_json)
            if call.method == "POST" and call.pieces[1:] == ["subscribed_apps"]:
                return self._subscribe_page(call)
        return super().answer(call)

    def about(self, call: Call) -> dict[str, Any]:
        if not self.page_id:
            return {"user_id": self.account_id, "id": SCOPED_ID, "username": self.username}
        linked = {"id": self.account_id, "username": self.username}
        page = {"id": self.page_id, "name": "Demo page"}
        return page | ({"instagram_business_account": linked} if self.is_linked else {})

    def _subscribe_page(self, call: Call) -> dict[str, Any]:
        names = str(call.params.get("subscribed_fields", "")).split(",")
        if not set(names) <= {"messages", "feed", "message_reactions", "messaging_postbacks"}:
            raise Refusal(100, "Param subscribed_fields[0] must be one of {feed, messages, ...}")
        self.subscribed_fields = names
        return {"success": True}

    def _renewed(self, call: Call) -> dict[str, Any]:
        if call.params.get("grant_type") != "ig_refresh_token" or not call.params.get("access_token"):
            raise Refusal(100, "grant_type and access_token are required")
        self.renewals += 1
        fresh = f"{call.token}-{self.renewals}"
        self.tokens.add(fresh)
        return {"access_token": fresh, "token_type": "bearer", "expires_in": 5_184_000}
