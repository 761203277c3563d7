"""Proof that a call is Twilio's: HMAC over our public address with its query and all of the form's fields.

The address is the one we told Twilio, not the one the request seems to have behind a proxy.
"""

from __future__ import annotations

from urllib.parse import urlencode

from openlines.connectors.base import Account, BadSignature, RawRequest, Unreadable
from openlines.connectors.sms import form

HEADER = "x-twilio-signature"


def verify(request: RawRequest, account: Account) -> None:
    # Imported late: who has no SMS needs not load it.
    from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

    token = account.credentials.get("auth_token", "").strip()
    shown = request.headers.get(HEADER, "")
    if not token or not shown or not account.webhook_url:
        raise BadSignature("no signature, or nothing to check it with")
    try:
        validator = RequestValidator(token)
        content: str | form.Form
        if form.is_json(request):
            if "bodySHA256" not in request.query:
                raise BadSignature("JSON without its hash in the address")
            content = request.body.decode()
        else:
            content = form.read(request)
        genuine = validator.validate(address(request, account), content, shown)
    except (Unreadable, ValueError) as error:
        raise BadSignature("the body is not what Twilio sends") from error
    if not genuine:
        raise BadSignature("the signature is wrong")


def address(request: RawRequest, account: Account) -> str:
    """As Twilio called it: the fragment (connection overrides) stays with Twilio."""
    query = request.query_string or urlencode(request.query)
    ours = account.webhook_url.partition("#")[0].partition("?")[0]
    return f"{ours}?{query}" if query else ours
